/**
 * Checkout under crashes: the request dies right before or right after each of its steps, and the outbox settles what it
 * left. Whatever the step: at most one capture, captured if and only if CONFIRMED, stock conserved, nothing held for ever.
 */
import { describe, expect, it } from '@jest/globals';
import { isConserved, orderId, Shop } from './shop.ts';

class Crash extends Error {}

/** Dies at the n-th point where the request touches the store or the provider, and stays dead. Returns the points passed. */
async function crashAt(shop: Shop, point: number): Promise<number> {
  let passed = 0;
  const dieHere = () => {
    if (++passed >= point) throw new Crash(`at point ${point}`);
  };
  shop.runtime.store.probe = dieHere;
  shop.provider.probe = dieHere;
  await shop.buy();
  shop.runtime.store.probe = () => undefined;
  shop.provider.probe = () => undefined;
  return passed;
}

async function shopWith(scenario: (shop: Shop) => Promise<unknown>): Promise<Shop> {
  const shop = new Shop();
  await scenario(shop);
  return shop;
}

const scenarios = {
  'a purchase that can be had': async (shop: Shop) => {
    await shop.put('anchor-mug', 2);
    await shop.put('tide-clock', 1);
  },
  'a purchase that is out of stock': async (shop: Shop) => {
    await shop.put('anchor-mug', 2);
    await shop.put('last-compass', 2);
  },
  'a purchase that is declined': async (shop: Shop) => {
    shop.provider.declines = true;
    await shop.put('anchor-mug', 2);
    await shop.put('tide-clock', 1);
  },
};

async function judge(shop: Shop): Promise<string> {
  const order = await shop.order();
  const status = order.status === 404 ? 'NONE' : String(order.body.status);
  expect(shop.provider.captures.length).toBeLessThanOrEqual(1);
  expect(shop.provider.state(orderId()) === 'captured').toBe(status === 'CONFIRMED');
  for (const sku of ['anchor-mug', 'tide-clock', 'last-compass']) {
    const stock = await shop.stock(sku);
    expect(isConserved(stock)).toBe(true);
    expect(stock.body.reserved).toBe(0);
  }
  const { sold } = (await shop.stock('anchor-mug')).body;
  expect(sold).toBe(status === 'CONFIRMED' ? 2 : 0);
  expect(shop.runtime.store.pending()).toEqual([]);
  return status;
}

describe.each(Object.entries(scenarios))('%s', (_name, scenario) => {
  it('comes to the same end wherever the request died', async () => {
    const undisturbed = await shopWith(scenario);
    const points = await crashAt(undisturbed, Number.POSITIVE_INFINITY);
    const end = await judge(undisturbed);
    expect(points).toBeGreaterThan(10);
    for (let point = 1; point <= points; point++) {
      const shop = await shopWith(scenario);
      await crashAt(shop, point);
      expect(await shop.runtime.deliver()).toEqual([]);
      expect([point, ['NONE', end]]).toEqual([point, expect.arrayContaining([await judge(shop)])]);
    }
  });

  it('comes to the same end when two settlers work on it at once', async () => {
    const end = await judge(await settledTwice(await shopWith(scenario), 0));
    for (let point = 1; point <= 20; point++) {
      const status = await judge(await settledTwice(await shopWith(scenario), point));
      expect([point, ['NONE', end]]).toEqual([point, expect.arrayContaining([status])]);
    }
  });
});

/** The request dies at `point`; then the outbox delivers twice at once while the client repeats its request. */
async function settledTwice(shop: Shop, point: number): Promise<Shop> {
  if (point > 0) await crashAt(shop, point);
  await Promise.all([shop.runtime.deliver(), shop.runtime.deliver(), point > 0 ? null : shop.buy()]);
  await shop.runtime.deliver();
  return shop;
}
