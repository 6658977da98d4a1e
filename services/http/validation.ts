/** Says what a schema refused: where, the value seen, the value allowed. The schemas carry the sentence of what is allowed. */
import type * as z from 'zod/mini';
import { invalid } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import type { Schema } from './route.ts';

/** A message names at most this many faults; the rest follow once these are mended. */
const ISSUES_MAX = 5;

/** The value as the schema has it, or `INVALID_INPUT`. */
export function validated<S extends Schema>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const sentences = parsed.error.issues.slice(0, ISSUES_MAX).map((issue) => sentence(issue, value));
  throw invalid(sentences.join(' '));
}

function sentence(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'unrecognized_keys') return `Unknown: ${shown(issue.keys)}. Leave it out.`;
  let seen = value;
  for (const key of issue.path) seen = (seen as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return `${issue.path.map(String).join('.') || 'body'}: seen ${shown(seen)}; allowed: ${issue.message}.`;
}
