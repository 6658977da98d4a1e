/**
 * The three consistency classes while leadership is in doubt, on the real store, lease and replication: the table of
 * `docs/consistency.md`. Stock is strict, a product's title is leased, a cart is mergeable.
 */
import { describe, expect, it } from '@jest/globals';
import { raiseFence } from '../../cell/store/raise-fence.ts';
import { epoch, type RegionName } from '../../core/ids.ts';
import { seededRng } from '../../core/rng.ts';
import { createCartApp } from '../../services/cart/app.ts';
import { createCatalogApp } from '../../services/catalog/app.ts';
import { createCheckoutApp } from '../../services/checkout/app.ts';
import { type FaultyTable, noDeadline } from '../doubles/faulty-table.ts';
import { ScriptedProvider } from '../doubles/scripted-provider.ts';
import { EAST, TwoRegions, WEST } from '../doubles/two-regions.ts';
import { send } from './requests.ts';

type Answers = readonly string[];

async function answerOf(world: TwoRegions, region: RegionName, which: number): Promise<string> {
  const { runtime } = world.at(region).cell;
  const asks = [
    () =>
      send(createCheckoutApp(runtime, new ScriptedProvider()), 'PUT /stock/rope', {
        body: { available: 9, priceCents: 100 },
      }),
    () => send(createCatalogApp(runtime), 'PUT /products/rope', { body: { title: 'Rope' } }),
    () => send(createCartApp(runtime), 'PUT /carts/c1/items/rope', { body: { quantity: 1 } }),
  ];
  const ask = asks[which];
  if (!ask) throw new Error(`no class ${which}`);
  const { status, body, headers } = await world.settle(ask());
  if (status < 400) return 'ok';
  // Every refusal had no effect, and says where to go or when to come again.
  expect([body.effect, headers.has('retry-after') || headers.has('x-holdfast-owner')]).toEqual(['none', true]);
  return String(body.code);
}

const situations: readonly [string, RegionName, (world: TwoRegions) => Promise<unknown>, Answers][] = [
  ['at the holder, all well', EAST, async () => undefined, ['ok', 'ok', 'ok']],
  ['at the standby', WEST, async () => undefined, ['NOT_ACTIVE', 'NOT_ACTIVE', 'ok']],
  [
    'at the holder, the peer silent for less than a lease',
    EAST,
    (world) => {
      world.at(EAST).peer.state = 'timeout';
      return world.clock.advance(2_500);
    },
    ['PEER_UNREPLICATED', 'ok', 'ok'],
  ],
  [
    'at the holder, the arbiter gone and the lease still good',
    EAST,
    (world) => {
      world.at(EAST).arbiter.state = 'timeout';
      return world.clock.advance(1_000);
    },
    ['ok', 'ok', 'ok'],
  ],
  [
    'at the holder, its lease run out',
    EAST,
    (world) => {
      world.at(EAST).arbiter.state = 'timeout';
      return world.clock.advance(4_000);
    },
    ['NOT_ACTIVE', 'NOT_ACTIVE', 'ok'],
  ],
  [
    'at the holder, its store fenced above it before it knows',
    EAST,
    (world) => {
      const { clock } = world;
      const to = { epoch: epoch(9), active: null };
      const table = world.stores[EAST];
      if (!table) throw new Error('no store');
      return raiseFence({ table, shards: 4, to, clock, rng: seededRng(1) }, noDeadline);
    },
    ['NOT_ACTIVE', 'NOT_ACTIVE', 'ok'],
  ],
];

describe('in doubt: strict, leased, mergeable', () => {
  it.each(situations)('%s', async (_name, region, bring, expected) => {
    const answers: string[] = [];
    for (const which of [0, 1, 2]) {
      const world = new TwoRegions();
      await world.clock.advance(8_000);
      await bring(world);
      answers.push(await answerOf(world, region, which));
    }
    expect(answers).toEqual(expected);
  });

  it.each<[string, (world: TwoRegions) => FaultyTable, number, string]>([
    ['the peer is silent for less than a lease', (world) => world.at(EAST).peer, 2_500, 'PEER_UNREPLICATED'],
    ['nobody holds the lease, and nobody else is known to', (world) => world.at(EAST).arbiter, 4_000, 'NOT_ACTIVE'],
  ])(
    'a checkout is refused with a way forward when %s: the cart goes on, and the same request is one order',
    async (...of) => {
      const [, silent, waitMs, code] = of;
      const world = new TwoRegions();
      await world.clock.advance(8_000);
      const { runtime } = world.at(EAST).cell;
      const provider = new ScriptedProvider();
      const [cart, checkout] = [createCartApp(runtime), createCheckoutApp(runtime, provider)];
      const put = (sku: string) => world.settle(send(cart, `PUT /carts/c1/items/${sku}`, { body: { quantity: 1 } }));
      const order = { body: { cart: 'c1' }, headers: { 'idempotency-key': 'order-1' } };
      const buy = () => world.settle(send(checkout, 'POST /checkout', order));
      expect((await put('anchor-mug')).status).toBe(200);
      silent(world).state = 'timeout';
      await world.clock.advance(waitMs);
      const refused = await buy();
      expect([refused.status >= 400, refused.body.code, refused.body.effect]).toEqual([true, code, 'none']);
      expect(refused.headers.get('retry-after')).toBe('1');
      expect([refused.body.idempotencyKey, refused.body.repeat]).toEqual([
        'order-1',
        expect.stringMatching(/Nothing was changed. Repeat the same request with this idempotency key/),
      ]);
      expect((await put('tide-clock')).status).toBe(200);
      silent(world).state = 'up';
      await world.clock.advance(8_000);
      const [bought, again] = [await buy(), await buy()];
      expect([bought.status, again.body.order]).toEqual([201, bought.body.order]);
      expect(provider.captures).toHaveLength(1);
    },
  );

  it('a write under a lease needs no peer, so what only one region has may be lost with it; it is then set aside, not overwritten', async () => {
    const world = new TwoRegions();
    await world.clock.advance(8_000);
    world.at(EAST).peer.state = 'timeout';
    const { runtime } = world.at(EAST).cell;
    const put = send(createCatalogApp(runtime), 'PUT /products/rope', { body: { title: 'Rope' } });
    expect((await world.settle(put)).status).toBe(200);
    await world.crash(EAST);
    world.hideFromOperator(EAST);
    expect((await world.move({ kind: 'failover' })).state).toBe('done');
    world.start(EAST);
    await world.clock.advance(15_000);
    const store = world.stores[WEST];
    const kept = (
      await Promise.all(['QUARANTINE', 'RECONCILED'].map((pk) => store?.query(pk, { ...noDeadline, limit: 10 })))
    ).flatMap((page) => page?.items ?? []);
    expect(kept.length).toBeGreaterThan(0);
  });
});
