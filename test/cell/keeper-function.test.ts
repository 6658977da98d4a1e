/** The keeper's function, and what every function of a cell reads from its call and writes into its log. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { addressKey, announce, parseServiceUrls } from '../../cell/functions/address-book.ts';
import { metricsLine } from '../../cell/functions/emit-metrics.ts';
import { bounded, isScheduled } from '../../cell/functions/invocation.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { Environments, urlsOf } from '../doubles/environments.ts';
import { noDeadline } from '../doubles/faulty-table.ts';
import { CELL, EAST, type TwoRegions, WEST } from '../doubles/two-regions.ts';

let all: Environments;
let world: TwoRegions;

beforeEach(async () => {
  all = new Environments();
  world = all.world;
  await all.begin();
});

describe('the keeper', () => {
  it('takes a lease that was released to its region, as a doorbell and without one', async () => {
    const keeper = all.environment(WEST);
    await world.move({ kind: 'failover', to: WEST });
    expect(await world.settle(keeper.keep())).toMatchObject({ standing: { held: true, epoch: 2 } });
  });

  it('tells where the services are, and writes it only when it has changed', async () => {
    const keeper = all.environment(EAST);
    expect((await world.settle(keeper.keep())).announced).toBe(true);
    expect((await world.settle(keeper.keep())).announced).toBe(false);
    expect(world.arbiter.peek(addressKey({ cell: CELL, region: EAST }))).toMatchObject({
      ...urlsOf(EAST),
      release: 'r1',
    });
    const moved = { cell: CELL, region: EAST, urls: urlsOf(EAST), release: 'r2' };
    expect(await announce(world.arbiter, moved, noDeadline)).toBe(true);
  });

  it('tries again when the arbiter fails once, and fails when it does not answer at all', async () => {
    const keeper = all.environment(EAST);
    let failures = 2;
    keeper.arbiter.before = () => {
      keeper.arbiter.state = failures-- > 0 ? 'timeout' : 'up';
    };
    expect((await world.settle(keeper.keep())).standing.held).toBe(true);
    const cutOff = all.environment(EAST);
    cutOff.arbiter.state = 'timeout';
    await expect(world.settle(cutOff.keep())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('an invocation', () => {
  const identity = { cell: CELL, region: EAST, peer: WEST };

  it('is told when its time is over, with some left to end in order', async () => {
    const clock = new FakeClock();
    const told = bounded(clock, { getRemainingTimeInMillis: () => 10_000 }, async ({ signal }) => {
      await clock.sleep(60_000, signal).catch(() => undefined);
      return clock.monotonicMs();
    });
    await clock.advance(60_000);
    expect(await told).toBe(9_000);
  });

  it('is known to be scheduled by its shape', () => {
    expect(isScheduled({ version: '0', source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} })).toBe(
      true,
    );
    for (const other of [{}, null, 'doorbell', { source: 'operator' }]) expect(isScheduled(other)).toBe(false);
  });

  it('leaves figures that nobody knows out of its line', () => {
    const figures = { ReplicationLag: null, PoisonedEntries: 2 };
    const line = JSON.parse(metricsLine(identity, { atMs: 1.4, figures, release: 'r1' }));
    expect(line).toMatchObject({ cell: CELL, region: EAST, release: 'r1', PoisonedEntries: 2 });
    expect(line).not.toHaveProperty('ReplicationLag');
    expect(line._aws.CloudWatchMetrics[0].Metrics).toEqual([{ Name: 'PoisonedEntries', Unit: 'Count' }]);
  });

  it('tells what is in order in its line, and sends no metric for it, which would cost', () => {
    const figures = { LeaseHeld: 1, OutboxWaiting: 0, ReplicationLag: 4_999 };
    expect(JSON.parse(metricsLine(identity, { atMs: 1, figures }))).toEqual({ cell: CELL, region: EAST, ...figures });
    const late = JSON.parse(metricsLine(identity, { atMs: 1, figures: { ReplicationLag: 5_000 } }));
    expect(late._aws.CloudWatchMetrics[0].Metrics).toEqual([{ Name: 'ReplicationLag', Unit: 'Milliseconds' }]);
  });

  it.each(['', '[]', '{"cart": "https://a"}', '{"cart": 1, "catalog": 2, "checkout": 3}'])(
    'is refused service URLs that are none: %s',
    (text) => {
      expect(() => parseServiceUrls(text)).toThrow(/HOLDFAST_SERVICE_URLS/);
    },
  );
});
