/** Many quarantined commits in few transactions: each still with its own guards, its own commit and its own line of the audit. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  journalSk,
  QUARANTINE,
  RECONCILED,
  reconciledItem,
  toQuarantined,
  toReconciled,
} from '../../cell/store/table-layout.ts';
import type { TableWrite } from '../../cell/table/table.ts';
import { aggregateId, type RegionName } from '../../core/ids.ts';
import { noDeadline } from '../doubles/faulty-table.ts';
import { EAST, TTL_MS, TwoRegions, WEST } from '../doubles/two-regions.ts';

const AGGREGATES = Array.from({ length: 20 }, (_, index) => `a${index + 10}`);

let world: TwoRegions;
beforeEach(async () => {
  world = new TwoRegions();
  await world.clock.advance(2_000);
});
afterEach(async () => {
  await world.crash(EAST);
  await world.crash(WEST);
});

const passes = (count: number) => world.clock.advance(count * TTL_MS * 1.2);
const rows = async (region: RegionName, pk: string) =>
  (await world.stores[region]?.query(pk, { ...noDeadline, limit: 500 }))?.items ?? [];
const waiting = async (region: RegionName) => (await rows(region, QUARANTINE)).map(toQuarantined);
const audit = async (region: RegionName) => (await rows(region, RECONCILED)).map(toReconciled);

/** East writes two commits of each aggregate alone and dies; West takes over; East comes back with them. */
async function loseWrites(between: () => Promise<void> = async () => undefined) {
  world.at(EAST).peer.state = 'refused';
  for (const key of AGGREGATES) for (const value of ['1', '2']) await world.put(EAST, { key, value });
  await world.crash(EAST);
  world.loseStore(EAST);
  await world.move({ kind: 'failover', to: WEST });
  await between();
  world.findStore(EAST);
  world.start(EAST);
}

/** Transactions of a store that put rows into the audit, as how many rows each. */
function watchAudit(region: RegionName): () => readonly number[] {
  const spied = jest.spyOn(world.stores[region] as { transact(writes: readonly TableWrite[]): unknown }, 'transact');
  const isAudit = (write: TableWrite) => write.kind === 'put' && write.item.pk === RECONCILED;
  return () => spied.mock.calls.map(([writes]) => writes.filter(isAudit).length).filter((count) => count > 0);
}

describe('what nobody touched since', () => {
  it('is taken in many at once: a commit and a line for each, at the peer too', async () => {
    const transactions = watchAudit(WEST);
    await loseWrites();
    await passes(6);
    const settled = await audit(WEST);
    expect(await waiting(WEST)).toEqual([]);
    expect(settled).toHaveLength(40);
    expect(settled.filter(({ takenInAs }) => takenInAs?.epoch === 2 && takenInAs.version === 1)).toHaveLength(20);
    expect(settled.filter(({ takenInAs }) => takenInAs?.epoch === 2 && takenInAs.version === 2)).toHaveLength(20);
    expect(transactions().length).toBeLessThanOrEqual(12);
    for (const key of AGGREGATES) {
      expect([await world.value(WEST, key), await world.value(EAST, key)]).toEqual(['2', '2']);
    }
    for (const region of [EAST, WEST])
      for (const shard of [0, 1, 2, 3]) {
        expect(await rows(region, `JOURNAL#${shard}`)).toEqual([]);
      }
  });

  it('is taken in without the aggregate that others wrote to, which waits for a person', async () => {
    await loseWrites(async () => void (await world.put(WEST, { key: 'a15', value: 'newer' })));
    await passes(6);
    expect((await waiting(WEST)).map(({ commit }) => commit.aggregate)).toEqual(['a15', 'a15']);
    expect(await audit(WEST)).toHaveLength(38);
    expect(await world.value(EAST, 'a15')).toBe('newer');
  });

  it('goes one by one where a guard refuses: what was settled before is not settled again', async () => {
    await loseWrites(async () => {
      // As if a person had discarded the second commit of an aggregate, and it was shipped once more.
      const commit = { aggregate: aggregateId('a15'), epoch: 1, version: 2 };
      const discarded = {
        ...{
          id: journalSk(commit.aggregate, commit),
          action: 'discarded' as const,
          by: 'ann',
          reason: 'asked',
          atMs: 1,
        },
        ...{ takenInAs: null, commit: commit as never },
      } as const;
      await world.stores[WEST]?.write({ kind: 'put', item: reconciledItem(discarded) });
    });
    await passes(6);
    expect(await waiting(WEST)).toEqual([]);
    expect((await audit(WEST)).filter(({ action }) => action === 'adopted')).toHaveLength(39);
    expect([await world.value(WEST, 'a15'), await world.value(WEST, 'a16')]).toEqual(['1', '2']);
  });
});

describe('between two transactions', () => {
  const TOOK_MS = 37;

  /** Rests of the loop while each transaction takes its time and `meanwhile` runs. */
  async function restsWhile(meanwhile: () => Promise<unknown>): Promise<number> {
    await loseWrites();
    let transactions = 0;
    const asleep = jest.spyOn(world.clock, 'sleep');
    world.at(WEST).own.before = async (call) => {
      if (call !== 'transact') return;
      transactions++;
      await Promise.all([meanwhile(), world.clock.sleep(TOOK_MS)]);
    };
    await passes(6);
    expect(await waiting(WEST)).toEqual([]);
    return asleep.mock.calls.filter(([ms]) => ms === TOOK_MS).length - transactions;
  }

  it('the loop does not rest while nobody else asks', async () => {
    expect(await restsWhile(async () => undefined)).toBe(0);
  });

  it('the loop rests for as long as it took while requests come', async () => {
    const ask = () => world.at(WEST).cell.runtime.store.read(aggregateId('other'), noDeadline);
    expect(await restsWhile(ask)).toBeGreaterThan(0);
  });
});

describe('what was taken in before', () => {
  it('is put away many at once, with a line for each, and changes nothing', async () => {
    await loseWrites();
    await passes(6);
    // As in a store that saw neither the audit nor the removal.
    const again = (await audit(WEST)).map(({ id, commit }) => ({
      ...{ pk: QUARANTINE, sk: id, commit: JSON.stringify(commit), fenceEpoch: 2, at: 1 },
    }));
    for (const { sk } of again) await world.stores[WEST]?.deleteMany([{ pk: RECONCILED, sk }]);
    const transactions = watchAudit(WEST);
    for (const item of again) await world.stores[WEST]?.write({ kind: 'put', item });
    await passes(3);
    expect(await waiting(WEST)).toEqual([]);
    expect(new Set((await audit(WEST)).map(({ action, reason }) => `${action}: ${reason}`))).toEqual(
      new Set(['superseded: it was taken in before']),
    );
    expect(transactions()).toEqual([40]);
    expect((await world.read(WEST, 'a15')).head).toMatchObject({ epoch: 2, version: 2 });
  });
});
