/**
 * The heartbeat: tells the peer's store how far this region's commits have arrived there, keeps the belief about the
 * peer's health fresh while nobody writes, and holds the peer's fence at our epoch while we own the cell. What the two
 * regions' heartbeats say about staleness, and why it holds, stands in `staleness.ts`.
 */
import type { Clock } from '../../core/clock.ts';
import type { RegionName } from '../../core/ids.ts';
import type { Lease } from '../../core/lease.ts';
import type { Rng } from '../../core/rng.ts';
import type { CallBounds } from '../cell-store.ts';
import type { LeaseView } from '../lease/lease-view.ts';
import { raiseFence, readShards } from '../store/raise-fence.ts';
import { beatItem, HEARTBEAT, toBeat } from '../store/table-layout.ts';
import type { Table } from '../table/table.ts';
import type { JournalLook } from './journal-look.ts';
import type { PeerHealth } from './peer-health.ts';
import { Staleness } from './staleness.ts';

const BEAT_EVERY_MS = 1_000;
/** While the peer is in doubt: recovery is noticed this soon. */
const BEAT_IN_DOUBT_MS = 250;
const CALL_MS_MAX = 500;
/** Told apart from an earlier process of this region, whose beats may still be on their way. */
const BOOT_RANGE = 2 ** 32;

export interface HeartbeatOptions {
  readonly region: RegionName;
  readonly peerRegion: RegionName;
  readonly own: Table;
  readonly peer: Table;
  readonly fenceShards: number;
  readonly lease: LeaseView;
  /** The newest record of the lease that this process knows. */
  readonly record: () => Lease | null;
  readonly journal: JournalLook;
  readonly health: PeerHealth;
  readonly clock: Clock;
  readonly rng: Rng;
  /**
   * Others of this region fence the peer, too: it is looked at before it is raised, for raising again what stands costs twenty
   * times a look and meets the commits on their way there. Default: alone.
   */
  readonly amongOthers?: boolean;
}

export class Heartbeat {
  readonly #o: HeartbeatOptions;
  readonly staleness: Staleness;
  /** The highest epoch under which all shards of the peer's fence were raised for us. */
  #fencedPeerAt = 0;
  /** Since the peer fenced us at this epoch, every fenced commit of ours was judged: none is left that only we have. */
  #settledAt = 0;
  #heard: string | null = null;

  constructor(options: HeartbeatOptions) {
    this.#o = options;
    const { clock, rng } = options;
    const boot = `${Math.floor(clock.wallMs()).toString(36)}.${Math.floor(rng.next() * BOOT_RANGE).toString(36)}`;
    this.staleness = new Staleness(boot);
  }

  /** Upper bound of how far our copy of the peer's commits is behind, ms; `null`: unknown. */
  stalenessMs(): number | null {
    return this.staleness.ms(this.#o.clock.monotonicMs());
  }

  /** Age of the instant up to which all of our own commits are known to be at the peer, ms; `null`: unknown. */
  get lagMs(): number | null {
    const { clock, journal } = this.#o;
    return journal.completeToMs === null ? null : clock.monotonicMs() - journal.completeToMs;
  }

  /**
   * The same for our copy of the whole cell. Being complete is not enough: a region that was the owner may hold commits that
   * the new one never got. They count for nothing until they were judged, so until then the age is unknown.
   */
  copyStalenessMs(): number | null {
    if (this.#o.lease.standing().held) return 0;
    return this.#isInLine() ? this.stalenessMs() : null;
  }

  #isInLine(): boolean {
    const record = this.#o.record();
    const { peerFencedUs, peerKnows } = this.staleness;
    // The newest owner that either region knows is we ourselves: what we have is the line.
    if (record !== null && record.holder === this.#o.region) return peerKnows <= record.epoch;
    return peerFencedUs > 0 && this.#settledAt === peerFencedUs && (record?.epoch ?? 0) <= this.#settledAt;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.turn();
      const everyMs = this.#o.health.state === 'ok' ? BEAT_EVERY_MS : BEAT_IN_DOUBT_MS;
      await this.#o.clock.sleep(everyMs * (0.9 + 0.2 * this.#o.rng.next()), signal).catch(ended);
    }
  }

  /** Hears the peer's newest beat and sends one; whatever does not answer is noted, and nothing is thrown. */
  async turn(): Promise<void> {
    // In this order: what a beat says of the journal was looked up after the beat that it echoes had arrived.
    await this.#listen();
    await this.#beat();
  }

  async #listen(): Promise<void> {
    const { own, peerRegion, journal } = this.#o;
    try {
      const item = await own.get({ pk: HEARTBEAT, sk: peerRegion }, this.#bounds());
      const beat = toBeat(item);
      if (beat !== null) {
        this.#heard = `${beat.boot}/${beat.counter}`;
        this.staleness.heard(beat);
      }
      const fencedAt = this.staleness.peerFencedUs;
      if (await journal.look(this.#bounds())) this.#settledAt = fencedAt;
    } catch {
      // Our own store did not answer: staleness grows by itself, and the keeper has the say about the store.
    }
  }

  async #beat(): Promise<void> {
    const { region, peer, health } = this.#o;
    const item = beatItem(region, this.#compose());
    const sentAtMs = this.#o.clock.monotonicMs();
    try {
      await peer.write({ kind: 'put', item }, this.#bounds());
      await this.#fencePeer();
    } catch {
      // Whatever it was: the peer's store did not take a write in time, which is all that health is about.
      health.failed(sentAtMs);
    }
  }

  #compose() {
    const { clock, journal, record } = this.#o;
    const nowMs = clock.monotonicMs();
    const completeToMs = journal.completeToMs;
    return {
      boot: this.staleness.boot,
      counter: this.staleness.sending(nowMs),
      echo: this.#heard,
      lagMs: completeToMs === null ? null : nowMs - completeToMs,
      through: this.staleness.sentBy(completeToMs),
      fenced: this.#fencedPeerAt,
      known: record()?.epoch ?? null,
    };
  }

  /** The owner fences its peer's store as soon as it can reach it: a region that comes back can't write at its old epoch. */
  async #fencePeer(): Promise<void> {
    const { lease, peer, fenceShards, region, clock, rng } = this.#o;
    const standing = lease.standing();
    if (!standing.held || this.#fencedPeerAt === standing.epoch) return;
    const to = { epoch: standing.epoch, active: region };
    if (await this.#isPeerFenced(to)) {
      this.#fencedPeerAt = standing.epoch;
      return;
    }
    const raised = await raiseFence({ table: peer, shards: fenceShards, to, clock, rng }, this.#bounds());
    if (raised.outcome === 'raised') this.#fencedPeerAt = standing.epoch;
  }

  /** A shard never falls: every one that was seen at the target stays there. */
  async #isPeerFenced({ epoch, active }: { readonly epoch: number; readonly active: RegionName }): Promise<boolean> {
    const { amongOthers = false, peer, fenceShards } = this.#o;
    if (!amongOthers) return false;
    const fences = await readShards(peer, fenceShards, this.#bounds());
    return fences.filter((fence) => fence.epoch === epoch && fence.active === active).length === fenceShards;
  }

  #bounds(): CallBounds {
    return { deadlineAtMs: this.#o.clock.monotonicMs() + CALL_MS_MAX };
  }
}

/** A sleep cut short by the end of the process is no failure. */
const ended = () => undefined;
