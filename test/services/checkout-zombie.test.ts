/**
 * Checkout with a settler that stops in the middle and goes on when everything is over: the zombie. It may not undo what
 * was decided without it, nor hold or charge anything in the end.
 */
import { describe, expect, it } from '@jest/globals';
import { isConserved, orderId, Shop } from './shop.ts';

interface Paused {
  /** Resolves once the request stands still, or has ended before it got to the point. */
  readonly standsStill: Promise<void>;
  readonly goOn: () => void;
  readonly ended: Promise<unknown>;
}

/** A request that stops at its n-th point of contact with store or provider. What others do passes freely. */
function pausedAt(shop: Shop, point: number): Paused {
  let passed = 0;
  let goOn: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let reached: () => void = () => undefined;
  const standsStill = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const probe = async () => {
    if (++passed !== point) return;
    reached();
    await held;
  };
  shop.runtime.store.probe = probe;
  shop.provider.probe = probe;
  const ended = shop.buy().finally(() => {
    // A request that ended before the point was reached must not leave the trap to the next one.
    passed = Number.POSITIVE_INFINITY;
    reached();
  });
  return { standsStill, goOn, ended };
}

async function judge(shop: Shop): Promise<void> {
  const order = await shop.order();
  const { status } = order.body;
  expect(shop.provider.captures.length).toBeLessThanOrEqual(1);
  expect(shop.provider.state(orderId()) === 'captured').toBe(status === 'CONFIRMED');
  for (const sku of ['anchor-mug', 'last-compass']) {
    const stock = await shop.stock(sku);
    expect(isConserved(stock)).toBe(true);
    expect(stock.body.reserved).toBe(0);
  }
  expect((await shop.stock('anchor-mug')).body.sold).toBe(status === 'CONFIRMED' ? 2 : 0);
}

const POINTS = 44;

describe('a settler that stops and goes on when everything is over', () => {
  it('finds the decision of another one, whatever the step it stopped at', async () => {
    for (let point = 1; point <= POINTS; point++) {
      const shop = new Shop();
      await shop.put('anchor-mug', 2);
      await shop.put('last-compass', 1);
      const zombie = pausedAt(shop, point);
      await zombie.standsStill;
      await shop.buy();
      zombie.goOn();
      await zombie.ended;
      await shop.runtime.deliver();
      await judge(shop);
      expect((await shop.order()).body.status).toBe('CONFIRMED');
    }
  });

  it('does not confirm what another one rejected', async () => {
    for (let point = 1; point <= POINTS; point++) {
      const shop = new Shop();
      await shop.put('anchor-mug', 2);
      const zombie = pausedAt(shop, point);
      await zombie.standsStill;
      // The other settler is told "declined" if nothing was charged yet, "captured" if it was.
      shop.provider.declines = true;
      await shop.buy();
      shop.provider.declines = false;
      zombie.goOn();
      await zombie.ended;
      await shop.runtime.deliver();
      await judge(shop);
    }
  });

  it('does not reject what another one confirmed after it had seen an empty shelf', async () => {
    for (let point = 1; point <= POINTS; point++) {
      const shop = new Shop();
      await shop.put('anchor-mug', 2);
      await shop.put('last-compass', 2);
      const zombie = pausedAt(shop, point);
      await zombie.standsStill;
      const { send } = await import('./requests.ts');
      await send(shop.checkout, 'PUT /stock/last-compass', { body: { available: 9, priceCents: 12_900 } });
      await shop.buy();
      zombie.goOn();
      await zombie.ended;
      await shop.runtime.deliver();
      await judge(shop);
    }
  });
});
