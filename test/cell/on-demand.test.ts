/** A cell that runs only while it is asked: frozen in between, one of several of its region, and never sure of the time. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { relayTurn } from '../../cell/functions/relay-turn.ts';
import { leaseKey } from '../../cell/lease/lease-arbiter.ts';
import { journalPk, outboxPk } from '../../cell/store/table-layout.ts';
import { tenantId } from '../../core/ids.ts';
import { CartService } from '../../services/cart/cart-service.ts';
import { type Environment, Environments } from '../doubles/environments.ts';
import { noDeadline } from '../doubles/faulty-table.ts';
import { CELL, EAST, TTL_MS, type TwoRegions, WEST } from '../doubles/two-regions.ts';

const HOUR_MS = 3_600_000;
let all: Environments;
let world: TwoRegions;
let east: Environment;
let west: Environment;

beforeEach(async () => {
  all = new Environments();
  world = all.world;
  await all.begin();
  east = all.environment(EAST);
  west = all.environment(WEST);
});

const toWest = () => world.move({ kind: 'failover', to: WEST });
const record = async () => world.arbiter.peek(leaseKey(CELL));
const isRefused = ({ status }: { status: number }) => status >= 400;

/** Lets the call that `at` names wait until `open` is called: the process is frozen there. */
function holdAt(environment: Environment, at: { readonly call: string; readonly when: 'before' | 'after' }) {
  const table = environment.own;
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const held = new Promise<void>((reached) => {
    const original = table.transact;
    if (at.when === 'before') {
      table.before = async (call) => {
        if (call !== at.call) return;
        reached();
        await gate;
      };
      return;
    }
    table.transact = async (...args) => {
      const result = await original(...args);
      reached();
      await gate;
      return result;
    };
  });
  return { held, open };
}

describe('one environment', () => {
  it('serves a write and a read of the region that holds the lease', async () => {
    expect(await east.stock('mug', 5)).toMatchObject({
      status: 200,
      headers: { 'x-cell-epoch': '1', 'x-region': EAST },
    });
    expect((await east.send('GET /stock/mug')).body).toMatchObject({ available: 5 });
  });

  it('refuses in the other region, and names the owner', async () => {
    expect(await west.send('GET /stock/mug')).toMatchObject({ status: 421, body: { code: 'NOT_ACTIVE' } });
  });

  it('leaves no journal entry of what its peer has confirmed', async () => {
    await east.stock('mug', 5);
    for (const shard of [0, 1, 2, 3]) {
      expect((await east.own.query(journalPk(shard), { limit: 10, ...noDeadline })).items).toEqual([]);
    }
  });

  it('asks the arbiter for a lease of another region at most about once a second', async () => {
    for (let n = 0; n < 50; n++) {
      await west.send('GET /stock/mug');
      await world.clock.advance(100);
    }
    // Five seconds, and the placement once.
    expect(west.arbiter.calls).toBeLessThanOrEqual(9);
  });

  it('renews well before the end of its lease, by the way', async () => {
    await east.stock('mug', 5);
    const before = Number((await record())?.counter);
    await world.clock.advance(TTL_MS * 0.7);
    await east.send('GET /stock/mug');
    expect(Number((await record())?.counter)).toBe(before + 1);
  });

  it('goes on while the arbiter is away, until its lease ends', async () => {
    await east.stock('mug', 5);
    east.arbiter.state = 'timeout';
    await world.clock.advance(TTL_MS * 0.5);
    expect((await east.send('GET /stock/mug')).status).toBe(200);
    await world.clock.advance(TTL_MS * 0.5);
    expect((await east.send('GET /stock/mug')).status).toBe(421);
  });
});

describe('many environments of one region', () => {
  it('hold the lease together after they have begun at once', async () => {
    const crowd = Array.from({ length: 20 }, () => all.environment(EAST));
    const answers = await world.settle(Promise.all(crowd.map((each) => each.invoke('GET /stock/none'))));
    expect(answers.map(({ status }) => status)).toEqual(crowd.map(() => 404));
    // Each looked, read the fence, and lost at most two races; nobody raised a fence that stood already.
    const writes = crowd.map((each) => each.arbiter.calls);
    expect(Math.max(...writes)).toBeLessThanOrEqual(5);
  });
});

describe('a failover', () => {
  it('is seen by the old region, which refuses, and by the new one, which serves what was acknowledged', async () => {
    await east.stock('mug', 5);
    expect((await toWest()).state).toBe('done');
    expect(isRefused(await east.stock('mug', 9))).toBe(true);
    expect(isRefused(await east.send('GET /stock/mug'))).toBe(true);
    const [answer, stored] = [await west.send('GET /stock/mug'), await west.stock('pot', 1)];
    expect([answer.status, answer.body.available, stored.status]).toEqual([200, 5, 200]);
    expect(stored.headers['x-cell-epoch']).toBe('2');
  });

  it('is heard of within one refused write', async () => {
    await east.stock('mug', 5);
    await toWest();
    await east.stock('mug', 9);
    const refused = await east.stock('mug', 9);
    expect(refused).toMatchObject({ status: 421, headers: { 'x-holdfast-owner': WEST } });
  });
});

describe('an environment that was frozen', () => {
  it.each(['before', 'after'] as const)(
    'in a write (%s it took effect) through the end of its lease and a takeover acknowledges nothing',
    async (when) => {
      await east.stock('mug', 5);
      const { held, open } = holdAt(east, { call: 'transact', when });
      const answer = east.invoke('PUT /stock/mug', { available: 77, priceCents: 100 });
      await held;
      // Its store is out of the operator's reach, so the lease is waited out.
      world.hideFromOperator(EAST);
      expect((await toWest()).state).toBe('done');
      open();
      const woken = await world.settle(answer);
      expect(isRefused(woken)).toBe(true);
      expect(woken.body.code).toMatch(
        when === 'after' ? /OUTCOME_UNKNOWN/ : /LEASE_NOT_HELD|NOT_ACTIVE|FENCE|OUTCOME_UNKNOWN/,
      );
      expect((await west.send('GET /stock/mug')).body.available).toBe(5);
    },
  );

  it('knows by its clock that its lease is over, also when the monotonic clock stood still', async () => {
    await east.stock('mug', 5);
    expect(east.cell.cell.runtime.standing().state).toBe('active');
    east.freeze(TTL_MS);
    expect(east.cell.cell.runtime.standing().state).toBe('standby');
  });

  it('serves again under the same epoch when nobody has taken the cell', async () => {
    await east.stock('mug', 5);
    east.freeze(HOUR_MS);
    expect(await east.send('GET /stock/mug')).toMatchObject({ status: 200, headers: { 'x-cell-epoch': '1' } });
  });

  it('in a strict read over a takeover that fenced its store does not answer with what it read', async () => {
    await east.stock('mug', 5);
    let reads = 0;
    east.own.before = async (call) => {
      // The first query is the read itself; what comes after it is the confirmation.
      if (call !== 'get' || reads++ > 0) return;
      await toWest();
      await west.stock('mug', 6);
    };
    expect(isRefused(await east.send('GET /stock/mug'))).toBe(true);
    expect(reads).toBeGreaterThan(0);
  });
});

describe('a peer that does not answer', () => {
  const isAlone = (answer: { headers: Readonly<Record<string, unknown>> }) =>
    answer.headers['x-degraded'] === 'unreplicated';

  it('is not gone because of time in which nobody asked it', async () => {
    await east.stock('mug', 1);
    east.peer.state = 'timeout';
    for (const available of [2, 3, 4]) expect((await east.stock('mug', available)).status).toBe(503);
    east.freeze(HOUR_MS);
    const woken = await east.stock('mug', 5);
    expect([woken.status, isAlone(woken)]).toEqual([503, false]);
  });

  it('is used again by the call after it has come back', async () => {
    await east.stock('mug', 1);
    east.peer.state = 'timeout';
    for (const available of [2, 3, 4]) await east.stock('mug', available);
    east.freeze(HOUR_MS);
    east.peer.state = 'up';
    await east.stock('mug', 5);
    const answer = await east.stock('mug', 6);
    expect([answer.status, isAlone(answer)]).toEqual([200, false]);
  });

  it('is gone once requests have found it silent for longer than a lease', async () => {
    await east.stock('mug', 1);
    east.peer.state = 'timeout';
    const answers = [];
    for (let passed = 0; passed < 1.5 * TTL_MS; passed += 300) {
      answers.push(await east.stock('mug', 2));
      await world.clock.advance(300);
    }
    expect(answers.slice(0, 5).some(isAlone)).toBe(false);
    expect(answers.at(-1)?.status).toBe(200);
    expect(answers.some(isAlone)).toBe(true);
  });
});

describe('a region that took over from a store that did not answer', () => {
  beforeEach(async () => {
    await east.stock('mug', 1);
    world.loseStore(EAST);
    west.peer.state = 'timeout';
    expect((await toWest()).state).toBe('done');
  });

  it('serves alone at once, in whichever environment', async () => {
    expect((await record())?.peer).toBe('lost');
    for (const each of [west, all.environment(WEST)]) {
      each.peer.state = 'timeout';
      const answer = await each.stock('mug', 2);
      expect([answer.status, answer.headers['x-degraded']]).toEqual([200, 'unreplicated']);
    }
  });

  it('does so no longer, in no environment, once one of them has had an answer', async () => {
    const other = all.environment(WEST);
    other.peer.state = 'timeout';
    await west.stock('mug', 2);
    await other.stock('mug', 3);
    west.peer.state = 'up';
    other.peer.state = 'up';
    await west.stock('mug', 4);
    await world.clock.advance(TTL_MS * 0.7);
    await west.send('GET /stock/mug');
    expect((await record())?.peer).toBeUndefined();
    await world.clock.advance(TTL_MS * 0.7);
    await other.send('GET /stock/mug');
    const answer = await other.stock('mug', 5);
    expect([answer.status, answer.headers['x-degraded']]).toEqual([200, undefined]);
  });
});

describe('an invocation that is cut by its time-out', () => {
  it('leaves an order that the relay of the region carries to its end', async () => {
    await east.stock('mug', 5);
    const relay = all.environment(EAST);
    // The environment dies in the call to the provider: its promise is never looked at again.
    east.provider.probe = () => new Promise(() => undefined);
    await world.settle(fillCart(east));
    void east.invoke('POST /checkout', { cart: 'c1' }, { 'idempotency-key': 'k1' }).catch(() => undefined);
    await world.clock.advance(100);
    expect(await outbox()).toBe(1);
    await world.settle(relayTurn(relay.cell, relay.invocation()));
    expect(await outbox()).toBe(0);
    expect(relay.provider.captures).toHaveLength(1);
  });
});

async function outbox(): Promise<number> {
  let waiting = 0;
  for (const shard of [0, 1, 2, 3]) {
    const bounds = { limit: 10, ...noDeadline };
    waiting += (await east.own.query(outboxPk(shard), bounds)).items.length;
  }
  return waiting;
}

async function fillCart(environment: Environment): Promise<void> {
  const { runtime } = environment.cell.cell;
  const carts = new CartService(runtime);
  await carts.setQuantity(
    { cart: 'c1', sku: 'mug', quantity: 1, tenant: tenantId('acme') },
    { ...noDeadline, idempotencyKey: null },
  );
}
