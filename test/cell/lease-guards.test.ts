/** Guards of the lease that no drawn schedule needs soon enough: each test here fails when its guard is taken out. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Abandonment, failoverKey } from '../../cell/lease/abandonment.ts';
import { LeaseArbiter, leaseKey } from '../../cell/lease/lease-arbiter.ts';
import { LeaseKeeper } from '../../cell/lease/lease-keeper.ts';
import { replaceAggregate } from '../../cell/replication/replace-aggregate.ts';
import { raiseFence } from '../../cell/store/raise-fence.ts';
import { headItem, headKey } from '../../cell/store/table-layout.ts';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import { absent, type Table } from '../../cell/table/table.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { aggregateId, epoch } from '../../core/ids.ts';
import { firstGrant, holderValidityMs, type Lease, taken } from '../../core/lease.ts';
import { seededRng } from '../../core/rng.ts';
import { FaultyTable, noDeadline } from '../doubles/faulty-table.ts';
import { CELL, EAST, TTL_MS, WEST } from '../doubles/two-regions.ts';

const FENCE_SHARDS = 2;
const STEP_DEADLINE_MS = 15_000;
const rng = seededRng(1);
let clock: FakeClock;
let own: MemoryTable;
let arbiterTable: MemoryTable;
let arbiter: LeaseArbiter;

beforeEach(() => {
  clock = new FakeClock();
  own = new MemoryTable();
  arbiterTable = new MemoryTable();
  arbiter = new LeaseArbiter(arbiterTable);
});

const ours = firstGrant({ cell: CELL, holder: EAST, ttlMs: TTL_MS, ownFence: 0 });
const ourArbiter = () => arbiterTable;
const record = () => arbiter.read(CELL, noDeadline);
const fenceOwnStore = (at: number) =>
  raiseFence({ table: own, shards: FENCE_SHARDS, to: { epoch: epoch(at), active: null }, clock, rng }, noDeadline);
const saveChange = (version: number, state: 'running' | 'done') =>
  arbiterTable.write({
    kind: 'put',
    item: { ...failoverKey(CELL), version, state, stepDeadlineMs: STEP_DEADLINE_MS },
  });

function keeper(arbiterTable: Table = ourArbiter()): LeaseKeeper {
  const renewEveryMs = TTL_MS / 4;
  const limits = { ttlMs: TTL_MS, renewEveryMs, fenceShards: FENCE_SHARDS };
  const tables = { own, arbiter: new LeaseArbiter(arbiterTable), arbiterTable };
  return new LeaseKeeper({
    cell: CELL,
    region: EAST,
    home: EAST,
    ...limits,
    ...tables,
    clock,
    rng,
    onOpen: () => undefined,
    peerAnswered: () => false,
    onPeerBack: () => undefined,
  });
}

describe('a region that takes the lease', () => {
  it('takes an epoch above its own fence, also of an arbiter that was put back to an earlier day', () => {
    expect(taken(ours, { by: EAST, ttlMs: TTL_MS, ownFence: 7 }).epoch).toBe(8);
    expect(taken({ ...ours, epoch: epoch(9) }, { by: EAST, ttlMs: TTL_MS, ownFence: 7 }).epoch).toBe(10);
  });
});

describe('a renewal that is lost twice to twins of the own region', () => {
  it('counts from before the call that was lost first, for the record has moved since', async () => {
    const crowded = new FaultyTable(arbiterTable);
    const crowd = keeper(crowded);
    await crowd.step();
    crowded.before = async (call) => {
      if (call !== 'write') return;
      clock.jump(100);
      const seen = await record();
      if (seen?.state === 'held') await arbiter.replace(seen, { ...seen, counter: seen.counter + 1 }, noDeadline);
    };
    await crowd.step();
    expect(await record()).toMatchObject({ holder: EAST, counter: 3 });
    expect(crowd.status.validForMs).toBeCloseTo(holderValidityMs(TTL_MS) - 200);
  });
});

describe('a process that joins its region', () => {
  it('raises no fence that stands already, which would only disturb the writes of the others', async () => {
    await keeper().step();
    const counted = new FaultyTable(own);
    own = counted as unknown as MemoryTable;
    const writes: string[] = [];
    counted.before = (call) => void writes.push(call);
    const joining = keeper();
    await joining.step();
    expect(joining.standing()).toEqual({ held: true, epoch: 1 });
    expect(writes).not.toContain('transact');
  });
});

describe('a holder whose process began anew', () => {
  it('does not renew while its store is fenced above it, so that the lease can run out', async () => {
    await arbiter.replace(null, ours, noDeadline);
    await fenceOwnStore(2);
    await saveChange(1, 'running');
    const restarted = keeper();
    await restarted.step();
    expect(await record()).toEqual(ours satisfies Lease);
    expect(restarted.standing().held).toBe(false);
  });

  it('leaves the cell to a coordinator that is at work, and takes it back from one that is gone', async () => {
    const watch = new Abandonment({ arbiter: arbiterTable, clock });
    const isAbandoned = () => watch.isAbandoned(CELL, noDeadline);
    await saveChange(1, 'running');
    expect(await isAbandoned()).toBe(false);
    await clock.advance(STEP_DEADLINE_MS);
    await saveChange(2, 'running');
    expect(await isAbandoned()).toBe(false);
    await clock.advance(STEP_DEADLINE_MS + 1);
    expect(await isAbandoned()).toBe(true);
    await saveChange(3, 'done');
    expect(await isAbandoned()).toBe(true);
  });
});

describe('a region that opens', () => {
  it('does so only once its own store has taken its epoch, whatever it had read there before', async () => {
    /** Was fenced right after it was looked at. */
    class FencedMeanwhile extends MemoryTable {
      override async getMany() {
        return [];
      }
    }
    own = new FencedMeanwhile();
    await fenceOwnStore(5);
    const opening = keeper();
    await opening.step();
    expect(opening.standing()).toEqual({ held: true, epoch: 5 });
  });
});

describe('a repair', () => {
  it('is given up when the aggregate has moved since it was judged', async () => {
    const id = aggregateId('order-1');
    const head = (version: number) => ({ epoch: 1, version, lineage: [{ epoch: 1, version }] });
    const whole = (version: number) => ({
      aggregate: { id, head: head(version), items: new Map(), idempotency: new Map() },
      outbox: [],
    });
    await own.write({ kind: 'put', item: headItem(id, head(2)) });
    const target = { table: own, fenceShards: FENCE_SHARDS };
    const repair = (present: number) =>
      replaceAggregate({ target, present: whole(present), wanted: whole(5), fenceGuard: absent }, noDeadline);
    expect(await repair(1)).toBe(false);
    expect(await own.get(headKey(id))).toMatchObject({ version: 2 });
    expect(await repair(2)).toBe(true);
    expect(await own.get(headKey(id))).toMatchObject({ version: 5 });
  });
});

describe('the record of a lease', () => {
  it('is one item that nobody writes over unseen', async () => {
    await arbiter.replace(null, ours, noDeadline);
    const lost = await arbiter.replace(null, { ...ours, holder: WEST }, noDeadline);
    expect(lost).toEqual({ outcome: 'lost', existing: ours });
    expect((await arbiterTable.get(leaseKey(CELL)))?.holder).toBe(EAST);
  });
});
