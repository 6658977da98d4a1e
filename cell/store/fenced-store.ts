/**
 * The fenced store: commits that a stale writer can't make, and answers that never say "done" when nobody knows.
 *
 * Problem: between a check of the lease and the effect of a write any time may pass (a stopped process, a stalled store).
 * Rule: the store itself checks the epoch (fence), and the lease is looked at three times:
 *
 *   start ── read, build ── lease? ──▶ transaction{fence, version, …} ──▶ peer (ack: replicated) ── lease? ──▶ "done"
 *
 * before, right before sending, and after. If it ran out meanwhile, the commit may stand or may be orphaned by the new
 * owner, so the answer is OUTCOME_UNKNOWN. Sources: Lampson's hints on leases; Kleppmann 2016 on fencing tokens.
 */

import type { Clock } from '../../core/clock.ts';
import type { Aggregate, Commit, CommitDraft, CommitReceipt } from '../../core/commit.ts';
import type { AckMode } from '../../core/consistency.ts';
import { invariant, isPlatformError, type PlatformError } from '../../core/errors.ts';
import { fenceShardOf } from '../../core/fence.ts';
import type { AggregateId, Epoch, RegionName } from '../../core/ids.ts';
import { TAKEN_IN_ITEM } from '../../core/reconcile.ts';
import { fullJitterMs, type Rng } from '../../core/rng.ts';
import type { CallBounds, CellStore } from '../cell-store.ts';
import type { LeaseView } from '../lease/lease-view.ts';
import type { PeerReplication } from '../replication/peer-replication.ts';
import { type Refusal, type Table, type TableWrite, TRANSACTION_WRITES_MAX, type WriteResult } from '../table/table.ts';
import { checkDraft, completeDraft } from './commit-draft.ts';
import { localWrites } from './commit-writes.ts';
import { addedBy, type FoldedWrites, fold, sizeOf } from './fold-writes.ts';
import { readAggregate } from './read-aggregate.ts';
import type { StoreCounters } from './store-counters.ts';
import { deadlinePassed, leaseNotHeld, outcomeUnknown, refusalError, unreplicatedRefused } from './store-refusals.ts';
import { fenceKey, toFence } from './table-layout.ts';

/** A transaction that met another one on the same items had no effect; it is repeated this often with full jitter. */
const CONFLICT_RETRIES_MAX = 5;
const CONFLICT_BACKOFF = { baseMs: 2, capMs: 40 };

export interface FencedStoreOptions {
  readonly table: Table;
  readonly region: RegionName;
  readonly fenceShards: number;
  readonly lease: LeaseView;
  readonly replication: PeerReplication;
  readonly counters: StoreCounters;
  /** The store refused our epoch: the keeper should look at once. */
  readonly onFenced: () => void;
  /** A commit with messages stands now, or may. */
  readonly onMessages: () => void;
  readonly clock: Clock;
  readonly rng: Rng;
}

export interface CommitOptions extends CallBounds {
  readonly ack: AckMode;
  /** Further writes to this store, all or nothing with the commit; a refused one is a `VERSION_CONFLICT`. */
  readonly also?: (commit: Commit) => readonly TableWrite[];
}

/** A commit that was completed and not written yet, and what is to stand with it. */
export interface Step {
  readonly commit: Commit;
  /** Further writes to this store, of keys that no other step writes. */
  readonly also: readonly TableWrite[];
}

interface Writing {
  /** The first one of those that are written, all of one epoch: its guards come first. */
  readonly commit: Commit;
  readonly writes: readonly TableWrite[];
}

/** DynamoDB takes 4 MB a transaction; a quarter of that leaves room for names and types of attributes. */
const TOGETHER_BYTES_MAX = 1024 * 1024;

export class FencedStore implements CellStore {
  readonly #o: FencedStoreOptions;
  #asked = 0;

  constructor(options: FencedStoreOptions) {
    this.#o = options;
  }

  /** Reads and commits so far, one by one: whoever works in the background sees by it whether anybody else is at work. */
  get asked(): number {
    return this.#asked;
  }

  async read(aggregate: AggregateId, bounds: CallBounds): Promise<Aggregate> {
    this.#asked++;
    const whole = await readAggregate(this.#o.table, aggregate, bounds);
    // Reconciliation's own note is no service's business, least of all one that copies or lists what it finds.
    if (!whole.items.has(TAKEN_IN_ITEM)) return whole;
    return { ...whole, items: new Map([...whole.items].filter(([item]) => item !== TAKEN_IN_ITEM)) };
  }

  async commit(draft: CommitDraft, options: CommitOptions): Promise<CommitReceipt> {
    this.#asked++;
    const commit = this.#complete(draft, options);
    const writes = [...this.#writesOf(commit), ...(options.also?.(commit) ?? [])];
    await this.#write({ commit, writes }, options).finally(() => this.#ringFor([commit]));
    const receipt = await this.#acknowledge(commit, options);
    if (commit.class !== 'mergeable' && !this.#holds(commit)) {
      this.#o.counters.leaseLostDuringWrite++;
      throw outcomeUnknown('The lease of this region ran out while the write was on its way.');
    }
    this.#o.counters.committed++;
    return receipt;
  }

  /**
   * A look at the lease alone would not do: a takeover that could fence this store waits for no lease. But it raises every
   * shard of this fence before the new owner opens, and without the fence it waits the lease out. So one shard that still
   * stands at our epoch, read after the data, and then a lease that still runs prove that nobody else was open before.
   */
  async confirmOwner(epoch: Epoch, bounds: CallBounds): Promise<void> {
    const key = fenceKey(this.#asked % this.#o.fenceShards);
    const fence = toFence(await this.#o.table.get(key, bounds));
    const standing = this.#o.lease.standing();
    const fenced = fence?.epoch !== epoch || fence.active !== this.#o.region;
    if (!fenced && standing.held && standing.epoch === epoch) return;
    if (fenced) {
      this.#o.counters.refusedByFence++;
      this.#o.onFenced();
    } else this.#o.counters.refusedByLease++;
    throw leaseNotHeld(standing);
  }

  /** A fenced commit under the lease that is held now, for `commitTogether`. Throws as `commit` does before it writes. */
  complete(draft: CommitDraft, bounds: CallBounds): Commit {
    return this.#complete(draft, { ...bounds, ack: 'replicated' });
  }

  /**
   * Commits the longest beginning of the steps that one transaction takes, all of it or nothing, and has it shipped together:
   * for work in the background, where a call for each commit would be what takes the time. Each keeps its own guards. `count`
   * steps stand now; `replicated`: at the peer too, or else the journal delivers them. Throws as `commit`, for all of them.
   */
  async commitTogether(
    steps: readonly Step[],
    bounds: CallBounds,
  ): Promise<{ readonly count: number; readonly replicated: boolean }> {
    const [first] = steps;
    invariant(first !== undefined, 'there is something to commit');
    const { commits, writes } = this.#together(steps);
    if (!commits.every((commit) => this.#holds(commit))) throw leaseNotHeld(this.#o.lease.standing());
    await this.#write({ commit: first.commit, writes }, bounds).finally(() => this.#ringFor(commits));
    const replicated = await this.#o.replication.replicateTogether(commits, bounds);
    if (!this.#holds(first.commit)) {
      this.#o.counters.leaseLostDuringWrite++;
      throw outcomeUnknown('The lease of this region ran out while the writes were on their way.');
    }
    this.#o.counters.committed += commits.length;
    return { count: commits.length, replicated };
  }

  fenceShardOf(aggregate: AggregateId): number {
    return fenceShardOf(aggregate, this.#o.fenceShards);
  }

  #together(steps: readonly Step[]): { commits: readonly Commit[]; writes: readonly TableWrite[] } {
    const writes: FoldedWrites = new Map();
    const commits: Commit[] = [];
    let bytes = 0;
    for (const { commit, also } of steps) {
      const next = [...this.#writesOf(commit), ...also];
      bytes += sizeOf(next);
      const full = writes.size + addedBy(writes, next) > TRANSACTION_WRITES_MAX || bytes > TOGETHER_BYTES_MAX;
      if (full && commits.length > 0) break;
      fold(writes, next);
      commits.push(commit);
    }
    return { commits, writes: [...writes.values()] };
  }

  #writesOf(commit: Commit): readonly TableWrite[] {
    return localWrites({ commit, fenceShards: this.#o.fenceShards });
  }

  #complete(draft: CommitDraft, options: CommitOptions): Commit {
    checkDraft(draft);
    if (this.#o.clock.monotonicMs() >= options.deadlineAtMs) throw deadlinePassed();
    const epoch = this.#admit(draft, options.ack);
    return completeDraft(draft, { epoch, region: this.#o.region, atMs: this.#o.clock.wallMs() });
  }

  /** The first look at the lease. Returns the epoch to write under; 0 for mergeable commits, which need no lease. */
  #admit(draft: CommitDraft, ack: AckMode): number {
    if (ack === 'replicated' && !this.#o.replication.mayAcknowledge()) throw unreplicatedRefused();
    if (draft.class === 'mergeable') return 0;
    const standing = this.#o.lease.standing();
    if (standing.held) return standing.epoch;
    this.#o.counters.refusedByLease++;
    throw leaseNotHeld(standing);
  }

  async #write({ commit, writes }: Writing, bounds: CallBounds): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      if (commit.class !== 'mergeable' && !this.#holds(commit)) {
        this.#o.counters.refusedByLease++;
        throw leaseNotHeld(this.#o.lease.standing());
      }
      try {
        const result: WriteResult = await this.#o.table.transact(writes, bounds);
        if (result.outcome === 'done') return;
        throw this.#refused(commit, result.refusals);
      } catch (error) {
        if (!isRepeatable(error) || attempt >= CONFLICT_RETRIES_MAX) throw this.#worded(error);
        await this.#o.clock.sleep(fullJitterMs(this.#o.rng, { ...CONFLICT_BACKOFF, attempt }), bounds.signal);
      }
    }
  }

  async #acknowledge(commit: Commit, options: CallBounds & { readonly ack: AckMode }): Promise<CommitReceipt> {
    const { epoch, version } = commit;
    if (options.ack === 'local') {
      this.#o.replication.journaled(commit);
      return { epoch, version, ack: 'local', degraded: null };
    }
    const arrival = await this.#o.replication.replicateNow(commit, options);
    switch (arrival) {
      case 'at-peer':
        return { epoch, version, ack: 'replicated', degraded: null };
      case 'peer-gone':
        this.#o.counters.acknowledgedUnreplicated++;
        return { epoch, version, ack: 'local', degraded: 'unreplicated' };
      case 'stale':
        this.#o.counters.unknown++;
        throw outcomeUnknown(
          'The peer region owns this cell by now; the write was set aside there for reconciliation.',
        );
      case 'unknown':
        this.#o.counters.unknown++;
        throw outcomeUnknown('The write stands in this region, but the peer region did not confirm it in time.');
    }
  }

  #refused(commit: Commit, refusals: readonly Refusal[]): PlatformError {
    const error = refusalError({ commit, refusals });
    if (error.code === 'FENCE_STALE_EPOCH') {
      this.#o.counters.refusedByFence++;
      this.#o.onFenced();
    }
    return error;
  }

  #ringFor(commits: readonly Commit[]): void {
    if (commits.some(({ outbox }) => outbox.length > 0)) this.#o.onMessages();
  }

  #holds(commit: Commit): boolean {
    const standing = this.#o.lease.standing();
    return standing.held && standing.epoch === commit.epoch;
  }

  #worded(error: unknown): unknown {
    if (!isPlatformError(error) || error.effect === 'none') return error;
    this.#o.counters.unknown++;
    return outcomeUnknown('The store did not answer the write in time.', error);
  }
}

function isRepeatable(error: unknown): boolean {
  return isPlatformError(error) && error.code === 'STORE_CONFLICT';
}
