/**
 * The services on the real fenced store, replication, outbox and failover, in memory and on a fake clock: what a shopper
 * was told in one region holds in the other one.
 */
import { describe, expect, it } from '@jest/globals';
import type { RegionName } from '../../core/ids.ts';
import { createCartApp } from '../../services/cart/app.ts';
import { createCheckoutApp } from '../../services/checkout/app.ts';
import type { ServiceApp } from '../../services/http/service-app.ts';
import { noAnswer, ScriptedProvider } from '../doubles/scripted-provider.ts';
import { EAST, TwoRegions, WEST } from '../doubles/two-regions.ts';
import { type RequestOptions, type Sent, send } from './requests.ts';
import { orderId } from './shop.ts';

interface Apps {
  readonly cart: ServiceApp;
  readonly checkout: ServiceApp;
}

class TwoShops {
  readonly world = new TwoRegions();
  readonly provider = new ScriptedProvider();
  readonly #apps = new Map<RegionName, Apps>([
    [EAST, this.#open(EAST)],
    [WEST, this.#open(WEST)],
  ]);

  #open(region: RegionName): Apps {
    const { runtime } = this.world.at(region).cell;
    return { cart: createCartApp(runtime), checkout: createCheckoutApp(runtime, this.provider) };
  }

  /** Lets the first lease be taken. */
  async ready(): Promise<this> {
    await this.world.clock.advance(5_000);
    return this;
  }

  send(region: RegionName, line: string, options?: RequestOptions): Promise<Sent> {
    const apps = this.#apps.get(region);
    if (!apps) throw new Error(`no apps in ${region}`);
    return this.world.settle(send(line.includes('/carts') ? apps.cart : apps.checkout, line, options));
  }

  put(region: RegionName, sku: string, quantity: number): Promise<Sent> {
    return this.send(region, `PUT /carts/c1/items/${sku}`, { body: { quantity } });
  }

  buy(region: RegionName, key = 'k1'): Promise<Sent> {
    return this.send(region, 'POST /checkout', { body: { cart: 'c1' }, headers: { 'idempotency-key': key } });
  }
}

const silent = () => {
  throw noAnswer();
};

describe('the shop in two regions', () => {
  it('sells in the active region and sends the router there from the other one', async () => {
    const shop = await new TwoShops().ready();
    await shop.put(EAST, 'anchor-mug', 2);
    const bought = await shop.buy(EAST);
    expect([bought.status, bought.headers.get('x-degraded')]).toEqual([201, null]);
    const elsewhere = await shop.buy(WEST);
    expect([elsewhere.status, elsewhere.body.code, elsewhere.headers.get('x-holdfast-owner')]).toEqual([
      421,
      'NOT_ACTIVE',
      EAST,
    ]);
  });

  it('shows a cart that both regions filled the same in both', async () => {
    const shop = await new TwoShops().ready();
    await shop.put(EAST, 'anchor-mug', 2);
    await shop.put(WEST, 'tide-clock', 1);
    await shop.world.clock.advance(3_000);
    const [east, west] = [await shop.send(EAST, 'GET /carts/c1'), await shop.send(WEST, 'GET /carts/c1')];
    expect(east.body.lines).toHaveLength(2);
    expect(west.body).toEqual(east.body);
  });

  it('finishes in the new region what the old one left pending, with one capture', async () => {
    const shop = await new TwoShops().ready();
    await shop.put(EAST, 'anchor-mug', 2);
    shop.provider.probe = ({ phase }) => {
      if (phase === 'after') silent();
    };
    expect((await shop.buy(EAST)).status).toBe(202);
    await shop.world.move({ kind: 'failover' });
    shop.provider.probe = () => undefined;
    await shop.world.clock.advance(10_000);
    const order = await shop.send(WEST, `GET /orders/${orderId()}`);
    expect(order.body.status).toBe('CONFIRMED');
    expect(shop.provider.captures).toHaveLength(1);
    expect((await shop.send(WEST, 'GET /stock/anchor-mug')).body).toMatchObject({
      available: 498,
      reserved: 0,
      sold: 2,
    });
  });

  it('answers a repeat in the new region as the old one would have', async () => {
    const shop = await new TwoShops().ready();
    await shop.put(EAST, 'anchor-mug', 2);
    const first = await shop.buy(EAST);
    await shop.world.move({ kind: 'failover' });
    const repeat = await shop.buy(WEST);
    expect([repeat.status, repeat.body]).toEqual([201, first.body]);
    expect(shop.provider.captures).toHaveLength(1);
  });

  /** The cell moves while the old region's charge is on its way: by its clock the lease is still good. Then comes `then`. */
  const movedDuringTheCharge = (shop: TwoShops, then: () => Promise<void> = async () => undefined): Promise<Sent> => {
    shop.provider.probe = async ({ kind, phase }) => {
      if (kind !== 'charge' || phase !== 'before') return;
      shop.provider.probe = () => undefined;
      await shop.world.move({ kind: 'failover' });
      await then();
    };
    return shop.buy(EAST);
  };

  it('lets a charge of a region that does not know yet that it lost the cell be the one that counts', async () => {
    const shop = await new TwoShops().ready();
    await shop.put(EAST, 'anchor-mug', 2);
    expect((await movedDuringTheCharge(shop)).status).toBe(202);
    expect(shop.provider.state(orderId())).toBe('captured');
    expect((await shop.buy(WEST)).body.status).toBe('CONFIRMED');
    expect(shop.provider.captures).toHaveLength(1);
    expect((await shop.buy(EAST)).status).toBe(421);
  });

  it('bars the charge of a region that does not know yet that the order was rejected without it', async () => {
    const shop = await new TwoShops().ready();
    await shop.put(EAST, 'anchor-mug', 2);
    await movedDuringTheCharge(shop, async () => {
      shop.provider.declines = true;
      expect((await shop.buy(WEST)).status).toBe(409);
      shop.provider.declines = false;
    });
    expect(shop.provider.state(orderId())).toBe('voided');
    expect(shop.provider.captures).toEqual([]);
    expect((await shop.send(WEST, 'GET /stock/anchor-mug')).body).toMatchObject({
      available: 500,
      reserved: 0,
      sold: 0,
    });
  });

  it('charges nothing for the repeat of an order whose cell has moved, whatever the old region knows', async () => {
    const shop = await new TwoShops().ready();
    await shop.put(EAST, 'anchor-mug', 2);
    shop.provider.probe = silent;
    expect((await shop.buy(EAST)).status).toBe(202);
    await shop.world.move({ kind: 'failover' });
    shop.provider.probe = () => undefined;
    expect((await shop.buy(EAST)).status).toBe(421);
    expect(shop.provider.captures).toEqual([]);
  });
});
