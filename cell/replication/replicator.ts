/**
 * Replication of this store to its peer. The journal is the truth: every commit lies there until it is at the peer. The
 * doorbell (`journaled`) only makes it quick; behind it a slow sweep finds whatever a lost doorbell, a restart or a
 * partition left. Invariant: an entry is deleted only after the peer has the commit, in its state or in its quarantine.
 */
import type { Clock } from '../../core/clock.ts';
import type { Commit } from '../../core/commit.ts';
import { Doorbell } from '../../core/doorbell.ts';
import { isPlatformError } from '../../core/errors.ts';
import { fullJitterMs } from '../../core/rng.ts';
import type { CallBounds } from '../cell-store.ts';
import { applyBatch, batchesOf } from './apply-batch.ts';
import { drainJournal, type Poisoned } from './drain-journal.ts';
import { byAggregate, deleteEntries, journalKeysOf, readJournalOf } from './journal.ts';
import type { PeerHealth } from './peer-health.ts';
import type { Arrival, PeerReplication } from './peer-replication.ts';
import { type Shipment, type ShippingLane, shipCommit } from './ship-commit.ts';

/** Commits kept in memory for the quick way. More than that wait in the journal for the sweep: memory stays flat. */
const QUEUE_MAX = 1_000;
/** The sweep behind the doorbell, unless the heartbeat's look has found the journal empty since. */
const SWEEP_EVERY_MS = 2_000;
/** Bound of one call to the peer on the quick way; a slower peer is treated as absent and served by the sweep. */
const PEER_CALL_MS_MAX = 1_000;
const SWEEP_MS_MAX = 60_000;
/** A sweep over a long journal takes turns with the quick way. */
const SWEEP_TURN_MS = 5_000;
/** After a failure the next try comes with full jitter below this. */
const FAILURE_BACKOFF = { baseMs: 50, capMs: 1_000 };
/** An aggregate whose earlier commit is still on its way is tried again after this. */
const LEFTOVER_PAUSE_MS = 20;
/** Shipped entries are deleted together. */
const DELETE_BATCH_MAX = 25;
const QUICK_LANES_MAX = 8;

export interface ReplicatorOptions extends ShippingLane {
  readonly health: PeerHealth;
  readonly peerLoss: 'continue' | 'refuse';
  readonly clock: Clock;
}

interface Pending {
  /** Time of the commit on our own clock. */
  readonly sinceMs: number;
  /** A request is shipping it right now and waits for the answer. */
  inHand: boolean;
}

export class Replicator implements PeerReplication {
  readonly #o: ReplicatorOptions;
  /** Journaled here and not known to be at the peer, oldest first. */
  readonly #pending = new Map<Commit, Pending>();
  readonly #shipped: Commit[] = [];
  #overflowed = true;
  #failures = 0;
  /** Where the last sweep's turn was over. */
  #pausedAt: ReadonlyMap<number, string> = new Map();
  readonly #doorbell = new Doorbell();
  #sweptAtMs = Number.NEGATIVE_INFINITY;
  #quarantined = 0;
  /** Entries that the last sweep had to leave for a person. */
  poisoned: readonly Poisoned[] = [];

  constructor(options: ReplicatorOptions) {
    this.#o = options;
  }

  mayAcknowledge(): boolean {
    const { state } = this.#o.health;
    return state === 'ok' || (state === 'gone' && this.#o.peerLoss === 'continue');
  }

  journaled(commit: Commit): void {
    this.#remember(commit, false);
    this.ring();
  }

  #remember(commit: Commit, inHand: boolean): void {
    if (this.#pending.size >= QUEUE_MAX) this.#overflowed = true;
    else this.#pending.set(commit, { sinceMs: this.#o.clock.monotonicMs(), inHand });
  }

  ring(): void {
    this.#doorbell.ring();
  }

  /** The peer has been gone for longer than a lease, and the policy is to go on: nobody is asked. */
  get #isAlone(): boolean {
    return this.#o.health.state === 'gone' && this.#o.peerLoss === 'continue';
  }

  async replicateNow(commit: Commit, bounds: CallBounds): Promise<Arrival> {
    const alone = this.#isAlone;
    this.#remember(commit, !alone);
    if (alone) return 'peer-gone';
    const sentAtMs = this.#o.clock.monotonicMs();
    try {
      const shipment = await this.#shipInOrder(commit, this.#bounded(bounds));
      if (shipment === 'waiting') return this.#leaveToLoop(commit);
      this.#settle(commit);
      return shipment === 'shipped' ? 'at-peer' : 'stale';
    } catch (error) {
      this.#failed(error, sentAtMs);
      return this.#leaveToLoop(commit);
    }
  }

  async replicateTogether(commits: readonly Commit[], bounds: CallBounds): Promise<boolean> {
    const [only] = commits;
    if (only && commits.length === 1) return (await this.replicateNow(only, bounds)) === 'at-peer';
    const alone = this.#isAlone;
    for (const commit of commits) this.#remember(commit, !alone);
    if (alone) return false;
    const target = { table: this.#o.peer, fenceShards: this.#o.fenceShards };
    const arrived = new Set<Commit>();
    const sentAtMs = this.#o.clock.monotonicMs();
    try {
      for (const batch of batchesOf(byAggregate(commits), this.#o.fenceShards)) {
        if (!(await applyBatch(target, batch, this.#bounded(bounds)))) continue;
        for (const commit of batch.commits) arrived.add(commit);
      }
    } catch (error) {
      this.#failed(error, sentAtMs);
    }
    for (const commit of commits) {
      if (arrived.has(commit)) this.#settle(commit);
      else this.#leaveToLoop(commit);
    }
    return arrived.size === commits.length;
  }

  #leaveToLoop(commit: Commit): Arrival {
    const pending = this.#pending.get(commit);
    if (pending) pending.inHand = false;
    this.ring();
    return 'unknown';
  }

  /** Sort keys of entries that are at the peer and will be deleted from the journal soon. */
  shippedEntries(): ReadonlySet<string> {
    return new Set(journalKeysOf(this.#shipped).map(({ sk }) => sk));
  }

  pendingEntries(): ReadonlySet<string> {
    return new Set(journalKeysOf([...this.#pending.keys()]).map(({ sk }) => sk));
  }

  /** Somebody has looked into the journal, and nothing had been left there: as good as a sweep. */
  sawEmptyJournal(atMs: number): void {
    this.#sweptAtMs = Math.max(this.#sweptAtMs, atMs);
  }

  /** Age of the oldest commit, ms, that this process remembers and the peer may not have. Of others it knows nothing. */
  get lagMs(): number {
    const oldest = this.#pending.values().next();
    return oldest.done ? 0 : this.#o.clock.monotonicMs() - oldest.value.sinceMs;
  }

  get status() {
    return {
      peer: this.#o.health.state,
      pending: this.#pending.size,
      backlogInJournal: this.#overflowed,
      quarantined: this.#quarantined,
    };
  }

  /** Runs until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.ring(), { once: true });
    while (!signal.aborted) {
      try {
        await this.turn(signal);
        this.#failures = 0;
      } catch {
        // Noted where it happened: here it only means to rest a little longer each time.
        this.#failures++;
      }
      if (!signal.aborted) await this.#rest();
    }
  }

  /** Ships what is in hand, sweeps the journal if that is due, and deletes what arrived. Throws what the tables throw. */
  async turn(signal: AbortSignal): Promise<void> {
    const startedAtMs = this.#o.clock.monotonicMs();
    try {
      await this.#shipPending(signal);
      if (this.#overflowed || startedAtMs - this.#sweptAtMs >= SWEEP_EVERY_MS) await this.#sweep(signal);
      await this.#deleteShipped();
    } catch (error) {
      if (!signal.aborted) this.#failed(error, startedAtMs);
      throw error;
    }
  }

  /** A sweep's turn was over before its end. */
  get isPaused(): boolean {
    return this.#pausedAt.size > 0;
  }

  /** For a process that is about to be put to sleep: deletes what arrived, and leaves the rest to whoever sweeps the journal. */
  async leaveToSweep(): Promise<void> {
    for (const commit of this.#notInHand()) this.#pending.delete(commit);
    await this.#deleteShipped();
  }

  async #shipPending(signal: AbortSignal): Promise<void> {
    const waiting = this.#notInHand();
    if (waiting.length === 0) return;
    const groups = [...byAggregate(waiting)].reverse();
    const bounds = this.#bounded({ deadlineAtMs: Number.POSITIVE_INFINITY, signal });
    const lane = async () => {
      for (let group = groups.pop(); group; group = groups.pop()) await this.#shipGroup(group, bounds);
    };
    await Promise.all(Array.from({ length: Math.min(groups.length, QUICK_LANES_MAX) }, lane));
  }

  #notInHand(): readonly Commit[] {
    return [...this.#pending].filter(([, pending]) => !pending.inHand).map(([commit]) => commit);
  }

  async #shipGroup(group: readonly Commit[], bounds: CallBounds): Promise<void> {
    for (const commit of group) {
      if (!this.#pending.has(commit)) continue;
      const shipment = await this.#shipInOrder(commit, bounds);
      if (shipment === 'waiting') return;
      if (shipment === 'quarantined') this.#quarantined++;
      this.#settle(commit);
    }
  }

  /** The commit itself; when the peer lacks an earlier one, everything that the journal has of the aggregate, in order. */
  async #shipInOrder(commit: Commit, bounds: CallBounds) {
    const direct = await shipCommit(this.#o, { commit, first: false }, bounds);
    if (direct !== 'waiting') return direct;
    const entries = await readJournalOf(this.#o.source, commit.aggregate, bounds);
    let shipment: Shipment = direct;
    for (const [index, entry] of entries.entries()) {
      shipment = await shipCommit(this.#o, { commit: entry, first: index === 0 }, bounds);
      if (entry.epoch === commit.epoch && entry.version === commit.version) break;
    }
    return shipment;
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    // A commit that is journaled while we sweep has its own doorbell; one that was dropped before is found now.
    this.#overflowed = false;
    const nowMs = this.#o.clock.monotonicMs();
    const from = this.#pausedAt;
    this.#pausedAt = new Map();
    const bounds = { deadlineAtMs: nowMs + SWEEP_MS_MAX, pauseAtMs: nowMs + SWEEP_TURN_MS, from, signal };
    try {
      const swept = await drainJournal(this.#o, bounds);
      this.#pausedAt = swept.paused;
      this.poisoned = swept.poisoned;
      if (swept.paused.size > 0) this.#overflowed = true;
      this.#quarantined += swept.quarantined;
      if (swept.failure !== undefined) throw swept.failure;
      this.#sweptAtMs = this.#o.clock.monotonicMs();
    } catch (error) {
      this.#overflowed = true;
      throw error;
    }
  }

  #settle(commit: Commit): void {
    this.#pending.delete(commit);
    // Beyond the bound the sweep deletes: an entry whose commit is at the peer is only skipped there.
    if (this.#shipped.length < QUEUE_MAX) this.#shipped.push(commit);
    if (this.#shipped.length >= DELETE_BATCH_MAX) this.ring();
  }

  async #deleteShipped(): Promise<void> {
    const batch = this.#shipped.splice(0);
    if (batch.length === 0) return;
    const deadlineAtMs = this.#o.clock.monotonicMs() + PEER_CALL_MS_MAX;
    await deleteEntries(this.#o.source, batch, { deadlineAtMs });
  }

  #failed(error: unknown, sentAtMs: number): void {
    // A conflict or a throttle is an answer: the peer is there.
    if (isPlatformError(error) && (error.code === 'STORE_CONFLICT' || error.code === 'STORE_THROTTLED')) return;
    this.#o.health.failed(sentAtMs);
  }

  #bounded(bounds: CallBounds): CallBounds {
    const limit = this.#o.clock.monotonicMs() + PEER_CALL_MS_MAX;
    return { signal: bounds.signal, deadlineAtMs: Math.min(bounds.deadlineAtMs, limit) };
  }

  /** Until the doorbell rings or the sweep is due; after failures the backoff, with work left over a short pause. */
  async #rest(): Promise<void> {
    const { clock, rng } = this.#o;
    if (this.#failures > 0) return clock.sleep(fullJitterMs(rng, { ...FAILURE_BACKOFF, attempt: this.#failures }));
    // A sweep whose turn was over goes on at once from where it was.
    if (this.#shipped.length >= DELETE_BATCH_MAX || this.#pausedAt.size > 0) return;
    if (this.#notInHand().length > 0) return clock.sleep(LEFTOVER_PAUSE_MS);
    await this.#doorbell.rest(clock, SWEEP_EVERY_MS * (0.9 + 0.2 * rng.next()));
  }
}
