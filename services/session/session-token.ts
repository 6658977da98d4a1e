/**
 * The text of a session: what its holder has written and seen, as far as a region may not have it yet. Opaque to callers,
 * versioned, bounded. It is not signed: whoever forges one can only make his own reads stricter or have them refused,
 * because nothing is ever allowed on the strength of a token.
 */
import { createHash } from 'node:crypto';
import type { Revision } from '../../core/commit.ts';
import { invalid } from '../../core/errors.ts';
import { type AggregateId, shown } from '../../core/ids.ts';

export const SESSION_HEADER = 'x-session';
export const SESSION_LENGTH_MAX = 1_024;
/** The newest aggregates by name; the rest is covered by marks. */
export const ENTRIES_MAX = 20;
const REGIONS_MAX = 4;

export interface SessionEntry extends Revision {
  /** Where it was written: that region has it for certain. */
  readonly region: string;
}

export interface SessionToken {
  /** By `aggregateHash`, oldest first. */
  readonly entries: ReadonlyMap<string, SessionEntry>;
  /** Region → "all that it had committed by then", for what no entry names. */
  readonly marks: ReadonlyMap<string, string>;
}

const TEXT = /^1\.[A-Za-z0-9_-]{2,1022}$/;
const HASH = /^[A-Za-z0-9_-]{11}$/;
const REGION = /^[a-z][a-z0-9-]{1,31}$/;
const MARK = /^[a-z0-9.]{1,40}\/\d{1,15}$/;

/** 64 bits of it: two of one tenant's aggregates never meet by chance, and an id would be long and tell too much. */
export function aggregateHash(aggregate: AggregateId): string {
  return createHash('sha256').update(aggregate).digest('base64url').slice(0, 11);
}

export function encodeToken({ entries, marks }: SessionToken): string {
  const regions = [...new Set([...[...entries.values()].map(({ region }) => region), ...marks.keys()])];
  const wire = [
    regions,
    [...entries].map(([hash, { epoch, version, region }]) => [hash, epoch, version, regions.indexOf(region)]),
    [...marks].map(([region, mark]) => [regions.indexOf(region), mark]),
  ];
  return `1.${Buffer.from(JSON.stringify(wire)).toString('base64url')}`;
}

/** Throws `INVALID_INPUT` for anything that `encodeToken` would not have made. */
export function decodeToken(text: string): SessionToken {
  const token = TEXT.test(text) ? readWire(parsed(text.slice(2))) : null;
  if (token !== null) return token;
  throw invalid(
    `Not a session: ${shown(text)} in ${SESSION_HEADER}. Allowed: the value of the last answer that carried one, unchanged. Leave it out to begin anew.`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    // Not JSON, so not ours.
    return null;
  }
}

function readWire(wire: unknown): SessionToken | null {
  if (!isList(wire, 3) || !wire.every(Array.isArray)) return null;
  const [regions, entries, marks] = wire as readonly (readonly unknown[])[] as [unknown[], unknown[], unknown[]];
  if (regions.length > REGIONS_MAX || !regions.every((name) => typeof name === 'string' && REGION.test(name)))
    return null;
  if (entries.length > ENTRIES_MAX || marks.length > REGIONS_MAX) return null;
  const regionAt = (index: unknown) => regions[index as number] as string | undefined;
  const read = { entries: new Map<string, SessionEntry>(), marks: new Map<string, string>() };
  for (const entry of entries) {
    if (!isList(entry, 4)) return null;
    const [hash, epoch, version, at] = entry;
    const region = regionAt(at);
    if (typeof hash !== 'string' || !HASH.test(hash) || !isCount(epoch) || !isCount(version) || !region) return null;
    read.entries.set(hash, { epoch, version, region });
  }
  for (const pair of marks) {
    if (!isList(pair, 2)) return null;
    const [at, mark] = pair;
    const region = regionAt(at);
    if (!region || typeof mark !== 'string' || !MARK.test(mark)) return null;
    read.marks.set(region, mark);
  }
  return read;
}

function isList(value: unknown, length: number): value is readonly unknown[] {
  return Array.isArray(value) && value.length === length;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
