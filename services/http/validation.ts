/** Says what a schema refused: where, the value seen, the value allowed. The schemas carry the sentence of what is allowed. */
import { invalid } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  readonly code?: string;
  readonly keys?: readonly string[];
}

type Outcome =
  | { readonly success: true }
  | { readonly success: false; readonly error: readonly Issue[]; readonly data: unknown };

/** A message names at most this many faults; the rest follow once these are mended. */
const ISSUES_MAX = 5;

export function refuseInvalid(outcome: Outcome): undefined {
  if (outcome.success) return;
  const sentences = outcome.error.slice(0, ISSUES_MAX).map((issue) => sentence(issue, outcome.data));
  throw invalid(sentences.join(' '));
}

function sentence(issue: Issue, data: unknown): string {
  const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
  if (issue.code === 'unrecognized_keys') return `Unknown: ${shown(issue.keys)}. Leave it out.`;
  let seen = data;
  for (const key of path) seen = (seen as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return `${path.length > 0 ? path.map(String).join('.') : 'body'}: seen ${shown(seen)}; allowed: ${issue.message}.`;
}
