/** The stock of a product: nothing appears, nothing vanishes, and each order counts once whatever is repeated. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  openStock,
  RESERVATIONS_MAX,
  reserve,
  restock,
  SETTLED_MAX,
  type Settlement,
  type Stock,
  settle,
} from '../../services/checkout/stock.ts';

type Operation =
  | { readonly kind: 'reserve'; readonly orderId: string; readonly quantity: number }
  | { readonly kind: 'settle'; readonly orderId: string; readonly as: Settlement };

const orderId = fc.constantFrom('a', 'b', 'c', 'd');
const operations = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('reserve' as const), orderId, quantity: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constant('settle' as const), orderId, as: fc.constantFrom<Settlement>('sold', 'released') }),
  ),
  { maxLength: 30 },
);

function run(stock: Stock, operation: Operation): Stock {
  return operation.kind === 'reserve' ? reserve(stock, operation).stock : settle(stock, operation).stock;
}

describe('stock', () => {
  it('is conserved, and its reservations add up, whatever is done in whatever order', () => {
    fc.assert(
      fc.property(operations, fc.integer({ min: 0, max: 8 }), (all, available) => {
        let stock = openStock({ available, priceCents: 1 });
        for (const operation of all) {
          stock = run(stock, operation);
          const { level, reservations } = stock;
          expect(level.available + level.reserved + level.sold).toBe(available);
          expect(level.available).toBeGreaterThanOrEqual(0);
          expect([...reservations.values()].reduce((sum, quantity) => sum + quantity, 0)).toBe(level.reserved);
        }
      }),
    );
  });

  it('takes every operation twice as once', () => {
    fc.assert(
      fc.property(operations, (all) => {
        let once = openStock({ available: 8, priceCents: 1 });
        let twice = once;
        for (const operation of all) {
          once = run(once, operation);
          twice = run(run(twice, operation), operation);
        }
        expect(twice).toEqual(once);
      }),
    );
  });

  it('lets no order reserve after its end, not even one that never had a reservation', () => {
    const released = settle(openStock({ available: 5, priceCents: 1 }), { orderId: 'a', as: 'released' }).stock;
    expect(reserve(released, { orderId: 'a', quantity: 1 })).toEqual({ outcome: 'already-settled', stock: released });
  });

  it('keeps what is reserved and sold when it is counted again', () => {
    const reserved = reserve(openStock({ available: 5, priceCents: 1 }), { orderId: 'a', quantity: 2 }).stock;
    expect(restock(reserved, { available: 10, priceCents: 7 }).level).toEqual({
      available: 10,
      reserved: 2,
      sold: 0,
      stocked: 12,
      priceCents: 7,
    });
  });

  it('is bounded in reservations and in what it remembers', () => {
    let stock = openStock({ available: 10_000, priceCents: 1 });
    for (let n = 0; n < RESERVATIONS_MAX; n++) stock = reserve(stock, { orderId: `o${n}`, quantity: 1 }).stock;
    expect(reserve(stock, { orderId: 'more', quantity: 1 }).outcome).toBe('too-many-reservations');
    for (let n = 0; n < SETTLED_MAX + 50; n++) stock = settle(stock, { orderId: `o${n}`, as: 'sold' }).stock;
    expect(stock.settled).toHaveLength(SETTLED_MAX);
    expect(stock.level).toMatchObject({ reserved: 0, sold: RESERVATIONS_MAX });
  });
});
