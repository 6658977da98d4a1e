/** Branded names. A value of one of these types has been validated; nothing else may stand for it. */
import { invalid } from './errors.ts';

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** `c01`: lower-case letters, digits and hyphens, 1–32 characters, begins with a letter. */
export type CellId = Brand<string, 'CellId'>;
/** `us-east-1`: an AWS region name, or any name of the same form on one machine. */
export type RegionName = Brand<string, 'RegionName'>;
/** The caller's identity that selects the cell: 1–64 characters of `A–Z a–z 0–9 . _ -`, begins with a letter or digit. */
export type TenantId = Brand<string, 'TenantId'>;
/** Grows with every change of ownership; carried by a write it is the fencing token. An integer from 1. */
export type Epoch = Brand<number, 'Epoch'>;
/** The table key of one aggregate: 1–512 printable ASCII characters without space and `#` (the layout's own separator). */
export type AggregateId = Brand<string, 'AggregateId'>;

const CELL = /^[a-z][a-z0-9-]{0,31}$/;
const REGION = /^[a-z][a-z0-9-]{1,31}$/;
const TENANT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const AGGREGATE = /^[\x21\x22\x24-\x7e]{1,512}$/;

export const TENANT_ID_LENGTH_MAX = 64;

export function cellId(value: unknown): CellId {
  return matching<CellId>({
    value,
    what: 'cell id',
    pattern: CELL,
    allowed: '1–32 of a–z 0–9 -, begins with a letter',
  });
}

export function regionName(value: unknown): RegionName {
  return matching<RegionName>({
    value,
    what: 'region',
    pattern: REGION,
    allowed: '2–32 of a–z 0–9 -, begins with a letter',
  });
}

export function tenantId(value: unknown): TenantId {
  return matching<TenantId>({
    value,
    what: 'tenant',
    pattern: TENANT,
    allowed: '1–64 of A–Z a–z 0–9 . _ -, begins with a letter or digit',
  });
}

export function aggregateId(value: unknown): AggregateId {
  return matching<AggregateId>({
    value,
    what: 'aggregate id',
    pattern: AGGREGATE,
    allowed: '1–512 printable ASCII characters without space and #',
  });
}

export function epoch(value: unknown): Epoch {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value as Epoch;
  throw invalid(`Not an epoch: ${shown(value)}. Allowed: an integer from 1.`);
}

export function nextEpoch(after: number): Epoch {
  return epoch(after + 1);
}

interface Matching {
  readonly value: unknown;
  readonly what: string;
  readonly pattern: RegExp;
  readonly allowed: string;
}

function matching<T extends string>({ value, what, pattern, allowed }: Matching): T {
  if (typeof value === 'string' && pattern.test(value)) return value as T;
  throw invalid(`Not a ${what}: ${shown(value)}. Allowed: ${allowed}.`, { seen: shown(value), allowed });
}

/** A value as it may stand in a message: bounded, quoted, no control characters. */
export function shown(value: unknown): string {
  const text = asJson(value) ?? asString(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // JSON refuses cycles and BigInts; those still deserve a message.
    return undefined;
  }
}

function asString(value: unknown): string {
  try {
    return String(value);
  } catch {
    // An object without a prototype has no string of its own.
    return Object.prototype.toString.call(value);
  }
}
