/**
 * Keeps (or wants) the lease of one cell for one region. One `step` reads the record and does the one thing that the
 * lease's rules allow; `run` repeats it. Invariant: `standing()` says held only between the sending of a successful
 * renewal and 0.9 TTL after it, on this process's clock, and only after every shard of the own fence stands at the epoch.
 *
 *   nobody's, home region ──grant──▶ opening ──all shards raised──▶ active ──renewals end or refused──▶ standby
 *   released to us ─────────take──▶    │                              │
 *   ours on record ────────renew──▶    └── own store fenced above us ─┴──▶ blocked ──abandoned──▶ regrant
 */
import type { Clock } from '../../core/clock.ts';
import { Doorbell } from '../../core/doorbell.ts';
import { fenceShardOf } from '../../core/fence.ts';
import type { AggregateId, CellId, Epoch, RegionName } from '../../core/ids.ts';
import {
  firstGrant,
  type HeldLease,
  holderValidityMs,
  type Lease,
  renewed,
  taken,
  takeRight,
} from '../../core/lease.ts';
import { LeaseWatch } from '../../core/lease-watch.ts';
import type { Rng } from '../../core/rng.ts';
import type { CallBounds } from '../cell-store.ts';
import { raiseFence, readShards } from '../store/raise-fence.ts';
import type { Table } from '../table/table.ts';
import { Abandonment } from './abandonment.ts';
import type { LeaseArbiter } from './lease-arbiter.ts';
import type { LeaseStanding, LeaseView } from './lease-view.ts';
import { probeOwnStore } from './own-store-probe.ts';

/** After a renewal lost against another process of this region it is repeated at once, this often. */
const RENEW_ROUNDS_MAX = 3;
/** A standby looks this much less often than a holder renews: whoever releases a lease to it rings its doorbell. */
const STANDBY_RATIO = 2;
/** A call may take one interval of the renewals, and no longer than this where those are minutes apart. */
const CALL_MS_MAX = 1_000;

export interface LeaseKeeperOptions {
  readonly cell: CellId;
  readonly region: RegionName;
  /** The region that grants itself the first lease of a cell that never had one. */
  readonly home: RegionName;
  readonly ttlMs: number;
  readonly renewEveryMs: number;
  readonly fenceShards: number;
  readonly own: Table;
  readonly arbiter: LeaseArbiter;
  readonly arbiterTable: Table;
  readonly clock: Clock;
  readonly rng: Rng;
  /**
   * This region begins to admit writes under `epoch`, by a lease that was asked for at `sentAtMs`. `peerReachable`: the old
   * region's store answered the takeover.
   */
  readonly onOpen: (opening: { epoch: Epoch; peerReachable: boolean; sentAtMs: number }) => void;
  /** Whether the peer's store has answered a write of this process at `sinceMs` or later. */
  readonly peerAnswered: (sinceMs: number) => boolean;
  /** Another process of this region has had an answer from the store that this region took over from. */
  readonly onPeerBack: () => void;
  /**
   * Others of this region renew, too, so what this process has seen of the record is mostly old: it reads before it renews,
   * because a renewal that is refused costs as much as one that is not. Default: alone, so the renewal itself is the look.
   */
  readonly amongOthers?: boolean;
}

interface Held {
  readonly lease: HeldLease;
  /** When what proves the lease was sent, for the first time in this epoch and for the last. */
  readonly sinceMs: number;
  readonly sentAtMs: number;
  readonly validUntilMs: number;
  readonly open: boolean;
  /** What it means while it is open and valid: asked for at every turn, so it is kept. */
  readonly standing: LeaseStanding;
}

export class LeaseKeeper implements LeaseView {
  readonly #o: LeaseKeeperOptions;
  readonly #watch: LeaseWatch;
  readonly #abandonment: Abandonment;
  #held: Held | null = null;
  #known: Lease | null = null;
  #blockedByEpoch: number | null = null;
  /** The epoch for which all shards of the own fence were seen standing. A shard never falls. */
  #raisedAt = 0;
  #probes = 0;
  readonly #doorbell = new Doorbell();
  #rung = false;

  constructor(options: LeaseKeeperOptions) {
    this.#o = options;
    this.#watch = new LeaseWatch(options.clock);
    this.#abandonment = new Abandonment({ arbiter: options.arbiterTable, clock: options.clock });
  }

  standing(): LeaseStanding {
    const held = this.#held;
    if (held?.open && this.#o.clock.monotonicMs() < held.validUntilMs) return held.standing;
    const known = this.#known;
    // Our own lapsed lease is no hint for a router: it would send the request straight back.
    const owner = known?.state === 'held' && known.holder !== this.#o.region ? known.holder : null;
    return { held: false, owner, epoch: owner === null ? null : (known?.epoch ?? null) };
  }

  /** The newest record of the lease that this process has seen; it only moves on. */
  get record(): Lease | null {
    return this.#known;
  }

  /** When the newest renewal that counts for this process was sent, on its clock; `null`: it holds nothing. */
  get renewedAtMs(): number | null {
    return this.standing().held ? (this.#held?.sentAtMs ?? null) : null;
  }

  /** For status pages. */
  get status() {
    const { lease, validUntilMs } = this.#held ?? { lease: null, validUntilMs: 0 };
    return {
      standing: this.standing(),
      record: this.#known,
      validForMs: lease ? Math.max(0, validUntilMs - this.#o.clock.monotonicMs()) : 0,
      fencedAbove: this.#blockedByEpoch,
    };
  }

  /** The doorbell: look at the record now. */
  ring(): void {
    this.#rung = true;
    this.#doorbell.ring();
  }

  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.ring(), { once: true });
    while (!signal.aborted) {
      this.#rung = false;
      await this.step().catch(unreachable);
      if (!this.#rung) await this.#rest();
    }
  }

  /** One look at the record, one action. Throws what arbiter and store throw; nothing is lost by that, time goes on. */
  async step(): Promise<void> {
    const { arbiter, cell, region, amongOthers = false } = this.#o;
    // While we hold it the renewal itself is the look: it is conditional on the record, and a lost one brings the other.
    if (!amongOthers && this.#held && this.standing().held) return this.#keep(this.#held.lease);
    const lease = await arbiter.read(cell, this.#bounds());
    this.#learn(lease);
    if (lease === null) return this.#grantFirst();
    switch (takeRight(lease, region)) {
      case 'holder':
        return this.#keep(lease as HeldLease);
      case 'successor':
        return this.#take(lease);
      case 'wait':
        if (this.#watch.remainingMs() === 0) return this.#take(lease);
        return;
      case 'never':
        return;
    }
  }

  async #grantFirst(): Promise<void> {
    const { cell, region, home, ttlMs, arbiter } = this.#o;
    if (region !== home) return;
    const ownFence = await this.#ownFenceEpoch();
    const sentAtMs = this.#o.clock.monotonicMs();
    const change = await arbiter.replace(null, firstGrant({ cell, holder: region, ttlMs, ownFence }), this.#bounds());
    if (change.outcome === 'done') await this.#hold(change.lease, sentAtMs);
  }

  async #take(lease: Lease): Promise<void> {
    const { region, ttlMs, arbiter } = this.#o;
    const ownFence = await this.#ownFenceEpoch();
    const sentAtMs = this.#o.clock.monotonicMs();
    const change = await arbiter.replace(lease, taken(lease, { by: region, ttlMs, ownFence }), this.#bounds());
    if (change.outcome === 'done') await this.#hold(change.lease, sentAtMs);
    else this.#learn(change.existing);
  }

  /** The record says that the cell is ours: prove that our store takes our writes, then renew, then (if need be) open. */
  async #keep(lease: HeldLease): Promise<void> {
    if (this.#held?.open && this.#held.lease.epoch === lease.epoch) {
      const probe = await this.#probe(lease.epoch);
      if (probe.outcome === 'fenced') return this.#blocked(lease, probe.fence?.epoch ?? lease.epoch);
    } else {
      const ownFence = await this.#ownFenceEpoch();
      if (ownFence > lease.epoch) return this.#blocked(lease, ownFence);
    }
    await this.#renew(lease);
  }

  /**
   * Several processes of a region keep one lease. Two that renew at once disturb each other, so a renewal lost to a twin is
   * one, too: what moved the record after it was seen came later than the call that showed it was sent.
   */
  async #renew(lease: HeldLease): Promise<void> {
    const { arbiter, clock, region, ttlMs, peerAnswered } = this.#o;
    let seen = lease;
    let seenAtMs: number | null = null;
    for (let round = 0; round < RENEW_ROUNDS_MAX; round++) {
      const sentAtMs = clock.monotonicMs();
      const next = renewed(seen, { ttlMs, peerAnswered: peerAnswered(this.#held?.sinceMs ?? sentAtMs) });
      const change = await arbiter.replace(seen, next, this.#bounds());
      if (change.outcome === 'done') return this.#hold(change.lease, sentAtMs);
      this.#learn(change.existing);
      if (change.existing?.state !== 'held' || change.existing.holder !== region) return;
      if (seenAtMs !== null && change.existing.epoch === seen.epoch) return this.#hold(change.existing, seenAtMs);
      seen = change.existing;
      seenAtMs = sentAtMs;
    }
  }

  /** Counts validity from before the proof was sent, and opens once all shards of the own fence stand at the epoch. */
  async #hold(lease: HeldLease, sentAtMs: number): Promise<void> {
    const before = this.#held?.lease.epoch === lease.epoch ? this.#held : null;
    const validUntilMs = sentAtMs + holderValidityMs(lease.ttlMs);
    this.#learn(lease);
    const { sinceMs = sentAtMs, open = false, standing = { held: true, epoch: lease.epoch } } = before ?? {};
    this.#held = { lease, sinceMs, sentAtMs, validUntilMs, open, standing };
    if (before?.lease.peer === 'lost' && lease.peer === undefined) this.#o.onPeerBack();
    if (this.#held.open) return;
    const { own, fenceShards, region, clock, rng } = this.#o;
    const to = { epoch: lease.epoch, active: region };
    // A process that joins its region found the fence raised: raising it again would only meet the commits of the others.
    const raised =
      this.#raisedAt === lease.epoch
        ? ({ outcome: 'raised' } as const)
        : await raiseFence({ table: own, shards: fenceShards, to, clock, rng }, this.#bounds());
    if (raised.outcome === 'higher') return this.#blocked(lease, raised.seen.epoch);
    // A later step may have replaced or dropped the lease meanwhile: only the one that was raised for is opened.
    if (this.#held?.lease.epoch !== lease.epoch) return;
    this.#held = { ...this.#held, open: true };
    this.#blockedByEpoch = null;
    this.#o.onOpen({ epoch: lease.epoch, peerReachable: this.#held.lease.peer !== 'lost', sentAtMs });
  }

  /** Our own store is fenced above our epoch: stop, do not renew, and take the cell again only once that was abandoned. */
  async #blocked(lease: HeldLease, fenceEpoch: number): Promise<void> {
    this.#held = null;
    this.#blockedByEpoch = fenceEpoch;
    if (await this.#abandonment.isAbandoned(lease.cell, this.#bounds())) await this.#take(lease);
  }

  #probe(epoch: Epoch) {
    const { own, region, fenceShards } = this.#o;
    const count = ++this.#probes;
    const shard = fenceShardOf(`probe-${count}` as AggregateId, fenceShards);
    return probeOwnStore(own, { region, epoch, shard, count }, this.#bounds());
  }

  async #ownFenceEpoch(): Promise<number> {
    const { own, fenceShards, region } = this.#o;
    const fences = await readShards(own, fenceShards, this.#bounds());
    const epoch = fences.reduce((highest, fence) => Math.max(highest, fence.epoch), 0);
    const ours = fences.filter((fence) => fence.epoch === epoch && fence.active === region);
    this.#raisedAt = ours.length === fenceShards ? epoch : 0;
    return epoch;
  }

  #learn(lease: Lease | null): void {
    if (lease === null) return;
    if (this.#known && this.#known.epoch > lease.epoch) return;
    this.#known = lease;
    this.#watch.observe(lease);
    const ours = lease.state === 'held' && lease.holder === this.#o.region;
    // Another epoch, another holder or a release ends what we hold, however long it would still be valid.
    if (this.#held && (!ours || lease.epoch !== this.#held.lease.epoch)) this.#held = null;
  }

  /** A slower answer is worth nothing to a lease. */
  #bounds(): CallBounds {
    const { clock, renewEveryMs } = this.#o;
    return { deadlineAtMs: clock.monotonicMs() + Math.min(renewEveryMs, CALL_MS_MAX) };
  }

  async #rest(): Promise<void> {
    const { clock, rng, renewEveryMs } = this.#o;
    const everyMs = this.#held ? renewEveryMs : renewEveryMs * STANDBY_RATIO;
    await this.#doorbell.rest(clock, everyMs * (0.8 + 0.2 * rng.next()));
  }
}

/** An arbiter or store that does not answer is nothing to act on: the lease runs out by the clock if it goes on. */
const unreachable = () => undefined;
