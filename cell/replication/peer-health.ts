/**
 * What this region believes about its peer's store, from its own calls alone.
 *
 *   ok ── calls fail ──▶ suspect ── no write answered for longer than a lease ──▶ gone ── a write is answered ──▶ ok
 *
 * While the peer is suspect, `replicated` writes are refused before they are made. Only once it is *gone* may they be
 * acknowledged alone. The wait is longer than the lease on purpose: a region that is cut off from its peer *and* from the
 * arbiter has lost its lease by then, so it never acknowledges alone what the new owner will not have.
 */
import type { Clock } from '../../core/clock.ts';
import { takeoverWaitMs } from '../../core/lease.ts';

/** One lost call is noise; this many in a row are a fault. */
const FAILURES_TO_SUSPECT = 2;

export type PeerState = 'ok' | 'suspect' | 'gone';

export class PeerHealth {
  readonly #clock: Clock;
  readonly #goneAfterMs: number;
  #failures = 0;
  #failingSinceMs: number | null = null;
  #answeredAtMs: number | null = null;

  constructor(options: { clock: Clock; leaseTtlMs: number }) {
    this.#clock = options.clock;
    this.#goneAfterMs = takeoverWaitMs(options.leaseTtlMs);
  }

  get state(): PeerState {
    if (this.#failingSinceMs === null || this.#failures < FAILURES_TO_SUSPECT) return 'ok';
    return this.#clock.monotonicMs() - this.#failingSinceMs >= this.#goneAfterMs ? 'gone' : 'suspect';
  }

  succeeded(): void {
    this.#failures = 0;
    this.#failingSinceMs = null;
    this.#answeredAtMs = this.#clock.monotonicMs();
  }

  failed(): void {
    this.#failures++;
    this.#failingSinceMs ??= this.#clock.monotonicMs();
  }

  /**
   * This region took the cell over because the peer's store could not be reached: no need to find out again. That says nothing
   * against an answer that came since `sinceMs`, when the lease was asked for; from an answer on the ordinary rule holds.
   */
  declareGone({ sinceMs }: { readonly sinceMs: number }): void {
    if (this.#answeredAtMs !== null && this.#answeredAtMs >= sinceMs) return;
    this.#failures = Math.max(this.#failures, FAILURES_TO_SUSPECT);
    this.#failingSinceMs = this.#clock.monotonicMs() - this.#goneAfterMs;
  }
}
