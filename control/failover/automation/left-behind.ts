/**
 * Failovers whose coordinator is gone: records that are not at their end and have not moved for longer than any step may take,
 * on this process's own clock. A mistake costs nothing but the other coordinator's turn: whoever resumes moves the record first,
 * and the other one then finds that it has moved, and stops.
 */
import type { Clock } from '../../../core/clock.ts';
import type { CellId } from '../../../core/ids.ts';
import { type FailoverRecord, isTerminal } from '../failover-record.ts';

interface Seen {
  readonly id: string;
  readonly version: number;
  readonly sinceMs: number;
}

export class LeftBehind {
  readonly #clock: Clock;
  readonly #seen = new Map<CellId, Seen>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Of those that are read at a look; what is not looked at, or moves, begins anew. */
  of(records: readonly FailoverRecord[]): ReadonlyMap<CellId, FailoverRecord> {
    const running = records.filter((record) => !isTerminal(record.step));
    const cells = new Set(running.map((record) => record.decision.cell));
    for (const cell of this.#seen.keys()) if (!cells.has(cell)) this.#seen.delete(cell);
    const left = running.filter((record) => this.#unmovedMs(record) > record.stepDeadlineMs);
    return new Map(left.map((record) => [record.decision.cell, record]));
  }

  forget(): void {
    this.#seen.clear();
  }

  #unmovedMs({ id, version, decision }: FailoverRecord): number {
    const nowMs = this.#clock.monotonicMs();
    const before = this.#seen.get(decision.cell);
    if (before?.id === id && before.version === version) return nowMs - before.sinceMs;
    this.#seen.set(decision.cell, { id, version, sinceMs: nowMs });
    return 0;
  }
}
