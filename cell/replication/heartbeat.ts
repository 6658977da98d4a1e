/**
 * The heartbeat: tells the peer's store how far this region's commits have arrived there, keeps the belief about the
 * peer's health fresh while nobody writes, and holds the peer's fence at our epoch while we own the cell. It bounds
 * staleness without comparing clocks: the reader counts on its own clock since it last saw an *older* heartbeat.
 */
import type { Clock } from '../../core/clock.ts';
import type { Epoch, RegionName } from '../../core/ids.ts';
import type { Rng } from '../../core/rng.ts';
import type { CallBounds } from '../cell-store.ts';
import type { LeaseView } from '../lease/lease-view.ts';
import { raiseFence } from '../store/raise-fence.ts';
import { HEARTBEAT } from '../store/table-layout.ts';
import type { Table } from '../table/table.ts';
import type { PeerHealth } from './peer-health.ts';

const BEAT_EVERY_MS = 1_000;
/** While the peer is in doubt: recovery is noticed this soon. */
const BEAT_IN_DOUBT_MS = 250;
const CALL_MS_MAX = 500;

export interface HeartbeatOptions {
  readonly region: RegionName;
  readonly peerRegion: RegionName;
  readonly own: Table;
  readonly peer: Table;
  readonly fenceShards: number;
  readonly lease: LeaseView;
  readonly health: PeerHealth;
  readonly lagMs: () => number;
  readonly clock: Clock;
  readonly rng: Rng;
}

export class Heartbeat {
  readonly #o: HeartbeatOptions;
  #counter = 0;
  #peerFencedAt: Epoch | null = null;
  #seen: { readonly beat: string; readonly lagMs: number; readonly readAtMs: number } | null = null;
  /** When this process last read a heartbeat older than the newest one: the newest was sent after that. */
  #newestSentAfterMs: number | null = null;

  constructor(options: HeartbeatOptions) {
    this.#o = options;
  }

  /** Upper bound of how far our copy of the peer's commits is behind, ms; `null` until two heartbeats were seen. */
  stalenessMs(): number | null {
    if (this.#newestSentAfterMs === null || this.#seen === null) return null;
    return this.#o.clock.monotonicMs() - this.#newestSentAfterMs + this.#seen.lagMs;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#beat();
      await this.#readPeersBeat();
      const everyMs = this.#o.health.state === 'ok' ? BEAT_EVERY_MS : BEAT_IN_DOUBT_MS;
      await this.#o.clock.sleep(everyMs * (0.9 + 0.2 * this.#o.rng.next()), signal).catch(ended);
    }
  }

  async #beat(): Promise<void> {
    const { region, peer, health, lagMs, clock } = this.#o;
    const item = { pk: HEARTBEAT, sk: region, counter: ++this.#counter, startedAt: clock.wallMs(), lagMs: lagMs() };
    try {
      await peer.write({ kind: 'put', item }, this.#bounds());
      health.succeeded();
      await this.#fencePeer();
    } catch {
      // Whatever it was: the peer's store did not take a write in time, which is all that health is about.
      health.failed();
    }
  }

  /** The owner fences its peer's store as soon as it can reach it: a region that comes back can't write at its old epoch. */
  async #fencePeer(): Promise<void> {
    const { lease, peer, fenceShards, region, clock, rng } = this.#o;
    const standing = lease.standing();
    if (!standing.held || this.#peerFencedAt === standing.epoch) return;
    const to = { epoch: standing.epoch, active: region };
    const raised = await raiseFence({ table: peer, shards: fenceShards, to, clock, rng }, this.#bounds());
    if (raised.outcome === 'raised') this.#peerFencedAt = standing.epoch;
  }

  async #readPeersBeat(): Promise<void> {
    const readAtMs = this.#o.clock.monotonicMs();
    try {
      const item = await this.#o.own.get({ pk: HEARTBEAT, sk: this.#o.peerRegion }, this.#bounds());
      if (!item) return;
      const beat = `${item.startedAt}/${item.counter}`;
      if (this.#seen && this.#seen.beat !== beat) this.#newestSentAfterMs = this.#seen.readAtMs;
      if (this.#seen?.beat === beat) this.#seen = { ...this.#seen, readAtMs };
      else this.#seen = { beat, lagMs: Number(item.lagMs), readAtMs };
    } catch {
      // Our own store did not answer: staleness grows by itself, and the keeper has the say about the store.
    }
  }

  #bounds(): CallBounds {
    return { deadlineAtMs: this.#o.clock.monotonicMs() + CALL_MS_MAX };
  }
}

/** A sleep cut short by the end of the process is no failure. */
const ended = () => undefined;
