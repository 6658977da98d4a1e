/** The functions beside a cell's services, as Lambda calls them: by stream, by schedule, as a doorbell. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { relayTurn } from '../../cell/functions/relay-turn.ts';
import { replicationTrouble, replicatorTurn } from '../../cell/functions/replicator-turn.ts';
import { type StreamRecord, shipBatch } from '../../cell/functions/stream-batch.ts';
import { readFence } from '../../cell/store/raise-fence.ts';
import { journalPk, quarantineItem } from '../../cell/store/table-layout.ts';
import type { Item } from '../../cell/table/table.ts';
import type { Commit } from '../../core/commit.ts';
import { PlatformError } from '../../core/errors.ts';
import { aggregateId } from '../../core/ids.ts';
import { type Environment, Environments } from '../doubles/environments.ts';
import { FaultyTable, noDeadline } from '../doubles/faulty-table.ts';
import { EAST, type TwoRegions, WEST } from '../doubles/two-regions.ts';

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

  it('beats once when there was nothing to ship, and again once something was', async () => {
    let beats = 0;
    replicator.peer.before = (call) => {
      if (call === 'write') beats += 1;
    };
    await sweep();
    expect(beats).toBe(1);
    await leaveBehind(['a']);
    beats = 0;
    await sweep();
    expect(beats).toBe(2);
  });

  it("looks at the peer's fence before it raises it: what stands is left alone", async () => {
    await sweep();
    const calls: string[] = [];
    const another = all.environment(EAST, { hearsPeer: true });
    another.peer.before = (call) => void calls.push(call);
    await world.settle(replicatorTurn(another.cell, another.invocation()));
    expect(calls).toEqual(['write', 'getMany']);
  });

  it("fences the peer's store once this region is the owner and can reach it", async () => {
    const west = all.environment(WEST, { hearsPeer: true });
    await world.move({ kind: 'failover', to: WEST });
    await world.settle(replicatorTurn(west.cell, west.invocation()));
    expect(await readFence(replicator.own, 4, noDeadline)).toEqual({ epoch: 2, active: WEST });
  });
});

describe('the schedule of the relay', () => {
  let relay: Environment;
  beforeEach(() => {
    relay = all.environment(EAST);
  });
  const turn = () => world.settle(relayTurn(relay.cell, relay.invocation()));

  it('asks for no lease while nothing waits, also when the peer does not answer', async () => {
    relay.peer.state = 'timeout';
    expect(await turn()).toEqual({ waiting: 0, settled: 0, left: 0 });
    expect([relay.arbiter.calls, relay.own.calls]).toEqual([0, 5]);
  });

  it.each([EAST, WEST])('settles what waits in the quarantine of %s', async (region) => {
    const revision = { epoch: 0, version: 1 };
    const id = 'stock/acme/mug#0000000000#000000000001';
    const commit: Commit = {
      ...{ aggregate: aggregateId('stock/acme/mug'), class: 'strict', ...revision, previous: null },
      ...{ lineage: [revision], origin: region, changes: [], idempotency: null, outbox: [], outboxDone: [], atMs: 0 },
    };
    const item = quarantineItem({ id, commit, fenceEpoch: 1, quarantinedAtMs: 0 });
    await new FaultyTable(world.stores[region] ?? world.arbiter).write({ kind: 'put', item }, noDeadline);
    const { settled, left } = await turn();
    expect(settled + left).toBe(1);
    expect(relay.arbiter.calls).toBeGreaterThan(0);
  });

  it('fails when its own store does not answer, and is seen to', async () => {
    relay.own.state = 'timeout';
    await expect(turn()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('what the replicator fails for', () => {
  it('is nothing while the peer has all there is', async () => {
    await leaveBehind(['a']);
    expect(replicationTrouble(await sweep())).toBeNull();
  });

  it('is a peer that does not take what waits', async () => {
    await leaveBehind(['a']);
    replicator.peer.state = 'timeout';
    expect(replicationTrouble(await sweep())).toMatchObject({
      code: 'PEER_UNREPLICATED',
      effect: 'none',
      message: expect.stringContaining('the sweep broke off'),
    });
  });

  it('is an entry that needs a person, each time', async () => {
    await leaveBehind(['poison']);
    poison('poison');
    expect(replicationTrouble(await sweep())?.message).toMatch(/1 entries are refused each time/);
  });

  it('is a commit that waits for longer than from one sweep to the next', () => {
    const at = (lagMs: number | null) => replicationTrouble({ lagMs, poisoned: [], failure: null });
    expect([at(60_000), at(null)]).toEqual([null, null]);
    expect(at(60_001)?.message).toMatch(/wait for 60001 ms, allowed are 60000/);
  });
});
