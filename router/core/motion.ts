/**
 * Waiting for a cell that is on its way from one region to the other. While it is, both regions answer and both refuse, without
 * effect: for a planned move that is a tenth of a second, and a caller that waits it out sees nothing of it. Invariants: only what
 * had no effect is asked again; the last refusal reaches the caller before its deadline; and a cell that does not arrive is not
 * waited for any longer, so that an outage is not made worse by requests that go round.
 */
import { invariant } from '../../core/errors.ts';
import type { CellId } from '../../core/ids.ts';

/** Short at first, for a move takes about that; then rarely, for a machine with nothing to spare. 865 ms in all. */
export const MOTION_PAUSES_MS: readonly number[] = [15, 30, 60, 120, 240, 400];
/** A cell that has refused for longer than this is not moving but away. Every request is then told so at once. */
export const MOTION_MS_MAX = 2_000;
/** Refusals further apart than this belong to two motions. */
const APART_MS = 5_000;
/** What it takes to ask once more and to pass the answer on. */
const ANSWER_MARGIN_MS = 100;
/** As many as there may be in flight to one region of it: more would meet a full bulkhead when the cell has arrived. */
const WAITING_MAX = 256;

/** One for each cell of the topology; asking for another is a bug. */
export function motions(cells: readonly CellId[]): (cell: CellId) => CellMotion {
  const byCell = new Map(cells.map((cell) => [cell, new CellMotion()]));
  return (cell) => {
    const motion = byCell.get(cell);
    invariant(motion !== undefined, `the topology names ${cell}`);
    return motion;
  };
}

/** Of one cell, shared by all requests of a router. */
export class CellMotion {
  #sinceMs: number | null = null;
  #lastMs = 0;
  #waiting = 0;

  /** How long to wait before it is asked again; `null`: the caller gets the refusal. Every pause is followed by `resume`. */
  pause(refused: { readonly round: number; readonly remainingMs: number; readonly nowMs: number }): number | null {
    const { round, remainingMs, nowMs } = refused;
    if (this.#sinceMs === null || nowMs - this.#lastMs > APART_MS) this.#sinceMs = nowMs;
    this.#lastMs = nowMs;
    const pauseMs = MOTION_PAUSES_MS[round];
    if (pauseMs === undefined || pauseMs + ANSWER_MARGIN_MS > remainingMs) return null;
    if (nowMs - this.#sinceMs > MOTION_MS_MAX || this.#waiting >= WAITING_MAX) return null;
    this.#waiting += 1;
    return pauseMs;
  }

  resume(): void {
    this.#waiting -= 1;
  }

  /** Its owner answered: wherever it went, it has arrived. */
  arrived(): void {
    this.#sinceMs = null;
  }
}
