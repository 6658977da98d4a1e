/**
 * One sweep over a journal: ships every entry, each aggregate in its own order, aggregates side by side, and deletes what
 * arrived. An aggregate that can't go on holds up nobody else. Memory is one page a shard, whatever the length of the journal.
 * A page goes in batches first, because a long journal is drained by as few calls as possible; what no batch takes goes alone.
 */
import type { Commit } from '../../core/commit.ts';
import { isPlatformError } from '../../core/errors.ts';
import type { AggregateId } from '../../core/ids.ts';
import type { CallBounds } from '../cell-store.ts';
import { applyBatch, type Batch, batchesOf } from './apply-batch.ts';
import { byAggregate, deleteEntries, journalShards, readJournalOf, readJournalPage } from './journal.ts';
import { type ShippingLane, shipCommit } from './ship-commit.ts';

/** Of each shard of the journal, entries read at once and aggregates shipped at once: no queue on this side. */
const PAGE_ENTRIES = 100;
const LANES_MAX = 4;
/** Poisoned entries that are told of; further ones are only left. */
const POISONED_MAX = 20;
/** A page, or a commit with its repair, may take this long: one lost answer must not hold up the sweep to its own end. */
const CALL_MS_MAX = 3_000;

export interface Swept {
  readonly shipped: number;
  readonly quarantined: number;
  /** Entries that are known to be left in the journal: an earlier one must come first, or a call failed. */
  readonly left: number;
  /** The first failure of a call, when there was one. The sweep goes on with the other aggregates. */
  readonly failure: unknown;
  /** Entries that fail whoever ships them and whenever, with the reason: left in the journal for a person, and in nobody's way. */
  readonly poisoned: readonly Poisoned[];
  /** Shards whose turn was over before their end, with the last entry that was looked at: something is `left` there. */
  readonly paused: ReadonlyMap<number, string>;
}

export interface Poisoned {
  readonly commit: Pick<Commit, 'aggregate' | 'epoch' | 'version'>;
  readonly error: unknown;
}

export interface SweepBounds extends CallBounds {
  /** No further page is begun after this. */
  readonly pauseAtMs?: number;
  /** Where the last sweep paused, so that entries which can't go on yet hold up none behind them. */
  readonly from?: ReadonlyMap<number, string>;
}

interface Tally {
  shipped: number;
  quarantined: number;
  left: number;
  failure: unknown;
  readonly poisoned: Poisoned[];
  readonly paused: Map<number, string>;
}

const nothingYet = (): Tally => ({
  shipped: 0,
  quarantined: 0,
  left: 0,
  failure: undefined,
  poisoned: [],
  paused: new Map(),
});

export async function drainJournal(lane: ShippingLane, bounds: SweepBounds): Promise<Swept> {
  const tally = nothingYet();
  await Promise.all(journalShards.map((shard) => drainShard(lane, { shard, tally }, bounds)));
  return tally;
}

/** The same for what the journal holds of a few aggregates. Of each all of it, from its first entry on: order is kept. */
export async function drainAggregates(
  lane: ShippingLane,
  aggregates: readonly AggregateId[],
  bounds: CallBounds,
): Promise<Swept> {
  const tally = nothingYet();
  const entries = await Promise.all(aggregates.map((id) => readJournalOf(lane.source, id, within(lane, bounds))));
  await shipPage(lane, { commits: entries.flat(), tally }, bounds);
  return tally;
}

async function drainShard(
  lane: ShippingLane,
  { shard, tally }: { readonly shard: number; readonly tally: Tally },
  bounds: SweepBounds,
): Promise<void> {
  const { pauseAtMs = Number.POSITIVE_INFINITY, from } = bounds;
  let after = from?.get(shard);
  do {
    const page = await readJournalPage(lane.source, {
      ...within(lane, bounds),
      shard,
      limit: PAGE_ENTRIES,
      after,
    });
    if (page.commits.length > 0) await shipPage(lane, { commits: page.commits, tally }, bounds);
    // A peer that refuses calls refuses the next page too: leave it to the caller's backoff.
    if (tally.failure !== undefined) return;
    after = page.next ?? undefined;
    if (after !== undefined && lane.clock.monotonicMs() >= pauseAtMs) {
      tally.paused.set(shard, after);
      tally.left++;
      return;
    }
  } while (after !== undefined);
}

async function shipPage(
  lane: ShippingLane,
  page: { readonly commits: readonly Commit[]; readonly tally: Tally },
  bounds: CallBounds,
): Promise<void> {
  const done: Commit[] = [];
  const groups = [...(await shipBatches(lane, { done, ...page }, bounds))];
  const worker = async () => {
    for (let group = groups.pop(); group; group = groups.pop()) await shipGroup(lane, { group, done, ...page }, bounds);
  };
  await Promise.all(Array.from({ length: Math.min(groups.length, LANES_MAX) }, worker));
  if (done.length > 0) await deleteEntries(lane.source, done, within(lane, bounds));
}

/**
 * One batch after another: foreground writes wait for the peer's store behind one of a shard at most. Returns the groups that
 * are left, without what arrived.
 */
async function shipBatches(
  lane: ShippingLane,
  work: { readonly commits: readonly Commit[]; readonly done: Commit[]; readonly tally: Tally },
  bounds: CallBounds,
): Promise<readonly (readonly Commit[])[]> {
  const { done, tally } = work;
  let groups = byAggregate(work.commits);
  // Each round takes something from a group or leaves it for good, so there are no more rounds than commits.
  let batches = batchesOf(groups, lane.fenceShards);
  while (batches.length > 0) {
    const arrived = new Set<Commit>();
    for (const batch of batches) {
      for (const commit of await shipBatch(lane, { batch, tally }, bounds)) arrived.add(commit);
    }
    done.push(...arrived);
    tally.shipped += arrived.size;
    const touched = groups.filter((group) => group.some((commit) => arrived.has(commit)));
    const rest = touched.map((group) => group.filter((commit) => !arrived.has(commit)));
    groups = [...groups.filter((group) => !touched.includes(group)), ...rest.filter((group) => group.length > 0)];
    batches = batchesOf(rest, lane.fenceShards);
  }
  return tally.failure === undefined ? groups : leave(groups, tally);
}

/** What stands at the peer now: all of the batch or nothing. */
async function shipBatch(
  lane: ShippingLane,
  { batch, tally }: { readonly batch: Batch; readonly tally: Tally },
  bounds: CallBounds,
): Promise<readonly Commit[]> {
  // A peer that failed one call is not asked for more: it would cost the time-out of each.
  if (tally.failure !== undefined) return [];
  try {
    const target = { table: lane.peer, fenceShards: lane.fenceShards };
    return (await applyBatch(target, batch, within(lane, bounds))) ? batch.commits : [];
  } catch (failure) {
    // One of them is to blame, not the peer: each for itself shows which.
    if (!isPoison(failure)) tally.failure = failure;
    return [];
  }
}

function leave(groups: readonly (readonly Commit[])[], tally: Tally): readonly (readonly Commit[])[] {
  tally.left += groups.reduce((sum, group) => sum + group.length, 0);
  return [];
}

async function shipGroup(
  lane: ShippingLane,
  work: { readonly group: readonly Commit[]; readonly done: Commit[]; readonly tally: Tally },
  bounds: CallBounds,
): Promise<void> {
  const { group, done, tally } = work;
  for (const [index, commit] of group.entries()) {
    try {
      const shipment = await shipCommit(lane, { commit, first: index === 0 }, within(lane, bounds));
      if (shipment === 'waiting') {
        tally.left += group.length - index;
        return;
      }
      tally[shipment]++;
      done.push(commit);
    } catch (error) {
      if (!isPoison(error)) tally.failure ??= error;
      else if (tally.poisoned.length < POISONED_MAX) tally.poisoned.push({ commit, error });
      tally.left += group.length - index;
      return;
    }
  }
}

/** A peer that does not answer, is throttled or refuses us says nothing about the entry; everything else is the entry's own. */
function isPoison(error: unknown): boolean {
  return !isPlatformError(error) || error.kind === 'bug';
}

function within({ clock }: ShippingLane, bounds: CallBounds): CallBounds {
  const { signal } = bounds;
  return { signal, deadlineAtMs: Math.min(bounds.deadlineAtMs, clock.monotonicMs() + CALL_MS_MAX) };
}
