/** The contract of the cell store as the services rely on it, on the double that their tests use and on the fenced store. */
import { describe, expect, it } from '@jest/globals';
import type { CellStore } from '../../cell/cell-store.ts';
import type { CommitDraft } from '../../core/commit.ts';
import { aggregateId, type Epoch, epoch } from '../../core/ids.ts';
import { MemoryRuntime } from '../doubles/memory-runtime.ts';
import { EAST, TwoRegions, WEST } from '../doubles/two-regions.ts';

interface World {
  /** Of the region that holds the lease, and of one that does not. */
  readonly active: CellStore;
  readonly standby: CellStore;
  readonly epoch: Epoch;
  readonly settle: <T>(promise: Promise<T>) => Promise<T>;
  readonly nowMs: () => number;
}

async function memoryWorld(): Promise<World> {
  const [active, standby] = [new MemoryRuntime(), new MemoryRuntime({ region: 'us-west-2', peer: 'us-east-1' })];
  standby.current = { state: 'standby', owner: null, epoch: null };
  const settle = <T>(promise: Promise<T>) => promise;
  return {
    active: active.store,
    standby: standby.store,
    epoch: epoch(7),
    settle,
    nowMs: () => active.clock.monotonicMs(),
  };
}

async function fencedWorld(): Promise<World> {
  const world = new TwoRegions();
  await world.clock.advance(5_000);
  const runtime = world.at(EAST).cell.runtime;
  const standing = runtime.standing();
  return {
    active: runtime.store,
    standby: world.at(WEST).cell.runtime.store,
    epoch: epoch(standing.epoch),
    settle: (promise) => world.settle(promise),
    nowMs: () => world.clock.monotonicMs(),
  };
}

const ID = aggregateId('order/acme/1');
const put = (value: number): CommitDraft['changes'] => [{ kind: 'put', item: 'value', data: { value } }];
const draft = (parts: Partial<CommitDraft>): CommitDraft => ({
  aggregate: ID,
  class: 'strict',
  expected: null,
  changes: put(1),
  ...parts,
});

describe.each([
  ['in memory', memoryWorld],
  ['fenced', fencedWorld],
])('the cell store, %s', (_name, open) => {
  const opened = async () => {
    const world = await open();
    const bounds = () => ({ deadlineAtMs: world.nowMs() + 60_000 });
    const store = (of: CellStore) => ({
      read: () => world.settle(of.read(ID, bounds())),
      commit: (parts: Partial<CommitDraft>) => world.settle(of.commit(draft(parts), { ...bounds(), ack: 'local' })),
    });
    return { world, active: store(world.active), standby: store(world.standby) };
  };

  it('reads what nobody wrote as empty', async () => {
    const { active } = await opened();
    const read = await active.read();
    expect([read.head, read.items.size, read.idempotency.size]).toEqual([null, 0, 0]);
  });

  it('gives each commit the next version, under the epoch of the lease', async () => {
    const { active, world } = await opened();
    expect(await active.commit({})).toMatchObject({ epoch: world.epoch, version: 1, ack: 'local', degraded: null });
    const first = await active.read();
    expect(await active.commit({ expected: first.head, changes: put(2) })).toMatchObject({ version: 2 });
    const second = await active.read();
    expect(second.head).toMatchObject({
      epoch: world.epoch,
      version: 2,
      lineage: [{ epoch: world.epoch, version: 2 }],
    });
    expect(second.items).toEqual(new Map([['value', { value: 2 }]]));
  });

  it('refuses a commit on a head that moved, and writes nothing of it', async () => {
    const { active } = await opened();
    await active.commit({});
    const stale = { expected: null, changes: put(9), outbox: [{ id: 'm', topic: 't', body: {} }] };
    await expect(active.commit(stale)).rejects.toMatchObject({ code: 'VERSION_CONFLICT', effect: 'none' });
    expect((await active.read()).items.get('value')).toEqual({ value: 1 });
  });

  it('keeps the idempotency record with the change', async () => {
    const { active } = await opened();
    const idempotency = { key: 'k', fingerprint: 'f', response: { order: 1 } };
    await active.commit({ idempotency });
    expect((await active.read()).idempotency.get('k')).toEqual(idempotency);
  });

  it('takes an idempotency key once', async () => {
    const { active } = await opened();
    const idempotency = { key: 'k', fingerprint: 'f', response: { order: 1 } };
    await active.commit({ idempotency });
    const { head } = await active.read();
    const again = active.commit({ expected: head, idempotency });
    await expect(again).rejects.toMatchObject({ code: 'VERSION_CONFLICT', effect: 'none' });
  });

  it('deletes items and keeps the head', async () => {
    const { active } = await opened();
    await active.commit({});
    const { head } = await active.read();
    await active.commit({ expected: head, changes: [{ kind: 'delete', item: 'value' }] });
    const after = await active.read();
    expect([after.items.size, after.head?.version]).toEqual([0, 2]);
  });

  it('refuses a strict commit without a lease, and takes a mergeable one', async () => {
    const { standby } = await opened();
    await expect(standby.commit({})).rejects.toMatchObject({ code: 'LEASE_NOT_HELD', effect: 'none' });
    expect(await standby.commit({ class: 'mergeable' })).toMatchObject({ epoch: 0, version: 1 });
  });

  it('confirms who owns the cell under this epoch, and nobody else', async () => {
    const { world } = await opened();
    const confirm = (of: CellStore, as: Epoch) =>
      world.settle(of.confirmOwner(as, { deadlineAtMs: world.nowMs() + 60_000 }));
    await confirm(world.active, world.epoch);
    const refused = { code: 'LEASE_NOT_HELD', effect: 'none' };
    await expect(confirm(world.active, epoch(world.epoch + 1))).rejects.toMatchObject(refused);
    await expect(confirm(world.standby, world.epoch)).rejects.toMatchObject(refused);
  });

  it('refuses what is too large for one commit', async () => {
    const { active } = await opened();
    const changes = Array.from({ length: 51 }, (_, n) => ({ kind: 'put', item: `i${n}`, data: {} }) as const);
    await expect(active.commit({ changes })).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE', effect: 'none' });
  });

  it('does nothing past the deadline', async () => {
    const { world } = await opened();
    const late = { deadlineAtMs: world.nowMs() };
    const committed = world.settle(world.active.commit(draft({}), { ...late, ack: 'local' }));
    await expect(committed).rejects.toMatchObject({ effect: 'none' });
  });
});
