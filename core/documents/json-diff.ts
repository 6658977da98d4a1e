/**
 * What changed between two JSON values, for people: one line a place. Lists are compared by the `name`, `id` or `tenant` of their
 * entries where each has one of its own, else by position, so that an insertion is one line and not a hundred.
 */
import type { Json, JsonObject } from '../json.ts';
import { canonicalJson } from './canonical-json.ts';

export interface Difference {
  /** `$.features[likes].weight`. */
  readonly path: string;
  /** `undefined`: was not there. */
  readonly before: Json | undefined;
  /** `undefined`: is gone. */
  readonly after: Json | undefined;
}

export function diffJson(before: Json | undefined, after: Json | undefined, path = '$'): readonly Difference[] {
  if (before !== undefined && after !== undefined) {
    if (canonicalJson(before) === canonicalJson(after)) return [];
    const inside = entriesOf(before, after);
    if (inside) {
      const [old, now] = inside;
      const keys = [...new Set([...old.keys(), ...now.keys()])];
      const changes = keys.flatMap((key) => diffJson(old.get(key), now.get(key), path + key));
      // The same entries in another order are a change of the list as a whole.
      if (changes.length > 0) return changes;
    }
  }
  return [{ path, before, after }];
}

/** `+ $.a: 1`, `- $.b: 2`, `~ $.c: 1 → 2`; `linesMax` of them, and how many more there are. */
export function diffText(differences: readonly Difference[], linesMax: number): string {
  const lines = differences.slice(0, linesMax).map(({ path, before, after }) => {
    if (before === undefined) return `+ ${path}: ${brief(after)}`;
    if (after === undefined) return `- ${path}: ${brief(before)}`;
    return `~ ${path}: ${brief(before)} → ${brief(after)}`;
  });
  const hidden = differences.length - lines.length;
  return [...lines, ...(hidden > 0 ? [`… and ${hidden} more`] : [])].join('\n');
}

const BRIEF_MAX = 120;

function brief(value: Json | undefined): string {
  const text = value === undefined ? '' : canonicalJson(value);
  return text.length > BRIEF_MAX ? `${text.slice(0, BRIEF_MAX - 1)}…` : text;
}

type Entries = ReadonlyMap<string, Json>;

/** Both as maps from a piece of path to a value; `null`: of different kinds, or no containers. */
function entriesOf(before: Json, after: Json): readonly [Entries, Entries] | null {
  if (isList(before) && isList(after)) {
    const named = [namesOf(before), namesOf(after)] as const;
    const keyOf = named[0] && named[1] ? named : ([before.map(byIndex), after.map(byIndex)] as const);
    return [zip(keyOf[0] as readonly string[], before), zip(keyOf[1] as readonly string[], after)];
  }
  return isObject(before) && isObject(after) ? [membersOf(before), membersOf(after)] : null;
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const byIndex = (_: Json, index: number) => `[${index}]`;
const zip = (keys: readonly string[], values: readonly Json[]): Entries =>
  new Map(keys.map((key, index) => [key, values[index] ?? null]));
const membersOf = (value: JsonObject): Entries =>
  new Map(Object.entries(value).map(([key, inner]) => [`.${key}`, inner]));

/** `null`: not every entry has a name of its own. */
function namesOf(list: readonly Json[]): readonly string[] | null {
  const names = list.map((entry) => (isObject(entry) ? (entry.name ?? entry.id ?? entry.tenant) : null));
  if (!names.every((name) => typeof name === 'string') || new Set(names).size !== names.length) return null;
  return names.map((name) => `[${name}]`);
}
