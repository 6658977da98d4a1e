/** The protocol, end to end, on the real lease, store, replication and coordinator code; what is quarantined stays there. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { QUARANTINE, toQuarantined } from '../../cell/store/table-layout.ts';
import { epoch } from '../../core/ids.ts';
import { noDeadline } from '../doubles/faulty-table.ts';
import { CELL, EAST, TTL_MS, TwoRegions, WEST } from '../doubles/two-regions.ts';

let world: TwoRegions;
beforeEach(async () => {
  world = new TwoRegions({ reconcile: 'manual' });
  await world.clock.advance(2_000);
});
afterEach(async () => {
  await world.crash(EAST);
  await world.crash(WEST);
});

const standing = (region: typeof EAST) => world.at(region).cell.runtime.standing();
const quarantined = async (region: typeof EAST) => {
  const page = await world.stores[region]?.query(QUARANTINE, { ...noDeadline, limit: 100 });
  return (page?.items ?? []).map(toQuarantined);
};

describe('one region is active', () => {
  it('grants the first lease to the home region, at epoch 1', () => {
    expect(standing(EAST)).toEqual({ state: 'active', epoch: 1 });
    expect(standing(WEST)).toEqual({ state: 'standby', owner: EAST, epoch: 1 });
  });

  it('commits in the active region and refuses in the standby with the owner as a hint', async () => {
    expect(await world.put(EAST, { key: 'a', value: '1' })).toMatchObject({ epoch: 1, version: 1 });
    await expect(world.put(WEST, { key: 'a', value: '2' })).rejects.toMatchObject({
      code: 'LEASE_NOT_HELD',
      effect: 'none',
      details: { owner: EAST, epoch: 1 },
    });
  });

  it('replicates before it acknowledges when asked to', async () => {
    expect(await world.put(EAST, { key: 'a', value: '1', ack: 'replicated' })).toMatchObject({ ack: 'replicated' });
    expect(await world.value(WEST, 'a')).toBe('1');
  });

  it('replicates in the background otherwise', async () => {
    await world.put(EAST, { key: 'a', value: '1' });
    await world.clock.advance(100);
    expect(await world.value(WEST, 'a')).toBe('1');
  });

  it('stays active through a restart of its process, without a new epoch', async () => {
    await world.crash(EAST);
    world.start(EAST);
    await world.clock.advance(1_000);
    expect(standing(EAST)).toEqual({ state: 'active', epoch: 1 });
  });
});

describe('an answer of the owner', () => {
  const confirm = () => {
    const { store } = world.at(EAST).cell.runtime;
    return world.settle(store.confirmOwner(epoch(1), { deadlineAtMs: world.clock.monotonicMs() + 1_000 }));
  };

  it('is not given from a store that a takeover has fenced, although the lease still runs', async () => {
    await confirm();
    world.deaf.add(EAST);
    const record = await world.move({ kind: 'switchover' });
    expect([record.state, standing(EAST)]).toEqual(['done', { state: 'active', epoch: 1 }]);
    await expect(confirm()).rejects.toMatchObject({ code: 'LEASE_NOT_HELD', effect: 'none' });
  });

  it('is not given when the store does not say in time', async () => {
    world.at(EAST).own.state = 'timeout';
    await expect(confirm()).rejects.toMatchObject({ effect: 'unknown' });
  });
});

describe('failover', () => {
  it('with the old store reachable: fences it, drains it, loses nothing and does not wait', async () => {
    await world.put(EAST, { key: 'a', value: 'local only' });
    world.at(EAST).peer.state = 'refused';
    await world.put(EAST, { key: 'b', value: 'not replicated' });
    await world.crash(EAST);
    const startedMs = world.clock.monotonicMs();
    const record = await world.move({ kind: 'failover' });
    expect(record).toMatchObject({ state: 'done', fenced: true, drained: { complete: true }, newEpoch: 2 });
    expect(world.clock.monotonicMs() - startedMs).toBeLessThan(TTL_MS);
    expect(await world.value(WEST, 'b')).toBe('not replicated');
    expect(standing(WEST)).toEqual({ state: 'active', epoch: 2 });
  });

  it('with the region gone: waits out the lease, then opens under the next epoch', async () => {
    await world.put(EAST, { key: 'a', value: '1', ack: 'replicated' });
    world.loseStore(EAST);
    await world.crash(EAST);
    const startedMs = world.clock.monotonicMs();
    const record = await world.move({ kind: 'failover' });
    expect(record).toMatchObject({ state: 'done', fenced: false, newEpoch: 2 });
    expect(world.clock.monotonicMs() - startedMs).toBeGreaterThanOrEqual(TTL_MS * 1.1);
    expect(await world.put(WEST, { key: 'a', value: '2', ack: 'replicated' })).toMatchObject({
      degraded: 'unreplicated',
    });
  });

  it('never opens while the old holder still renews', async () => {
    world.hideFromOperator(EAST);
    const record = await world.move({ kind: 'failover' });
    expect(record.state).toBe('failed');
    expect(standing(EAST).state).toBe('active');
  });

  it('a paused writer that goes on after the takeover is refused by its lease check', async () => {
    const { store } = world.at(EAST).cell.runtime;
    world.loseStore(EAST);
    world.at(EAST).arbiter.state = 'timeout';
    await world.move({ kind: 'failover' });
    world.at(EAST).own.state = 'up';
    await expect(world.put(EAST, { key: 'z', value: 'zombie' })).rejects.toMatchObject({ code: 'LEASE_NOT_HELD' });
    expect((await store.read('z' as never, noDeadline)).head).toBeNull();
  });

  it('a write that was stuck in the store while the lease ran out is never acknowledged', async () => {
    const east = world.at(EAST);
    east.own.before = async (call) => {
      if (call === 'transact') await world.clock.sleep(TTL_MS * 2);
    };
    east.arbiter.state = 'timeout';
    const stuck = world.put(EAST, { key: 'z', value: 'late' });
    await expect(world.settle(stuck)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', effect: 'unknown' });
  });

  it('what the stale region had alone goes to quarantine, and its copy is repaired', async () => {
    await world.put(EAST, { key: 'a', value: 'both', ack: 'replicated' });
    world.at(EAST).peer.state = 'timeout';
    await world.put(EAST, { key: 'a', value: 'east alone' });
    await world.put(EAST, { key: 'new', value: 'east alone' });
    world.loseStore(EAST);
    world.at(EAST).arbiter.state = 'timeout';
    await world.move({ kind: 'failover' });
    await world.put(WEST, { key: 'a', value: 'west', ack: 'local' });
    // East comes back.
    await world.crash(EAST);
    world.at(WEST).peer.state = 'up';
    world.start(EAST);
    await world.clock.advance(10_000);
    expect((await quarantined(WEST)).map((entry) => entry.commit.changes[0])).toMatchObject([
      { data: { value: 'east alone' } },
      { data: { value: 'east alone' } },
    ]);
    expect(await world.value(EAST, 'a')).toBe('west');
    expect((await world.read(EAST, 'new')).head).toBeNull();
    expect(standing(EAST)).toEqual({ state: 'standby', owner: WEST, epoch: 2 });
  });
});

describe('switchover and failback', () => {
  it('moves the cell and loses nothing, then moves it back', async () => {
    await world.put(EAST, { key: 'a', value: '1' });
    expect(await world.move({ kind: 'switchover' })).toMatchObject({ state: 'done', newEpoch: 2 });
    expect(await world.value(WEST, 'a')).toBe('1');
    await world.put(WEST, { key: 'a', value: '2' });
    await expect(world.put(EAST, { key: 'a', value: 'x' })).rejects.toMatchObject({ effect: 'none' });
    expect(await world.move({ kind: 'failback' })).toMatchObject({ state: 'done', newEpoch: 3 });
    await world.clock.advance(1_000);
    expect(await world.value(EAST, 'a')).toBe('2');
    expect(standing(EAST)).toEqual({ state: 'active', epoch: 3 });
  });

  it('is refused while the old store does not answer', async () => {
    world.loseStore(EAST);
    await expect(world.move({ kind: 'switchover' })).rejects.toMatchObject({ code: 'FAILOVER_REFUSED' });
  });

  it('a holder whose store was fenced by a coordinator that gave up takes the cell again, under a higher epoch', async () => {
    const { ports } = world.coordinator(WEST);
    await ports.stores.close({ cell: CELL, region: EAST }, 2 as never, { withinMs: 1_000 });
    await world.clock.advance(3_000);
    expect(standing(EAST)).toEqual({ state: 'active', epoch: 3 });
    expect(await world.put(EAST, { key: 'a', value: '1' })).toMatchObject({ epoch: 3 });
  });
});

describe('a frozen store', () => {
  it('loses its lease, because only a region that can write renews', async () => {
    world.at(EAST).own.state = 'timeout';
    await world.clock.advance(TTL_MS);
    expect(standing(EAST).state).toBe('standby');
  });
});
