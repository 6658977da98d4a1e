/**
 * What this environment knows of one cell in one region: whether it is worth asking first, and how attempts ended. It has
 * no bulkhead of its own: an environment serves one request at a time, and the cell's reserved concurrency bounds them all.
 */
import { LinkBreaker, SILENCE_MS } from '../core/link-breaker.ts';
import { MISDIRECTED } from '../core/routing.ts';
import type { CellAnswer } from './cell-answer.ts';

const THROTTLED = 429;
const DECLINED: ReadonlySet<number> = new Set([MISDIRECTED, THROTTLED]);
/** Statuses from here on are the server's own failures. */
const SERVER_ERRORS = 500;

export interface DoorCounts {
  answered: number;
  /** Of those answered: 421, 429 or 5xx, so the region refused by itself. */
  declined: number;
  /** Refused by a mode, and not among those answered: it says nothing of how the region is. */
  switchedOff: number;
  neverSent: number;
  lost: number;
  /** Given up at the deadline. */
  abandoned: number;
  /** Of those abandoned: the cell had its time and said nothing. */
  silent: number;
}

export class CellDoor {
  readonly breaker = new LinkBreaker();
  readonly counts: DoorCounts = {
    answered: 0,
    declined: 0,
    switchedOff: 0,
    neverSent: 0,
    lost: 0,
    abandoned: 0,
    silent: 0,
  };
  inFlight = 0;

  /** `tookMs`: from the beginning of the attempt. */
  note(answer: CellAnswer, at: { readonly status: number; readonly nowMs: number; readonly tookMs: number }): void {
    switch (answer.kind) {
      case 'throttled':
      case 'too-large':
      case 'answered':
        this.breaker.answered();
        if (answer.kind === 'answered' && answer.head.switchedOff) {
          this.counts.switchedOff += 1;
          return;
        }
        this.counts.answered += 1;
        if (DECLINED.has(at.status) || at.status >= SERVER_ERRORS) this.counts.declined += 1;
        return;
      case 'broken':
        this.counts.lost += 1;
        this.breaker.answered();
        this.breaker.failed(at.nowMs, 'broken');
        return;
      case 'never-sent':
        this.counts.neverSent += 1;
        this.breaker.failed(at.nowMs, 'broken');
        return;
      case 'lost':
        this.counts.lost += 1;
        this.breaker.failed(at.nowMs, 'broken');
        return;
      case 'expired':
        this.counts.abandoned += 1;
        // Shorter silence is the caller's impatience; a slow upload is the caller's too.
        if (!answer.sentWhole || at.tookMs < SILENCE_MS) return;
        this.counts.silent += 1;
        this.breaker.failed(at.nowMs, 'silent');
    }
  }
}
