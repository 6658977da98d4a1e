/**
 * Watches a lease record on one own clock and says for how long it has not moved. The time counts from when an
 * observation was *received*, so that it can only err towards waiting longer.
 */
import type { Clock } from './clock.ts';
import { type Lease, sameRecord, unmovedWaitMs } from './lease.ts';

export class LeaseWatch {
  readonly #clock: Clock;
  #seen: { readonly lease: Lease; readonly sinceMs: number } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call with every record read (strongly consistent), after the answer arrived. */
  observe(lease: Lease): void {
    if (this.#seen && sameRecord(this.#seen.lease, lease)) return;
    this.#seen = { lease, sinceMs: this.#clock.monotonicMs() };
  }

  get lease(): Lease | null {
    return this.#seen?.lease ?? null;
  }

  /** Milliseconds since the record was seen to move; `null` when nothing was seen yet. */
  unmovedMs(): number | null {
    return this.#seen && this.#clock.monotonicMs() - this.#seen.sinceMs;
  }

  /** Milliseconds still to wait until the record counts as abandoned (a pinned one: never); 0 when it does; `null` when nothing was seen yet. */
  remainingMs(): number | null {
    if (!this.#seen) return null;
    return Math.max(0, unmovedWaitMs(this.#seen.lease) - (this.unmovedMs() ?? 0));
  }
}
