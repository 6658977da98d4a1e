/**
 * Waiting for a cell that is on its way from one region to the other. While it is, both regions answer and both refuse, without
 * effect: for a planned move that is a tenth of a second, and a caller that waits it out sees nothing of it.
 *
 * Obstacle: if all that wait ask again, the cell gets many times its load at the worst moment. Rule: one request of those that
 * wait asks, in growing pauses; the first answer of the owner lets all the others go. Invariants: only what had no effect is
 * asked again; the last refusal reaches the caller before its deadline; and a cell that does not arrive is soon not waited for.
 */
import type { Clock } from '../../core/clock.ts';
import { invariant } from '../../core/errors.ts';
import type { CellId } from '../../core/ids.ts';

/** Before each try. Short at first, for a move takes about that; then rarely, for a machine with nothing to spare. 1.7 s in all. */
export const MOTION_PAUSES_MS: readonly number[] = [15, 30, 60, 120, 240, 400, 400, 400];
/** A cell that has refused for longer than this is not moving but away. Every request is then told so at once. */
export const MOTION_MS_MAX = 3_000;
/** Those that only wait do so for no longer than the tries take. */
const FOLLOW_MS_MAX = 1_700;
/** A try that has not come back after this is none: the next one that is refused takes its place. */
const TRY_MS_MAX = 250;
/** Refusals further apart than this belong to two motions. */
const APART_MS = 5_000;
/** What it takes to ask once more and to pass the answer on. */
const ANSWER_MARGIN_MS = 100;
/** As many as there may be in flight to one region of it: more would meet a full bulkhead when the cell has arrived. */
const WAITING_MAX = 256;

/** A request that was refused and may wait. */
export interface Refused {
  /** Its earlier wait, if there was one. */
  readonly before: Wait | null;
  readonly remainingMs: number;
  /** Called once, later, when it shall be sent again. */
  readonly go: () => void;
}

export interface Wait {
  /** How often the request has waited, this time included. */
  readonly rounds: number;
  /** It is the one that asks while the others wait. */
  readonly tries: boolean;
  /** It is not to be sent again: the caller has gone. */
  end(): void;
}

/** One for each cell of the topology; asking for another is a bug. */
export function motions(cells: readonly CellId[], clock: Clock): (cell: CellId) => CellMotion {
  const byCell = new Map(cells.map((cell) => [cell, new CellMotion(clock)]));
  return (cell) => {
    const motion = byCell.get(cell);
    invariant(motion !== undefined, `the topology names ${cell}`);
    return motion;
  };
}

/** Of one cell, shared by all requests of a router. */
export class CellMotion {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #sinceMs: number | null = null;
  #lastMs = 0;
  #nextTryAtMs = 0;
  #tried = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `null`: the caller gets the refusal. */
  wait({ before, remainingMs, go }: Refused): Wait | null {
    const nowMs = this.#clock.monotonicMs();
    if (this.#sinceMs === null || nowMs - this.#lastMs > APART_MS) this.#begin(nowMs);
    this.#lastMs = nowMs;
    const rounds = (before?.rounds ?? 0) + 1;
    const pauseMs = MOTION_PAUSES_MS[Math.min(this.#tried, MOTION_PAUSES_MS.length - 1)] ?? 0;
    const isLate = nowMs - (this.#sinceMs ?? nowMs) > MOTION_MS_MAX || rounds > MOTION_PAUSES_MS.length;
    if (isLate || pauseMs + ANSWER_MARGIN_MS > remainingMs || this.#waiting.size >= WAITING_MAX) return null;
    const tries = before?.tries === true || nowMs >= this.#nextTryAtMs;
    if (tries) {
      this.#tried += 1;
      this.#nextTryAtMs = nowMs + pauseMs + TRY_MS_MAX;
    }
    const forMs = tries ? pauseMs : Math.min(FOLLOW_MS_MAX, remainingMs - ANSWER_MARGIN_MS);
    return { rounds, tries, end: this.#add(go, forMs) };
  }

  /** Its owner answered: wherever it went, it has arrived. */
  arrived(): void {
    if (this.#sinceMs === null) return;
    this.#sinceMs = null;
    for (const go of [...this.#waiting]) go();
  }

  #begin(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#tried = 0;
    this.#nextTryAtMs = nowMs;
  }

  /** Returns what ends the wait without a go. */
  #add(go: () => void, forMs: number): () => void {
    const over = new AbortController();
    const end = () => {
      this.#waiting.delete(goOnce);
      over.abort();
    };
    const goOnce = () => {
      end();
      go();
    };
    this.#waiting.add(goOnce);
    this.#clock.sleep(forMs, over.signal).then(goOnce, () => undefined);
    return end;
  }
}
