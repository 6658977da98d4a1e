/** What reconciliation says of a commit that is in the line: said of that line, and judged anew when the commit comes back. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { journalShards } from '../../cell/replication/journal.ts';
import {
  journalPk,
  QUARANTINE,
  quarantineItem,
  RECONCILED,
  reconciledItem,
  toCommit,
  toReconciled,
} from '../../cell/store/table-layout.ts';
import { aggregateId, type RegionName } from '../../core/ids.ts';
import { noDeadline } from '../doubles/faulty-table.ts';
import { EAST, TTL_MS, TwoRegions, WEST } from '../doubles/two-regions.ts';

let world: TwoRegions;
beforeEach(async () => {
  world = new TwoRegions();
  await world.clock.advance(2_000);
});
afterEach(async () => {
  await world.crash(EAST);
  await world.crash(WEST);
});

const rows = async (region: RegionName, pk: string) =>
  (await world.stores[region]?.query(pk, { ...noDeadline, limit: 500 }))?.items ?? [];
const audit = async (region: RegionName) => (await rows(region, RECONCILED)).map(toReconciled);
const journal = async (region: RegionName) =>
  (await Promise.all(journalShards.map((shard) => rows(region, journalPk(shard))))).flat();
const passes = (count: number) => world.clock.advance(count * TTL_MS * 1.2);

/**
 * East writes alone and dies, and West takes over. An audit says that East's commit was in the line; now it waits in the
 * quarantine of West, to which East ships it, or in that of East's store, which West finds there.
 */
async function loseWriteThatWasInALine({ lies }: { readonly lies: RegionName }): Promise<void> {
  world.at(EAST).peer.state = 'refused';
  await world.put(EAST, { key: 'a', value: 'lost' });
  await world.crash(EAST);
  world.loseStore(EAST);
  await world.move({ kind: 'failover', to: WEST });
  const [entry] = await journal(EAST);
  if (!entry) throw new Error('nothing was written');
  const row = { id: 'a#0000000001#000000000001', commit: toCommit(entry) };
  const said = {
    action: 'superseded',
    by: 'holdfast',
    reason: 'it was in the line',
    atMs: 1,
    takenInAs: null,
  } as const;
  await world.stores[lies]?.write({ kind: 'put', item: reconciledItem({ ...said, ...row }) });
  world.findStore(EAST);
  if (lies === WEST) world.start(EAST);
  else
    await world.stores[EAST]?.write({
      kind: 'put',
      item: quarantineItem({ ...row, fenceEpoch: 2, quarantinedAtMs: 1 }),
    });
}

describe('what was superseded', () => {
  it.each([WEST, EAST])('is judged anew when it comes back to %s: the line that had it may be over', async (lies) => {
    await loseWriteThatWasInALine({ lies });
    await passes(6);
    expect(await rows(lies, QUARANTINE)).toEqual([]);
    expect(await audit(WEST)).toMatchObject([{ action: 'adopted', takenInAs: { epoch: 2, version: 1 } }]);
    expect(await world.value(WEST, 'a')).toBe('lost');
  });

  it('leaves the quarantine with a line of its own, also twice', async () => {
    await world.put(EAST, { key: 'a', value: 'there', ack: 'replicated' });
    const { head } = await world.read(EAST, 'a');
    const row = { id: 'a#0000000001#000000000001', fenceEpoch: 2, quarantinedAtMs: 1 };
    const rest = { previous: null, lineage: head?.lineage ?? [], origin: EAST, changes: [], idempotency: null };
    const commit = { aggregate: aggregateId('a'), class: 'strict', epoch: 1, version: 1, ...rest } as const;
    for (const _ of [1, 2]) {
      const item = quarantineItem({ ...row, commit: { ...commit, outbox: [], outboxDone: [], atMs: 1 } });
      await world.stores[WEST]?.write({ kind: 'put', item });
      await passes(3);
      expect(await rows(WEST, QUARANTINE)).toEqual([]);
      expect(await audit(WEST)).toMatchObject([{ action: 'superseded', reason: 'the commit itself is in the line' }]);
    }
    expect((await world.read(EAST, 'a')).head?.version).toBe(1);
  });
});
