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
import { aloneAfterMs } from '../../core/lease.ts';

/** One lost call is noise; this many in a row are a fault. */
const FAILURES_TO_SUSPECT = 2;

export type PeerState = 'ok' | 'suspect' | 'gone';

export interface PeerHealthOptions {
  readonly clock: Clock;
  readonly leaseTtlMs: number;
  /**
   * Calls that fail one after the other prove silence only while no more time than this lies between them: for a process
   * that is put to sleep and makes calls only when somebody asks it. Default: no bound, as a process whose heartbeat never rests
   * needs none.
   */
  readonly unwitnessedMsMax?: number;
}

export class PeerHealth {
  readonly #clock: Clock;
  readonly #goneAfterMs: number;
  readonly #unwitnessedMsMax: number;
  #failures = 0;
  #failingSinceMs: number | null = null;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  #answeredAtMs: number | null = null;
  #declaredGone = false;

  constructor(options: PeerHealthOptions) {
    this.#clock = options.clock;
    this.#goneAfterMs = aloneAfterMs(options.leaseTtlMs);
    this.#unwitnessedMsMax = options.unwitnessedMsMax ?? Number.POSITIVE_INFINITY;
  }

  get state(): PeerState {
    if (this.#declaredGone) return 'gone';
    if (this.#failingSinceMs === null || this.#failures < FAILURES_TO_SUSPECT) return 'ok';
    const nowMs = this.#clock.monotonicMs();
    // Nobody has asked for a while: it may have been back, and gone again together with the arbiter.
    if (nowMs - this.#failedAtMs > this.#unwitnessedMsMax) return 'suspect';
    return nowMs - this.#failingSinceMs >= this.#goneAfterMs ? 'gone' : 'suspect';
  }

  succeeded(): void {
    this.#forget();
    this.#answeredAtMs = this.#clock.monotonicMs();
  }

  /** `sentAtMs`: when the call that failed was begun. */
  failed(sentAtMs = this.#clock.monotonicMs()): void {
    if (sentAtMs - this.#failedAtMs > this.#unwitnessedMsMax) this.#failingSinceMs = null;
    this.#failedAtMs = this.#clock.monotonicMs();
    this.#failures++;
    this.#failingSinceMs ??= this.#failedAtMs;
  }

  answeredSince(sinceMs: number): boolean {
    return this.#answeredAtMs !== null && this.#answeredAtMs >= sinceMs;
  }

  /**
   * This region took the cell over because the peer's store could not be reached: no need to find out again. That says nothing
   * against an answer that came since `sinceMs`, when the lease was asked for; from an answer on the ordinary rule holds.
   */
  declareGone({ sinceMs }: { readonly sinceMs: number }): void {
    if (!this.answeredSince(sinceMs)) this.#declaredGone = true;
  }

  /** Another process of this region has had an answer since: here the ordinary rule begins anew. */
  declareBack(): void {
    if (this.#declaredGone) this.#forget();
  }

  #forget(): void {
    this.#declaredGone = false;
    this.#failures = 0;
    this.#failingSinceMs = null;
  }
}
