/**
 * The platform's timeline: what changed, broke, was switched or moved, when and where, a line each. Append-only; an id is
 * written once, so whoever resumes somebody's work and tells of it again adds nothing.
 */
import { invalid } from '../errors.ts';
import { type CellId, cellId, type RegionName, regionName, shown } from '../ids.ts';

export const TIMELINE_KINDS = [
  'document',
  'release',
  'mode',
  'failover',
  'automation',
  'freeze',
  'drill',
  'fault',
  'alarm',
  'recovery',
] as const;
export type TimelineKind = (typeof TIMELINE_KINDS)[number];

/** What the line says of its story: that it begins, has reached the scope of this line, or is over; `happens`: all in one line. */
export const PHASES = ['begins', 'reaches', 'ends', 'happens'] as const;
export type Phase = (typeof PHASES)[number];

export interface TimelineEntry {
  /** Follows from the record that it tells of (`rollout 3f2a reaches c01`), so that a repeat is the same line. 1–200 characters. */
  readonly id: string;
  /** What its lines have in common (`rollout 3f2a`, `alarm c01 us-east-1 17…`). 1–120 characters. */
  readonly story: string;
  readonly kind: TimelineKind;
  readonly phase: Phase;
  /** Wall clock of whoever wrote it first, for people and for ordering by eye; no decision rests on it. */
  readonly atMs: number;
  readonly what: string;
  readonly by: string;
  readonly why: string | null;
  readonly scope: TimelineScope;
}

/** What it reaches. An empty list means: not bound to any. */
export interface TimelineScope {
  readonly cells: readonly CellId[];
  readonly regions: readonly RegionName[];
  /** Name of the release that it brings, or under which it was seen. */
  readonly release: string | null;
  /** `modes@17`; of what fell ill all that ran there, with blanks between them. */
  readonly document: string | null;
}

export const EVERYWHERE: TimelineScope = { cells: [], regions: [], release: null, document: null };

/** Where lines are written. Never throws, and delays its caller by its own bound at most: a lost line must not stop a failover. */
export interface Timeline {
  append(entry: TimelineEntry): Promise<void>;
}

/** For whoever has nobody to tell. */
export const UNTOLD: Timeline = { append: async () => undefined };

const ID_LENGTH_MAX = 200;
const STORY_LENGTH_MAX = 120;
const TEXT_LENGTH_MAX = 1_000;
/** The largest topology; a line that names more names none. */
const SCOPE_LENGTH_MAX = 1_000;

/** Throws `INVALID_INPUT`: a timeline is read when something is wrong already, so what is in it is believed of no one. */
export function decodeEntry(value: unknown): TimelineEntry {
  const entry = members(value, 'line');
  const scope = members(entry.scope, 'scope');
  return {
    id: text(entry.id, { what: 'id', lengthMax: ID_LENGTH_MAX }),
    story: text(entry.story, { what: 'story', lengthMax: STORY_LENGTH_MAX }),
    kind: oneOf(TIMELINE_KINDS, entry.kind, 'kind'),
    phase: oneOf(PHASES, entry.phase, 'phase'),
    atMs: instant(entry.atMs),
    what: text(entry.what, { what: 'what', lengthMax: TEXT_LENGTH_MAX }),
    by: text(entry.by, { what: 'by', lengthMax: TEXT_LENGTH_MAX }),
    why: orNull(entry.why, 'why'),
    scope: {
      cells: list(scope.cells, 'cells').map(cellId),
      regions: list(scope.regions, 'regions').map(regionName),
      release: orNull(scope.release, 'release'),
      document: orNull(scope.document, 'document'),
    },
  };
}

/** Cut to what a line may hold: a reason that somebody typed must not cost the line. */
export function shortened(entry: TimelineEntry): TimelineEntry {
  const cut = (value: string, lengthMax: number) =>
    value.length > lengthMax ? `${value.slice(0, lengthMax - 1)}…` : value;
  const { id, story, what, by, why } = entry;
  return {
    ...entry,
    id: cut(id, ID_LENGTH_MAX),
    story: cut(story, STORY_LENGTH_MAX),
    what: cut(what, TEXT_LENGTH_MAX),
    by: cut(by, TEXT_LENGTH_MAX),
    why: why === null ? null : cut(why, TEXT_LENGTH_MAX),
  };
}

function members(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw malformed(what, value, 'an object');
}

function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value) && value.length <= SCOPE_LENGTH_MAX) return value;
  throw malformed(what, value, `a list of at most ${SCOPE_LENGTH_MAX}`);
}

function text(value: unknown, { what, lengthMax }: { what: string; lengthMax: number }): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= lengthMax) return value;
  throw malformed(what, value, `text of 1–${lengthMax} characters`);
}

function orNull(value: unknown, what: string): string | null {
  return value === null ? null : text(value, { what, lengthMax: TEXT_LENGTH_MAX });
}

function instant(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw malformed('atMs', value, 'milliseconds since 1970, an integer');
}

function oneOf<T extends string>(allowed: readonly T[], value: unknown, what: string): T {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw malformed(what, value, allowed.join(', '));
}

function malformed(what: string, value: unknown, allowed: string) {
  return invalid(`The timeline's ${what} is ${shown(value)}. Allowed: ${allowed}.`);
}
