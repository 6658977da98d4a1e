/**
 * What the platform says about itself, for one cell: whether its holder renews the lease, and whether its heartbeat still
 * arrives in the receiver's store. Both are counted on our own clock from when we *saw* them move, so no two clocks are
 * compared. Independent of the routers: nothing here comes from a request.
 *
 *   renewed ──detectAfterMs──▶ late: bad only if the heartbeat is silent too (slow is not dead) ──1.1 TTL──▶ run out: bad
 */
import type { Clock } from '../../../core/clock.ts';
import { type Lease, PINNED_TTL_MS, takeoverWaitMs } from '../../../core/lease.ts';
import { LeaseWatch } from '../../../core/lease-watch.ts';
import type { Signal } from './verdict.ts';

/** Leases are read five times a second; when they were not for this long, it is we who do not see. */
export const LEASE_FRESH_MS = 1_000;

export class InsideWatch {
  readonly #clock: Clock;
  /** Also saves the coordinator its share of the wait. */
  readonly watch: LeaseWatch;
  #readAtMs: number | null = null;
  #beat: { readonly seen: string | null; readonly sinceMs: number; readonly readAtMs: number } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.watch = new LeaseWatch(clock);
  }

  get lease(): Lease | null {
    return this.watch.lease;
  }

  sawLease(lease: Lease): void {
    this.watch.observe(lease);
    this.#readAtMs = this.#clock.monotonicMs();
  }

  /** The newest heartbeat that the receiver's store holds, `null` when it holds none. */
  sawBeat(seen: string | null): void {
    const readAtMs = this.#clock.monotonicMs();
    const moved = this.#beat === null || this.#beat.seen !== seen;
    this.#beat = { seen, sinceMs: moved ? readAtMs : (this.#beat?.sinceMs ?? readAtMs), readAtMs };
  }

  /** Nobody looks at the heartbeat while all is well; what was seen then proves no silence. */
  forgetBeat(): void {
    this.#beat = null;
  }

  /** Slow or dead: more than the signal needs to call it bad, and enough to doubt one's own view. */
  isLate(detectAfterMs: number): boolean {
    if (this.lease?.ttlMs === PINNED_TTL_MS) return false;
    return this.lease?.state === 'held' && (this.watch.unmovedMs() ?? 0) >= detectAfterMs;
  }

  signal(detectAfterMs: number): Signal {
    const { lease } = this;
    if (lease === null || this.#readAtMs === null) return unknown('its lease was never read');
    if (this.#clock.monotonicMs() - this.#readAtMs > LEASE_FRESH_MS) return unknown('the arbiter does not answer here');
    if (lease.state !== 'held') return unknown('its lease is changing hands');
    if (lease.ttlMs === PINNED_TTL_MS) return unknown('its lease is pinned: silence is no sign, and no wait a proof');
    const unmovedMs = this.watch.unmovedMs() ?? 0;
    const late = `${lease.holder} has not renewed the lease for ${Math.round(unmovedMs)} ms`;
    if (unmovedMs < detectAfterMs) return { says: 'good', because: 'its lease is renewed' };
    if (unmovedMs >= takeoverWaitMs(lease.ttlMs)) return { says: 'bad', because: `${late}: it has run out` };
    const silentMs = this.#silentMs();
    if (silentMs === null) return unknown(`${late}; its heartbeat can't be read`);
    if (silentMs < detectAfterMs)
      return unknown(`${late}, but its heartbeat came ${Math.round(silentMs)} ms ago: slow`);
    return { says: 'bad', because: `${late} and its heartbeat is silent for ${Math.round(silentMs)} ms` };
  }

  #silentMs(): number | null {
    const nowMs = this.#clock.monotonicMs();
    if (this.#beat === null || nowMs - this.#beat.readAtMs > LEASE_FRESH_MS) return null;
    return nowMs - this.#beat.sinceMs;
  }
}

const unknown = (because: string): Signal => ({ says: 'unknown', because });
