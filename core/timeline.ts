/**
 * One line of the platform's timeline: what changed, broke, was switched or moved, when and where. Append-only; an id is written
 * once, so whoever resumes somebody's work and tells of it again adds nothing.
 */
import type { CellId, RegionName } from './ids.ts';

export type TimelineKind =
  | 'document'
  | 'release'
  | 'mode'
  | 'failover'
  | 'automation'
  | 'drill'
  | 'fault'
  | 'alarm'
  | 'recovery';

export interface TimelineEntry {
  /** Follows from the record that it tells of (`rollout 3f2a wave 1 begun`), so that a repeat is the same line. 1–200 characters. */
  readonly id: string;
  readonly kind: TimelineKind;
  /** Wall clock of whoever wrote it, for people and for ordering by eye; no decision rests on it. */
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
  /** `sha256` digest or name of the release that it brings or shows. */
  readonly release: string | null;
  /** `modes@17`. */
  readonly document: string | null;
}

/** Where lines are written. Never throws and never delays its caller by more than its own bound: a lost line must not stop a failover. */
export interface Timeline {
  append(entry: TimelineEntry): Promise<void>;
}
