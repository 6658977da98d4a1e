/** The functions beside a cell's services, as Lambda calls them: by stream, by schedule, as a doorbell. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { addressKey, announce, parseServiceUrls } from '../../cell/functions/address-book.ts';
import { metricsLine } from '../../cell/functions/emit-metrics.ts';
import { bounded, isScheduled } from '../../cell/functions/invocation.ts';
import { replicatorTurn } from '../../cell/functions/replicator-turn.ts';
import { type StreamRecord, shipBatch } from '../../cell/functions/stream-batch.ts';
import { readFence } from '../../cell/store/raise-fence.ts';
import { journalPk } from '../../cell/store/table-layout.ts';
import type { Item } from '../../cell/table/table.ts';
import { PlatformError } from '../../core/errors.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { type Environment, Environments, urlsOf } from '../doubles/environments.ts';
import { noDeadline } from '../doubles/faulty-table.ts';
import { CELL, EAST, type TwoRegions, WEST } from '../doubles/two-regions.ts';

let all: Environments;
let world: TwoRegions;
let replicator: Environment;

beforeEach(async () => {
  all = new Environments();
  world = all.world;
  await all.begin();
  replicator = all.environment(EAST, { hearsPeer: true });
});

async function journal(): Promise<readonly Item[]> {
  const pages = [0, 1, 2, 3].map((shard) => replicator.own.query(journalPk(shard), { limit: 100, ...noDeadline }));
  return (await Promise.all(pages)).flatMap(({ items }) => items);
}

let sequence = 0;
const recordOf = ({ pk, sk }: { pk: string; sk: string }, eventName = 'INSERT'): StreamRecord => ({
  eventName,
  dynamodb: { SequenceNumber: String(++sequence), Keys: { pk: { S: pk }, sk: { S: sk } } },
});

const ship = (records: readonly StreamRecord[]) =>
  world.settle(shipBatch(replicator.cell, records, replicator.invocation()));
const sweep = () => world.settle(replicatorTurn(replicator.cell, replicator.invocation()));

/** Writes while the peer is away, so that the journal holds them. */
async function leaveBehind(keys: readonly string[]): Promise<readonly StreamRecord[]> {
  const writer = all.environment(EAST);
  await writer.send('GET /stock/none');
  writer.peer.state = 'timeout';
  for (const key of keys) {
    const { store } = writer.cell.cell.runtime;
    const { head } = await store.read(key as never, noDeadline);
    const changes = [{ kind: 'put', item: 'value', data: { of: key } }] as const;
    await world.settle(
      store.commit(
        { aggregate: key as never, class: 'strict', expected: head, changes },
        { ack: 'local', ...noDeadline },
      ),
    );
  }
  return (await journal()).map((item) => recordOf(item));
}

const atPeer = async (key: string) =>
  (await replicator.peer.get({ pk: `AGG#${key}`, sk: 'ITEM#value' }, noDeadline)) !== null;

describe('a batch of the stream', () => {
  it('ships what the journal holds, and clears it', async () => {
    const records = await leaveBehind(['a', 'b', 'a']);
    expect(await ship(records)).toMatchObject({ shipped: 3, answer: { batchItemFailures: [] } });
    expect([await atPeer('a'), await atPeer('b'), await journal()]).toEqual([true, true, []]);
  });

  it('may come twice, and out of order', async () => {
    const records = await leaveBehind(['a', 'a', 'a', 'b']);
    await ship([...records].reverse());
    expect(await ship([...records, ...records])).toMatchObject({ shipped: 0, answer: { batchItemFailures: [] } });
    expect(await journal()).toEqual([]);
  });

  it('that names only a later commit brings the earlier ones along', async () => {
    const records = await leaveBehind(['a', 'a']);
    expect(await ship(records.slice(1))).toMatchObject({ shipped: 2 });
  });

  it('is not looked at for anything but entries that were put', async () => {
    const records = await leaveBehind(['a']);
    const calls = replicator.own.calls;
    const others = [recordOf({ pk: 'AGG#a', sk: 'HEAD' }), recordOf({ pk: 'JOURNAL#0', sk: 'a#1#1' }, 'REMOVE'), {}];
    expect(await ship(others)).toMatchObject({ shipped: 0, answer: { batchItemFailures: [] } });
    expect(replicator.own.calls).toBe(calls);
    expect(await ship(records)).toMatchObject({ shipped: 1 });
  });

  it('is reported from its first entry on when the peer does not answer, and is whole at the next try', async () => {
    const records = await leaveBehind(['a', 'b']);
    replicator.peer.state = 'timeout';
    const failures = [{ itemIdentifier: records[0]?.dynamodb?.SequenceNumber }];
    expect((await ship(records)).answer).toEqual({ batchItemFailures: failures });
    replicator.peer.state = 'up';
    expect((await ship(records)).answer).toEqual({ batchItemFailures: [] });
  });

  it('is reported, too, when the own store does not give the entries', async () => {
    const records = await leaveBehind(['a']);
    replicator.own.state = 'timeout';
    expect((await ship(records)).answer.batchItemFailures).toHaveLength(1);
  });

  it('with a poisoned entry ships the others and reports nothing: the sweep has it', async () => {
    const records = await leaveBehind(['a', 'poison', 'b', 'poison']);
    poison('poison');
    const { answer, poisoned } = await ship(records);
    expect(answer.batchItemFailures).toEqual([]);
    expect(poisoned.map(({ commit }) => [commit.aggregate, commit.version])).toEqual([['poison', 1]]);
    expect([await atPeer('a'), await atPeer('b'), await atPeer('poison')]).toEqual([true, true, false]);
    expect((await journal()).map(({ sk }) => sk.split('#')[0])).toEqual(['poison', 'poison']);
  });
});

/** The peer's store refuses this aggregate's writes themselves, as one that are too large. */
function poison(key: string): void {
  const { peer } = replicator;
  const original = peer.transact;
  peer.transact = (writes, bounds) => {
    const named = writes.some((write) => ('item' in write ? write.item.pk : write.key.pk) === `AGG#${key}`);
    if (!named) return original(writes, bounds);
    const message = 'too large';
    return Promise.reject(new PlatformError({ code: 'INTERNAL', kind: 'bug', effect: 'none', message }));
  };
}

describe('the schedule of the replicator', () => {
  it('sweeps what no doorbell told of', async () => {
    await leaveBehind(['a', 'b', 'c']);
    expect(await sweep()).toMatchObject({ failure: null, lagMs: expect.any(Number) });
    expect([await atPeer('c'), await journal()]).toEqual([true, []]);
  });

  it('says that the peer does not answer, and leaves everything where it is', async () => {
    await leaveBehind(['a']);
    replicator.peer.state = 'timeout';
    expect((await sweep()).failure).toMatch(/down/);
    expect(await journal()).toHaveLength(1);
    replicator.peer.state = 'up';
    await sweep();
    expect(await journal()).toEqual([]);
  });

  it('names a poisoned entry and ships the rest, each time', async () => {
    await leaveBehind(['a', 'poison']);
    poison('poison');
    expect((await sweep()).poisoned.map(({ commit }) => commit.aggregate)).toEqual(['poison']);
    expect(await atPeer('a')).toBe(true);
    await leaveBehind(['b']);
    await world.clock.advance(60_000);
    expect((await sweep()).poisoned).toHaveLength(1);
    expect(await atPeer('b')).toBe(true);
  });

  it("fences the peer's store once this region is the owner and can reach it", async () => {
    const west = all.environment(WEST, { hearsPeer: true });
    await world.move({ kind: 'failover', to: WEST });
    await world.settle(replicatorTurn(west.cell, west.invocation()));
    expect(await readFence(replicator.own, 4, noDeadline)).toEqual({ epoch: 2, active: WEST });
  });
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

  it('leaves figures that nobody knows out of its metrics', () => {
    const identity = { cell: CELL, region: EAST, peer: WEST };
    const line = JSON.parse(
      metricsLine(identity, { atMs: 1.4, figures: { LeaseHeld: 1, ReplicationLag: null }, release: 'r1' }),
    );
    expect(line).toMatchObject({ cell: CELL, region: EAST, release: 'r1', LeaseHeld: 1 });
    expect(line._aws.CloudWatchMetrics[0].Metrics).toEqual([{ Name: 'LeaseHeld', Unit: 'Count' }]);
  });

  it('tells a figure of 0 in the line, and sends no metric for it, which would cost', () => {
    const identity = { cell: CELL, region: EAST, peer: WEST };
    const line = JSON.parse(
      metricsLine(identity, { atMs: 1, figures: { OutboxWaiting: 0, Reconciled: 0 }, release: undefined }),
    );
    expect(line).toEqual({ cell: CELL, region: EAST, OutboxWaiting: 0, Reconciled: 0 });
  });

  it.each(['', '[]', '{"cart": "https://a"}', '{"cart": 1, "catalog": 2, "checkout": 3}'])(
    'is refused service URLs that are none: %s',
    (text) => {
      expect(() => parseServiceUrls(text)).toThrow(/HOLDFAST_SERVICE_URLS/);
    },
  );
});
