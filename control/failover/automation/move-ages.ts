/**
 * How long ago cells were moved: from the reservations in the document and from the records of all failovers, so that a
 * restarted process and the other region keep cooldown and limit. A move that began while this process looked on is counted on
 * its own clock; only for older ones the record's wall clock must do, where a difference of two clocks shifts a guard rail by
 * as much and never a fence. A time in the future counts as now.
 */
import type { Clock } from '../../../core/clock.ts';
import type { FailoverRecord } from '../failover-record.ts';
import type { ReservedMove } from './automation-document.ts';
import type { PastMove } from './observation.ts';

interface Known {
  readonly id: string;
  readonly cell: PastMove['cell'];
  readonly from: PastMove['from'];
  readonly atMs: number;
  readonly planned: boolean;
}

export class MoveAges {
  readonly #clock: Clock;
  /** When this process first saw it; `null`: it was there before. */
  #firstSeen: ReadonlyMap<string, number | null> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Youngest first. */
  of(reserved: readonly ReservedMove[], records: readonly FailoverRecord[]): readonly PastMove[] {
    const known = distinct([...records.map(ofRecord), ...reserved.map((move) => ({ ...move, planned: false }))]);
    const before = this.#firstSeen;
    const nowMs = this.#clock.monotonicMs();
    const seenAt = (id: string) => (before === null ? null : (before.get(id) ?? (before.has(id) ? null : nowMs)));
    // Only what is still listed: bounded by what the arbiter keeps.
    this.#firstSeen = new Map(known.map(({ id }) => [id, seenAt(id)]));
    return known.map((move) => this.#aged(move)).sort((a, b) => a.ageMs - b.ageMs);
  }

  #aged({ id, cell, from, planned, atMs }: Known): PastMove {
    const seenAtMs = this.#firstSeen?.get(id) ?? null;
    const ageMs = seenAtMs === null ? Math.max(0, this.#clock.wallMs() - atMs) : this.#clock.monotonicMs() - seenAtMs;
    return { cell, from, planned, ageMs };
  }
}

function ofRecord({ id, decision }: FailoverRecord): Known {
  const { cell, from, decidedAtMs, kind } = decision;
  return { id, cell, from, atMs: decidedAtMs, planned: kind !== 'failover' };
}

/** A reservation and its record have the same id: one move. */
function distinct(moves: readonly Known[]): readonly Known[] {
  return [...new Map(moves.map((move) => [move.id, move])).values()];
}
