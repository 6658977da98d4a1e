/** Reconciliation on the real lease, store, replication and coordinator code: nothing twice, nothing without a line. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConflictRule } from '../../cell/cell-store.ts';
import type { Order } from '../../cell/reconcile/taking-in.ts';
import { QUARANTINE, RECONCILED, toQuarantined, toReconciled } from '../../cell/store/table-layout.ts';
import type { RegionName } from '../../core/ids.ts';
import { noDeadline } from '../doubles/faulty-table.ts';
import { EAST, TTL_MS, TwoRegions, WEST } from '../doubles/two-regions.ts';

let world: TwoRegions;
const begin = async (reconcile: 'automatic' | 'manual') => {
  world = new TwoRegions({ reconcile });
  await world.clock.advance(2_000);
};
beforeEach(() => begin('automatic'));
afterEach(async () => {
  await world.crash(EAST);
  await world.crash(WEST);
});

const rows = async (region: RegionName, pk: string) =>
  (await world.stores[region]?.query(pk, { ...noDeadline, limit: 500 }))?.items ?? [];
const waiting = async (region: RegionName) => (await rows(region, QUARANTINE)).map(toQuarantined);
const audit = async (region: RegionName) => (await rows(region, RECONCILED)).map(toReconciled);
const passes = (count: number) => world.clock.advance(count * TTL_MS * 1.2);
const person = (wish: Order['wish']): Order => ({ wish, by: 'ann', reason: 'asked the customer' });
const desk = (region: RegionName) => world.at(region).cell.quarantine;

/** East writes alone and dies; West takes over; East comes back with what it had written. */
async function loseWrites(writes: () => Promise<void>, between: () => Promise<void> = async () => undefined) {
  world.at(EAST).peer.state = 'refused';
  await writes();
  await world.crash(EAST);
  world.loseStore(EAST);
  await world.move({ kind: 'failover', to: WEST });
  await between();
  world.findStore(EAST);
  world.start(EAST);
}

const write = async (key: string, value: string) => void (await world.put(EAST, { key, value }));

describe('automatic reconciliation', () => {
  it('adopts what nobody touched since, in order, replicated, with a line for each', async () => {
    await world.put(EAST, { key: 'a', value: 'base', ack: 'replicated' });
    await loseWrites(async () => {
      for (const value of ['1', '2', '3']) await write('a', value);
      await write('new', 'first');
    });
    await passes(6);
    expect(await waiting(WEST)).toEqual([]);
    for (const region of [EAST, WEST]) {
      expect([await world.value(region, 'a'), await world.value(region, 'new')]).toEqual(['3', 'first']);
    }
    expect((await audit(WEST)).map(({ id, action, by, takenInAs }) => [id, action, by, takenInAs])).toEqual([
      ['a#0000000001#000000000002', 'adopted', 'holdfast', { epoch: 2, version: 2 }],
      ['a#0000000001#000000000003', 'adopted', 'holdfast', { epoch: 2, version: 3 }],
      ['a#0000000001#000000000004', 'adopted', 'holdfast', { epoch: 2, version: 4 }],
      ['new#0000000001#000000000001', 'adopted', 'holdfast', { epoch: 2, version: 1 }],
    ]);
  });

  it('leaves what others wrote over, and shows no service its own note', async () => {
    await loseWrites(
      async () => {
        await write('a', 'lost');
        await write('b', 'kept');
      },
      async () => void (await world.put(WEST, { key: 'a', value: 'newer' })),
    );
    await passes(6);
    expect((await waiting(WEST)).map(({ commit }) => commit.aggregate)).toEqual(['a']);
    expect(await world.value(EAST, 'a')).toBe('newer');
    expect([...(await world.read(WEST, 'b')).items.keys()]).toEqual(['value']);
  });

  it('does nothing while it is switched off', async () => {
    await world.crash(EAST);
    await world.crash(WEST);
    await begin('manual');
    await loseWrites(() => write('a', 'lost'));
    await passes(6);
    expect(await waiting(WEST)).toHaveLength(1);
    expect(await audit(WEST)).toEqual([]);
  });

  it('settles from its own side what lies in the store of the other region', async () => {
    await world.crash(WEST);
    world.start(WEST, { reconcile: 'manual' });
    await loseWrites(() => write('a', 'lost'));
    await passes(2);
    expect(await waiting(WEST)).toHaveLength(1);
    world.at(EAST).peer.state = 'up';
    await world.move({ kind: 'failover', to: EAST });
    await passes(4);
    expect([await waiting(WEST), await waiting(EAST)]).toEqual([[], []]);
    expect(await audit(EAST)).toMatchObject([{ action: 'adopted', takenInAs: { epoch: 3, version: 1 } }]);
    expect(await world.value(WEST, 'a')).toBe('lost');
  });
});

describe('nothing is taken in twice', () => {
  it('when the owner crashes after the commit and before the row of the peer is removed', async () => {
    await world.crash(WEST);
    world.start(WEST, { reconcile: 'manual' });
    await loseWrites(() => write('a', 'lost'));
    await passes(2);
    const [row] = await waiting(WEST);
    world.at(EAST).peer.state = 'up';
    await world.move({ kind: 'failover', to: EAST });
    await passes(4);
    // As if the removal had never reached the peer; and then the peer takes the cell over.
    await world.stores[WEST]?.write({ kind: 'put', item: (await quarantinedAgain(row?.id)) as never });
    await world.crash(EAST);
    world.loseStore(EAST);
    await world.crash(WEST);
    world.start(WEST);
    await world.move({ kind: 'failover', to: WEST });
    await passes(4);
    expect(await waiting(WEST)).toEqual([]);
    expect(await audit(WEST)).toMatchObject([{ action: 'superseded', reason: 'it was taken in before' }]);
    expect((await world.read(WEST, 'a')).head?.version).toBe(1);
  });

  it('when the answer to the commit gets lost', async () => {
    await loseWrites(
      () => write('a', 'lost'),
      async () => {
        world.at(WEST).own.before = (call) => {
          world.at(WEST).own.state = call === 'transact' ? 'effect-then-timeout' : 'up';
        };
      },
    );
    await passes(6);
    world.at(WEST).own.before = () => undefined;
    world.at(WEST).own.state = 'up';
    await passes(6);
    expect((await world.read(WEST, 'a')).head?.version).toBe(1);
    expect(await audit(WEST)).toMatchObject([{ action: 'adopted' }]);
  });

  it('by two people at once: one does it, the other hears what became of it', async () => {
    await world.crash(EAST);
    await world.crash(WEST);
    await begin('manual');
    await loseWrites(() => write('a', 'lost'));
    await passes(2);
    const id = 'a#0000000001#000000000001';
    const both = [desk(WEST).settle(id, person('adopt')), desk(WEST).settle(id, person('discard'))];
    await world.settle(Promise.allSettled(both));
    expect(await audit(WEST)).toHaveLength(1);
    const again = world.settle(desk(WEST).settle(id, person('adopt')));
    await expect(again).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('by ann') });
  });

  it('when what was discarded is shipped once more', async () => {
    await world.crash(EAST);
    await world.crash(WEST);
    await begin('manual');
    await loseWrites(() => write('a', 'lost'));
    await passes(2);
    const [row] = await rows(WEST, QUARANTINE);
    await world.settle(desk(WEST).settle('a#0000000001#000000000001', person('discard')));
    if (row) await world.stores[WEST]?.write({ kind: 'put', item: row });
    await world.settle(desk(WEST).settle('a#0000000001#000000000001', person('adopt')));
    expect(await audit(WEST)).toMatchObject([{ action: 'discarded', by: 'ann' }]);
    expect(await world.value(WEST, 'a')).toBeNull();
    expect(await waiting(WEST)).toEqual([]);
  });
});

describe('the way home', () => {
  it('is closed while the home region has commits that it has not shipped', async () => {
    world.at(EAST).peer.state = 'refused';
    await write('a', 'lost');
    await world.crash(EAST);
    world.loseStore(EAST);
    await world.move({ kind: 'failover', to: WEST });
    world.findStore(EAST);
    await expect(world.move({ kind: 'failback' })).rejects.toMatchObject({
      code: 'FAILOVER_REFUSED',
      message: expect.stringContaining('the receiver has 1 commits of its own that it has not shipped'),
    });
  });
});

describe('the way home, once a commit is quarantined,', () => {
  beforeEach(async () => {
    await world.crash(EAST);
    await world.crash(WEST);
    await begin('manual');
    await loseWrites(() => write('a', 'lost'));
  });

  it('is closed while quarantined commits wait, and says where to look', async () => {
    await passes(2);
    for (const kind of ['failback', 'switchover'] as const) {
      await expect(world.move({ kind, to: EAST })).rejects.toMatchObject({
        message: expect.stringContaining(
          '1 quarantined commits wait to be settled: holdfast quarantine list --cell c01',
        ),
      });
    }
    await world.settle(desk(WEST).settle('a#0000000001#000000000001', person('adopt')));
    expect(await world.move({ kind: 'failback' })).toMatchObject({ state: 'done', newEpoch: 3 });
  });

  it('is never closed to an unplanned failover', async () => {
    await passes(2);
    expect(await world.move({ kind: 'failover', to: EAST })).toMatchObject({ state: 'done', newEpoch: 3 });
    expect(await waiting(WEST)).toHaveLength(1);
  });
});

describe('a person', () => {
  const counter: ConflictRule = {
    prefix: 'a',
    merge: (present, commit) => {
      const change = commit.changes[0];
      const lost = change?.kind === 'put' ? String(change.data.value) : '';
      const now = String(present.items.get('value')?.value);
      if (now === 'closed') return { kind: 'person', why: 'it is closed' };
      return { kind: 'changes', changes: [{ kind: 'put', item: 'value', data: { value: `${now}+${lost}` } }] };
    },
  };
  const id = 'a#0000000001#000000000001';

  beforeEach(async () => {
    await world.crash(EAST);
    await world.crash(WEST);
    await begin('manual');
    await loseWrites(
      () => write('a', 'lost'),
      async () => void (await world.put(WEST, { key: 'a', value: 'newer' })),
    );
    await passes(2);
  });

  it('sees the commit beside the present state', async () => {
    expect((await world.settle(desk(WEST).list())).rows.map((row) => row.id)).toEqual([id]);
    expect(await world.settle(desk(WEST).show(id))).toMatchObject({
      standing: { state: 'diverged' },
      present: { epoch: 2, version: 1 },
      items: [{ item: 'value', quarantined: { value: 'lost' }, present: { value: 'newer' } }],
      merge: null,
    });
  });

  it('may not adopt over what was written since: refused, with what changed', async () => {
    await expect(world.settle(desk(WEST).settle(id, person('adopt')))).rejects.toMatchObject({
      code: 'RECONCILE_REFUSED',
      effect: 'none',
      message: expect.stringContaining('value: it has {"value":"lost"}, now {"value":"newer"}'),
    });
    expect(await waiting(WEST)).toHaveLength(1);
  });

  it('merges by the declared function, and only where there is one', async () => {
    await expect(world.settle(desk(WEST).settle(id, person('merge')))).rejects.toMatchObject({
      code: 'RECONCILE_REFUSED',
      message: expect.stringContaining('declares no merge'),
    });
    world.at(WEST).cell.runtime.onConflict(counter);
    expect(await world.settle(desk(WEST).settle(id, person('merge')))).toMatchObject({
      action: 'merged',
      by: 'ann',
      reason: expect.stringContaining('asked the customer'),
    });
    expect(await world.value(WEST, 'a')).toBe('newer+lost');
  });

  it('discards with a reason that stays', async () => {
    await world.settle(desk(WEST).settle(id, person('discard')));
    expect(await audit(WEST)).toMatchObject([
      { action: 'discarded', by: 'ann', reason: 'asked the customer', takenInAs: null, commit: { version: 1 } },
    ]);
    expect(await world.value(WEST, 'a')).toBe('newer');
  });

  it('is sent to the owner by whoever is not', async () => {
    await expect(world.settle(desk(EAST).settle(id, person('discard')))).rejects.toMatchObject({
      code: 'LEASE_NOT_HELD',
    });
  });
});

/** The row of a commit that was settled, made again from its audit. */
async function quarantinedAgain(id: string | undefined) {
  const row = (await rows(EAST, RECONCILED)).find((item) => item.sk === id);
  return { pk: QUARANTINE, sk: String(id), commit: row?.commit, fenceEpoch: 2, at: 1 };
}
