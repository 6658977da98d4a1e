/** A pinned lease under a failover: the fence of the old store moves it, and nothing else does. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { LeaseArbiter, leaseKey } from '../../cell/lease/lease-arbiter.ts';
import { InsideWatch } from '../../control/failover/automation/inside-signal.ts';
import { decide } from '../../control/failover/decide.ts';
import { PINNED_TTL_MS } from '../../core/lease.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';
import { type Environment, Environments } from '../doubles/environments.ts';
import { noDeadline } from '../doubles/faulty-table.ts';
import { CELL, EAST, type TwoRegions, WEST } from '../doubles/two-regions.ts';

const HOUR_MS = 3_600_000;
let all: Environments;
let world: TwoRegions;
let east: Environment;

beforeEach(async () => {
  all = new Environments();
  world = all.world;
  await all.begin();
  east = all.environment(EAST, { ttlMs: PINNED_TTL_MS });
  await world.settle(east.keep());
  await east.stock('mug', 5);
});

const lease = () => new LeaseArbiter(world.arbiter).read(CELL, noDeadline);
const request = { cell: CELL, to: WEST, kind: 'failover', decidedBy: 'test', reason: 'test' } as const;

describe('a cell with a pinned lease', () => {
  it('goes on however long the arbiter is away', async () => {
    expect(world.arbiter.peek(leaseKey(CELL))?.ttlMs).toBe('never');
    east.arbiter.state = 'timeout';
    east.freeze(HOUR_MS);
    expect((await east.stock('mug', 6)).status).toBe(200);
  });

  it('moves at once with its old store fenced, and the old region acknowledges nothing more', async () => {
    const west = all.environment(WEST, { ttlMs: PINNED_TTL_MS });
    const startedMs = world.clock.monotonicMs();
    expect((await world.move(request)).state).toBe('done');
    expect(world.clock.monotonicMs() - startedMs).toBeLessThan(1_000);
    expect((await east.stock('mug', 9)).status).toBeGreaterThanOrEqual(400);
    expect((await east.send('GET /stock/mug')).status).toBeGreaterThanOrEqual(400);
    expect((await west.send('GET /stock/mug')).body.available).toBe(5);
  });

  it('is not moved while its old store does not answer: the decision says why, and what can be done', async () => {
    world.hideFromOperator(EAST);
    await world.clock.advance(HOUR_MS);
    await expect(world.move(request)).rejects.toMatchObject({
      code: 'FAILOVER_REFUSED',
      message: expect.stringMatching(/pinned.*where that store answers.*economy/),
    });
    expect(await lease()).toMatchObject({ state: 'held', holder: EAST, epoch: 1 });
  });

  it('is not moved either when the store falls silent between the decision and the fence', async () => {
    const { coordinator, ports } = world.coordinator(WEST);
    const by = { ports, topology: defaultTopology({ cells: 1 }), clock: world.clock };
    const decision = await world.settle(decide(request, by));
    world.hideFromOperator(EAST);
    const failed = await world.settle(coordinator.run(decision));
    expect(failed.state).toBe('failed');
    expect(failed.log.at(-1)?.outcome).toMatch(/pinned/);
    expect(await lease()).toMatchObject({ state: 'held', holder: EAST, epoch: 1 });
  });

  it('gives automation no sign by its silence', async () => {
    const inside = new InsideWatch(world.clock);
    const seen = await lease();
    if (seen) inside.sawLease(seen);
    await world.clock.advance(HOUR_MS);
    if (seen) inside.sawLease(seen);
    expect([inside.signal(1_000).says, inside.isLate(1_000)]).toEqual(['unknown', false]);
  });
});
