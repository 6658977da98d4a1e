/** Checkout: what a purchase comes to, told to its owner the same way however often it is asked. */
import { describe, expect, it } from '@jest/globals';
import { epoch, regionName } from '../../core/ids.ts';
import { noAnswer } from '../doubles/scripted-provider.ts';
import { isConserved, isOrder, orderId, Shop } from './shop.ts';

describe('checkout', () => {
  it('charges once, sells the stock, clears the cart, and ends its message', async () => {
    const shop = new Shop();
    await shop.put('anchor-mug', 2);
    await shop.put('tide-clock', 1);
    const bought = await shop.buy();
    expect([bought.status, bought.body.status, bought.body.totalCents]).toEqual([201, 'CONFIRMED', 2 * 1_450 + 9_900]);
    expect(shop.provider.captures.map(({ amountCents }) => amountCents)).toEqual([12_800]);
    expect((await shop.stock('anchor-mug')).body).toMatchObject({ available: 498, reserved: 0, sold: 2, stocked: 500 });
    expect(await shop.lines()).toEqual([]);
    expect(shop.runtime.store.pending()).toEqual([]);
    expect((await shop.order()).body).toEqual(bought.body);
  });

  it('answers a repeat of the same key with the same status and body, and charges nothing again', async () => {
    const shop = new Shop();
    await shop.put('anchor-mug', 2);
    const first = await shop.buy();
    await shop.put('anchor-mug', 9);
    const second = await shop.buy();
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    expect(shop.provider.captures).toHaveLength(1);
    expect(await shop.lines()).toEqual([{ sku: 'anchor-mug', quantity: 9 }]);
  });

  it('refuses a key that belongs to another purchase', async () => {
    const shop = new Shop();
    await shop.put('anchor-mug', 2);
    await shop.buy('k1');
    const other = await shop.buy('k1', { cart: 'c1', paymentMethod: 'visa' });
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });

  it('places one order for the same key sent twice at the same time', async () => {
    const shop = new Shop();
    await shop.put('anchor-mug', 2);
    const answers = await Promise.all([shop.buy(), shop.buy(), shop.buy()]);
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(shop.provider.captures).toHaveLength(1);
    expect((await shop.stock('anchor-mug')).body).toMatchObject({ available: 498, reserved: 0, sold: 2 });
  });

  it('freezes lines and prices when the order is placed', async () => {
    const shop = new Shop();
    await shop.put('anchor-mug', 1);
    shop.provider.probe = () => {
      throw noAnswer();
    };
    await shop.buy();
    const { send } = await import('./requests.ts');
    await send(shop.checkout, 'PUT /stock/anchor-mug', { body: { available: 5, priceCents: 99_999 } });
    shop.provider.probe = () => undefined;
    expect((await shop.buy()).body.totalCents).toBe(1_450);
  });

  it('refuses an empty cart and an unknown product without placing an order', async () => {
    const shop = new Shop();
    const empty = await shop.buy();
    expect([empty.status, empty.body.code, empty.body.effect]).toEqual([409, 'BUSINESS_REFUSED', 'none']);
    await shop.put('no-such-thing', 1);
    const unknown = await shop.buy();
    expect(unknown.status).toBe(409);
    expect(unknown.body.detail).toContain('no-such-thing');
    expect((await shop.order()).status).toBe(404);
  });

  it('rejects what is out of stock: charge key voided, reservations freed, cart kept', async () => {
    const shop = new Shop();
    await shop.put('anchor-mug', 2);
    await shop.put('last-compass', 2);
    const rejected = await shop.buy();
    expect([rejected.status, rejected.body.code]).toEqual([409, 'BUSINESS_REFUSED']);
    expect(rejected.body.order).toMatchObject({ status: 'REJECTED', reason: 'out-of-stock', sku: 'last-compass' });
    expect(shop.provider.state(orderId())).toBe('voided');
    expect((await shop.stock('anchor-mug')).body).toMatchObject({ available: 500, reserved: 0, sold: 0 });
    expect(await shop.lines()).toHaveLength(2);
    expect((await shop.buy()).body).toEqual(rejected.body);
    expect(shop.runtime.store.pending()).toEqual([]);
  });

  it('rejects what the provider declines, and frees the stock', async () => {
    const shop = new Shop();
    shop.provider.declines = true;
    await shop.put('anchor-mug', 2);
    const rejected = await shop.buy();
    expect(rejected.body.order).toMatchObject({ status: 'REJECTED', reason: 'payment-declined' });
    expect((await shop.stock('anchor-mug')).body).toMatchObject({ available: 500, reserved: 0, sold: 0 });
  });

  it('answers 202 with the order when the provider charged and never answered; the outbox settles it with one capture', async () => {
    const shop = new Shop();
    await shop.put('anchor-mug', 2);
    shop.provider.probe = ({ phase }) => {
      if (phase === 'after') throw noAnswer();
    };
    const pending = await shop.buy();
    expect([pending.status, pending.body.status, pending.headers.get('location')]).toEqual([
      202,
      'PENDING',
      `/orders/${orderId()}`,
    ]);
    shop.provider.probe = () => undefined;
    expect(await shop.runtime.deliver()).toEqual([]);
    expect((await shop.order()).body.status).toBe('CONFIRMED');
    expect(shop.provider.captures).toHaveLength(1);
    expect(shop.runtime.store.pending()).toEqual([]);
  });

  it('keeps the message while the provider is away, and hands the failure to whoever delivers', async () => {
    const shop = new Shop();
    await shop.put('anchor-mug', 2);
    shop.provider.probe = () => {
      throw noAnswer();
    };
    expect((await shop.buy()).status).toBe(202);
    expect(await shop.runtime.deliver()).toHaveLength(1);
    expect(shop.runtime.store.pending()).toHaveLength(1);
    expect((await shop.stock('anchor-mug')).body).toMatchObject({ available: 498, reserved: 2 });
  });

  it('does not charge when the region lost the cell after it had placed the order', async () => {
    const shop = new Shop();
    await shop.put('anchor-mug', 2);
    shop.runtime.store.probe = ({ kind, phase, aggregate }) => {
      const reserved = kind === 'commit' && phase === 'after' && aggregate.startsWith('stock/');
      if (reserved) shop.runtime.current = { state: 'standby', owner: regionName('us-west-2'), epoch: epoch(8) };
    };
    expect((await shop.buy()).status).toBe(202);
    expect(shop.provider.calls).toEqual([]);
  });

  it('does not charge when the region lost the cell and got it back under another epoch', async () => {
    const shop = new Shop();
    await shop.put('anchor-mug', 2);
    shop.runtime.store.probe = ({ kind, phase, aggregate }) => {
      if (kind === 'commit' && phase === 'after' && aggregate.startsWith('stock/')) {
        shop.runtime.current = { state: 'active', epoch: epoch(9) };
      }
    };
    expect((await shop.buy()).status).toBe(202);
    expect(shop.provider.calls).toEqual([]);
  });

  it('does not charge when no time is left to record what came of it', async () => {
    const shop = new Shop();
    await shop.put('anchor-mug', 2);
    const pending = await shop.buy('k1', { cart: 'c1' }, { 'x-deadline-ms': '350' });
    expect(pending.status).toBe(202);
    expect(shop.provider.calls).toEqual([]);
    await shop.runtime.deliver();
    expect((await shop.order()).body.status).toBe('CONFIRMED');
  });

  it('says OUTCOME_UNKNOWN with the key when it is not known whether the order stands', async () => {
    const shop = new Shop();
    await shop.put('anchor-mug', 2);
    const { outcomeUnknown } = await import('../../cell/store/store-refusals.ts');
    shop.runtime.store.probe = ({ kind, phase, aggregate }) => {
      if (kind === 'commit' && phase === 'after' && isOrder(aggregate)) throw outcomeUnknown('The store fell silent.');
    };
    const unknown = await shop.buy('k-77');
    expect(unknown.status).toBe(503);
    expect(unknown.body).toMatchObject({ code: 'OUTCOME_UNKNOWN', effect: 'unknown', idempotencyKey: 'k-77' });
    shop.runtime.store.probe = () => undefined;
    expect((await shop.buy('k-77')).status).toBe(201);
    expect(shop.provider.captures).toHaveLength(1);
  });

  it('says that an order stands in one region only', async () => {
    const shop = new Shop();
    await shop.put('anchor-mug', 2);
    shop.runtime.store.degraded = 'unreplicated';
    expect((await shop.buy()).headers.get('x-degraded')).toBe('unreplicated');
  });

  it('gives the last piece to one of many, and keeps the stock conserved', async () => {
    const shop = new Shop();
    await shop.put('last-compass', 1);
    const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((key) => shop.buy(key)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    expect(shop.provider.captures).toHaveLength(1);
    const stock = await shop.stock('last-compass');
    expect(stock.body).toMatchObject({ available: 0, reserved: 0, sold: 1 });
    expect(isConserved(stock)).toBe(true);
  });
});
