/**
 * Documents that nobody may take, made from a sound one of each type, seeded: each kind breaks one promise of the pipeline
 * (size, JSON, keys, depth, schema), wherever chance puts it.
 */
import type { Json } from '../../core/json.ts';
import { type Rng, randomInt } from '../../core/rng.ts';

export interface Hostile {
  readonly kind: string;
  readonly text: string;
}

type Path = readonly (string | number)[];
type Maker = (body: Json, of: { readonly rng: Rng; readonly bytesMax: number }) => string;

const MARK = 'hostile-mark';
const pick = <T>(rng: Rng, from: readonly T[]): T => from[randomInt(rng, from.length)] as T;

/** Every place in it, the root first. */
function placesOf(value: Json, at: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  const inner = Array.isArray(value) ? value.map((each, index) => [index, each] as const) : Object.entries(value);
  return [at, ...inner.flatMap(([key, each]) => placesOf(each as Json, [...at, key]))];
}

function valueAt(value: Json, path: Path): Json {
  return path.reduce<Json>((inner, key) => (inner as Record<string | number, Json>)[key] as Json, value);
}

function withAt(value: Json, path: Path, next: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return next;
  const copy = structuredClone(value) as Record<string | number, Json>;
  copy[key] = withAt(copy[key] as Json, rest, next);
  return copy as Json;
}

/** The text with `raw` in the place of a value. */
function rawAt(body: Json, path: Path, raw: string): string {
  return JSON.stringify(withAt(body, path, MARK)).replace(JSON.stringify(MARK), () => raw);
}

const objects = (body: Json) =>
  placesOf(body).filter((path) => {
    const value = valueAt(body, path);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  });

/** A member, put into a random object. */
function withMember(body: Json, rng: Rng, member: (known: readonly string[]) => string): string {
  const path = pick(rng, objects(body));
  const inner = JSON.stringify(valueAt(body, path));
  const known = Object.keys(valueAt(body, path) as object);
  const text = member(known);
  return rawAt(body, path, inner === '{}' ? `{${text}}` : `{${text},${inner.slice(1)}`);
}

const escaped = (key: string) => `\\u${key.charCodeAt(0).toString(16).padStart(4, '0')}${key.slice(1)}`;

const MAKERS: Readonly<Record<string, Maker>> = {
  'ten times the size': (body, { rng, bytesMax }) =>
    withMember(body, rng, () => `"pad":"${'x'.repeat(bytesMax * 10)}"`),
  'blanks without end': (body, { bytesMax }) => ' '.repeat(bytesMax * 10) + JSON.stringify(body),
  deep: (body, { rng }) => {
    const depth = 33 + randomInt(rng, 3_000);
    const [open, close] = pick(rng, [['[', ']'] as const, ['{"a":', '}'] as const]);
    return rawAt(body, pick(rng, placesOf(body)), `${open.repeat(depth)}1${close.repeat(depth)}`);
  },
  'a key twice': (body, { rng }) =>
    withMember(body, rng, (known) => {
      const key = pick(rng, known);
      return `"${rng.next() < 0.5 ? key : escaped(key)}":${pick(rng, ['1', 'null', '[]', '{}'])}`;
    }),
  'a key of the prototype': (body, { rng }) =>
    withMember(body, rng, () => {
      const key = pick(rng, ['__proto__', 'constructor', 'prototype']);
      return `"${rng.next() < 0.5 ? key : escaped(key)}":{"polluted":true}`;
    }),
  'another type': (body, { rng }) => {
    const path = pick(rng, placesOf(body));
    const value = valueAt(body, path);
    const others = ['{"a":1}', 'true', '-1.5e300', '"\\u0000"', '[[]]'];
    const own = Array.isArray(value) ? '[[]]' : '';
    return rawAt(
      body,
      path,
      pick(
        rng,
        others.filter((other) => other !== own || path.length === 0),
      ),
    );
  },
  'no number': (body, { rng }) =>
    rawAt(
      body,
      pick(rng, placesOf(body)),
      pick(rng, ['NaN', 'Infinity', '-Infinity', '1e999', '-1e999', '0x10', '01']),
    ),
  'cut off': (body, { rng }) => {
    const text = JSON.stringify(body);
    return text.slice(0, randomInt(rng, text.length));
  },
  'unknown member': (body, { rng }) => withMember(body, rng, () => `"m${randomInt(rng, 1_000)}":0`),
  'a list without end': (body, { rng }) => {
    const entry = pick(rng, ['1', 'null', '{}', '"x"']);
    return rawAt(body, pick(rng, placesOf(body)), `[${`${entry},`.repeat(500 + randomInt(rng, 4_000))}${entry}]`);
  },
  noise: (_body, { rng }) =>
    `{"${String.fromCharCode(...Array.from({ length: 40 }, () => randomInt(rng, 65_536)))}":${rng.next()}}`,
};

/** Kinds in turn: every one comes up as often. */
export function hostileDocument(
  body: Json,
  of: { readonly rng: Rng; readonly bytesMax: number; readonly index: number },
): Hostile {
  const kinds = Object.entries(MAKERS);
  const [kind, make] = kinds[of.index % kinds.length] as (typeof kinds)[number];
  return { kind, text: make(body, of) };
}
