/** Shipping commits of several epochs: what is stale goes nowhere, and takes nothing along that is not. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { applyBatch, batchesOf } from '../../cell/replication/apply-batch.ts';
import { type ShippingLane, shipCommit } from '../../cell/replication/ship-commit.ts';
import { completeDraft } from '../../cell/store/commit-draft.ts';
import { localWrites } from '../../cell/store/commit-writes.ts';
import { raiseFence, readFence } from '../../cell/store/raise-fence.ts';
import { headKey } from '../../cell/store/table-layout.ts';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import type { Table } from '../../cell/table/table.ts';
import type { Commit, Head } from '../../core/commit.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { aggregateId, epoch, type RegionName } from '../../core/ids.ts';
import { seededRng } from '../../core/rng.ts';
import { FaultyTable, noDeadline } from '../doubles/faulty-table.ts';
import { EAST, WEST } from '../doubles/two-regions.ts';

const FENCE_SHARDS = 2;
const [clock, rng] = [new FakeClock(), seededRng(1)];
let east: MemoryTable;
let west: MemoryTable;
const lane = (source: Table, peer: Table): ShippingLane => ({
  ...{ source, peer, fenceShards: FENCE_SHARDS, clock, rng },
});

beforeEach(() => {
  [east, west] = [new MemoryTable(), new MemoryTable()];
});

const fence = (table: MemoryTable, at: number, active: RegionName | null) =>
  raiseFence({ table, shards: FENCE_SHARDS, to: { epoch: epoch(at), active }, clock, rng }, noDeadline);

/** The first commit of an aggregate, or one on a head that it has, in the store of its region. */
async function written(
  table: MemoryTable,
  by: { key: string; epoch: number; region: RegionName; expected?: Head },
): Promise<Commit> {
  const changes = [{ kind: 'put', item: 'value', data: { value: by.key } }] as const;
  const draft = { aggregate: aggregateId(by.key), class: 'strict', expected: by.expected ?? null, changes } as const;
  const commit = completeDraft(draft, { ...by, atMs: 1 });
  expect(await table.transact(localWrites({ commit, fenceShards: FENCE_SHARDS }))).toEqual({ outcome: 'done' });
  return commit;
}

describe('a stale commit that meets a store which is being closed', () => {
  it('spreads no epoch that nobody owns yet: the move goes on to drain what that store has', async () => {
    await fence(east, 1, EAST);
    await fence(west, 2, WEST);
    const stale = await written(east, { key: 'a', epoch: 1, region: EAST });
    const owners = await written(west, { key: 'b', epoch: 2, region: WEST });
    // A planned move from West to East closes the store of West, and drains it after that.
    await fence(west, 3, null);
    expect(await shipCommit(lane(east, west), { commit: stale, first: true }, noDeadline)).toBe('quarantined');
    expect(await shipCommit(lane(west, east), { commit: owners, first: true }, noDeadline)).toBe('shipped');
    expect(await readFence(east, FENCE_SHARDS, noDeadline)).toMatchObject({ epoch: 2 });
  });
});

describe('a process that sleeps between judging a repair and doing it', () => {
  it('wakes up after a failover and takes nothing from the new owner, whose older state it has', async () => {
    await fence(east, 1, EAST);
    await written(east, { key: 'a', epoch: 1, region: EAST });
    await fence(west, 2, WEST);
    const judged = await written(west, { key: 'a', epoch: 2, region: WEST });
    const asleep = new FaultyTable(east);
    let repaired = false;
    asleep.before = async (call) => {
      if (call !== 'query' || repaired) return;
      repaired = true;
      await failOverToEast(judged);
    };
    // East has not named anybody above epoch 1 yet, so the commit is judged to be its repair; then this process sleeps.
    expect(await shipCommit(lane(west, asleep), { commit: judged, first: true }, noDeadline)).toBe('shipped');
    expect(repaired).toBe(true);
    expect(east.peek(headKey(judged.aggregate))).toMatchObject({ epoch: 3, version: 3 });
  });

  /** Another process drains West; East opens, writes twice, and West has the first of the two. */
  async function failOverToEast(judged: Commit) {
    await fence(west, 3, null);
    expect(await shipCommit(lane(west, east), { commit: judged, first: true }, noDeadline)).toBe('shipped');
    await fence(east, 3, EAST);
    const first = await written(east, { key: 'a', epoch: 3, region: EAST, expected: headOf(judged) });
    expect(await shipCommit(lane(east, west), { commit: first, first: true }, noDeadline)).toBe('shipped');
    await written(east, { key: 'a', epoch: 3, region: EAST, expected: headOf(first) });
  }

  const headOf = ({ epoch, version, lineage }: Commit): Head => ({ epoch, version, lineage });
});

describe('a batch with a stale commit in it', () => {
  it.each(['first', 'last'])(
    'is refused whole when the stale one comes %s, though all meet one shard of the fence',
    async (place) => {
      const shared = 1;
      await fence(east, 1, EAST);
      const stale = await written(east, { key: 'a', epoch: 1, region: EAST });
      await fence(east, 3, EAST);
      const newer = await written(east, { key: 'b', epoch: 3, region: EAST });
      await fence(west, 2, WEST);
      const commits = place === 'first' ? [stale, newer] : [newer, stale];
      const [batch] = batchesOf(
        commits.map((commit) => [commit]),
        shared,
      );
      if (!batch) throw new Error('no batch');
      expect(batch.commits).toHaveLength(2);
      expect(await applyBatch({ table: west, fenceShards: shared }, batch, noDeadline)).toBe(false);
      expect(commits.map(({ aggregate }) => west.peek(headKey(aggregate)))).toEqual([null, null]);
    },
  );
});
