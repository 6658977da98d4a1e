/**
 * What a type's `parse` reads with: each function returns what it allows, and throws `INVALID_INPUT` with the path, the value
 * seen and what is allowed. Only own data is looked at, and a member that nobody asked for is refused, not skipped.
 */
import { invalid } from '../errors.ts';
import { shown } from '../ids.ts';
import type { IntegerRange } from '../topology-reader.ts';

/** An object with these members, and `optional` ones, and no others. */
export function readMembers(
  value: unknown,
  at: { readonly path: string; readonly required: readonly string[]; readonly optional?: readonly string[] },
): ReadonlyMap<string, unknown> {
  const known = [...at.required, ...(at.optional ?? [])];
  const allowed = `an object with ${known.join(', ')}`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(at.path, { value, allowed });
  const keys = Object.keys(value);
  const strange = keys.find((key) => !known.includes(key));
  if (strange !== undefined) throw refused(`${at.path}.${shown(strange)}`, { value: 'an unknown member', allowed });
  const missing = at.required.find((key) => !keys.includes(key));
  if (missing !== undefined) throw refused(`${at.path}.${missing}`, { value: undefined, allowed });
  return new Map(Object.entries(value));
}

export function readList(
  value: unknown,
  at: { readonly path: string; readonly lengthMax: number },
): readonly unknown[] {
  if (Array.isArray(value) && value.length <= at.lengthMax) return Array.from(value);
  const seen = Array.isArray(value) ? `a list of ${value.length}` : value;
  throw refused(at.path, { value: seen, allowed: `a list of at most ${at.lengthMax}` });
}

export function readInteger(value: unknown, at: IntegerRange & { readonly path: string }): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= at.min && value <= at.max) return value;
  throw refused(at.path, { value, allowed: `an integer from ${at.min} to ${at.max}` });
}

export function readNumber(value: unknown, at: IntegerRange & { readonly path: string }): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= at.min && value <= at.max) return value;
  throw refused(at.path, { value, allowed: `a number from ${at.min} to ${at.max}` });
}

export function readText(
  value: unknown,
  at: { readonly path: string; readonly form: RegExp; readonly allowed: string },
) {
  if (typeof value === 'string' && at.form.test(value)) return value;
  throw refused(at.path, { value, allowed: at.allowed });
}

function refused(path: string, { value, allowed }: { readonly value: unknown; readonly allowed: string }) {
  const seen = value === undefined ? 'is missing' : `is ${shown(value)}`;
  return invalid(`${path} ${seen}. Allowed: ${allowed}.`);
}
