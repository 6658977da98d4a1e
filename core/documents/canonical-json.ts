/**
 * The one text of a JSON value: keys in code-unit order, no blanks. So two documents that say the same have the same
 * checksum, whoever wrote them, and a diff shows what changed and not how it was typed.
 */
import { invalid } from '../errors.ts';
import { fnv1a32 } from '../hash.ts';
import { shown } from '../ids.ts';
import type { JsonObject } from '../json.ts';

/** Of a value as deep as a document may be (`DEPTH_MAX`). Throws `INVALID_INPUT` for what JSON can't carry, as NaN. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) return `{${members(value as JsonObject).join(',')}}`;
  const text = typeof value === 'number' && !Number.isFinite(value) ? undefined : JSON.stringify(value);
  if (text !== undefined) return text;
  throw invalid(
    `${shown(value)} has no place in JSON. Allowed: null, true, false, finite numbers, text, lists, objects.`,
  );
}

/** 64 bits that tell damage and different content; no signature: who may write to the arbiter can make one, too. */
export function checksumOf(text: string): string {
  return hex(fnv1a32(text)) + hex(fnv1a32(`${text.length}:${text}`));
}

const hex = (hash: number) => hash.toString(16).padStart(8, '0');

/** A member that is `undefined` is absent, as in JSON. */
function members(value: JsonObject): readonly string[] {
  return Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
}
