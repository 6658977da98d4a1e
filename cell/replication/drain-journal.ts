/**
 * One sweep over a journal: ships every entry, each aggregate in its own order, aggregates side by side, and deletes what
 * arrived. An aggregate that can't go on holds up nobody else. Memory is one page a shard, whatever the length of the journal.
 */
import type { Commit } from '../../core/commit.ts';
import type { CallBounds } from '../cell-store.ts';
import { byAggregate, journalKeysOf, journalShards, readJournalPage } from './journal.ts';
import { type ShippingLane, shipCommit } from './ship-commit.ts';

/** Of each shard of the journal, entries read at once and aggregates shipped at once: no queue on this side. */
const PAGE_ENTRIES = 100;
const LANES_MAX = 4;
/** A page, or a commit with its repair, may take this long: one lost answer must not hold up the sweep to its own end. */
const CALL_MS_MAX = 3_000;

export interface Swept {
  readonly shipped: number;
  readonly quarantined: number;
  /** Entries left in the journal: an earlier one must come first, or a call failed. */
  readonly left: number;
  /** The first failure of a call, when there was one. The sweep goes on with the other aggregates. */
  readonly failure: unknown;
}

interface Tally {
  shipped: number;
  quarantined: number;
  left: number;
  failure: unknown;
}

export async function drainJournal(lane: ShippingLane, bounds: CallBounds): Promise<Swept> {
  const tally: Tally = { shipped: 0, quarantined: 0, left: 0, failure: undefined };
  await Promise.all(journalShards.map((shard) => drainShard(lane, { shard, tally }, bounds)));
  return tally;
}

async function drainShard(
  lane: ShippingLane,
  { shard, tally }: { readonly shard: number; readonly tally: Tally },
  bounds: CallBounds,
): Promise<void> {
  let after: string | undefined;
  do {
    const page = await readJournalPage(lane.source, {
      ...within(lane, bounds),
      shard,
      limit: PAGE_ENTRIES,
      ...(after === undefined ? {} : { after }),
    });
    await shipPage(lane, { commits: page.commits, tally }, bounds);
    // A peer that refuses calls refuses the next page too: leave it to the caller's backoff.
    if (tally.failure !== undefined) return;
    after = page.next ?? undefined;
  } while (after !== undefined);
}

async function shipPage(
  lane: ShippingLane,
  page: { readonly commits: readonly Commit[]; readonly tally: Tally },
  bounds: CallBounds,
): Promise<void> {
  const groups = [...byAggregate(page.commits)];
  const done: Commit[] = [];
  const worker = async () => {
    for (let group = groups.pop(); group; group = groups.pop()) await shipGroup(lane, { group, done, ...page }, bounds);
  };
  await Promise.all(Array.from({ length: LANES_MAX }, worker));
  if (done.length > 0) await lane.source.deleteMany(journalKeysOf(done), within(lane, bounds));
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
      tally.failure ??= error;
      tally.left += group.length - index;
      return;
    }
  }
}

function within({ clock }: ShippingLane, bounds: CallBounds): CallBounds {
  return { ...bounds, deadlineAtMs: Math.min(bounds.deadlineAtMs, clock.monotonicMs() + CALL_MS_MAX) };
}
