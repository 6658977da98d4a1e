/** How stock and orders merge what arrived too late: each operation again on the present, or nothing, or a person. */
import { describe, expect, it } from '@jest/globals';
import type { ConflictRule, MergeResult } from '../../cell/cell-store.ts';
import type { Aggregate, Change, Commit } from '../../core/commit.ts';
import { type AggregateId, aggregateId, regionName, tenantId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { confirmed, type Order, placeOrder, rejected, rejecting, settledOrder } from '../../services/checkout/order.ts';
import { orderConflict } from '../../services/checkout/order-conflict.ts';
import { openStock, reserve, restock, type Stock, settle } from '../../services/checkout/stock.ts';
import { stockConflict } from '../../services/checkout/stock-conflict.ts';
import { decodeStock, stockChanges } from '../../services/checkout/stock-items.ts';

function aggregate(id: AggregateId, changes: readonly Change[]): Aggregate {
  const items = new Map<string, JsonObject>();
  for (const change of changes) if (change.kind === 'put') items.set(change.item, change.data);
  const head = { epoch: 2, version: 9, lineage: [{ epoch: 2, version: 9 }] };
  return { id, head, items, idempotency: new Map() };
}

function commit(id: AggregateId, changes: readonly Change[]): Commit {
  const revision = { epoch: 1, version: 4 };
  return {
    ...{
      aggregate: id,
      class: 'strict',
      ...revision,
      previous: { epoch: 1, version: 3 },
      lineage: [revision],
      changes,
    },
    ...{ origin: regionName('us-east-1'), idempotency: null, outbox: [], outboxDone: [], atMs: 0 },
  };
}

const merged = (rule: ConflictRule, present: Aggregate, lost: Commit): MergeResult => rule.merge(present, lost);

describe('a lost change of a stock', () => {
  const id = aggregateId('stock/acme/mug');
  const base = openStock({ available: 10, priceCents: 500 });
  const reserved = (stock: Stock, orderId: string, quantity: number) => reserve(stock, { orderId, quantity }).stock;
  const sold = (stock: Stock, orderId: string) => settle(stock, { orderId, as: 'sold' }).stock;
  const stored = (stock: Stock) => aggregate(id, stockChanges(null, stock));
  const lost = (before: Stock, after: Stock) => commit(id, stockChanges(before, after));

  function stockAfter(present: Stock, result: MergeResult): Stock | null {
    if (result.kind !== 'changes') return null;
    const items = new Map(stored(present).items);
    for (const change of result.changes) {
      if (change.kind === 'put') items.set(change.item, change.data);
      else items.delete(change.item);
    }
    return decodeStock({ ...stored(present), items }, 'mug');
  }

  it('is a reservation made again on what is left', () => {
    const present = reserved(base, 'other', 3);
    const after = stockAfter(present, merged(stockConflict, stored(present), lost(base, reserved(base, 'o1', 4))));
    expect(after?.level).toEqual({ available: 3, reserved: 7, sold: 0, stocked: 10, priceCents: 500 });
    expect([...(after?.reservations ?? [])].sort()).toEqual([
      ['o1', 4],
      ['other', 3],
    ]);
  });

  it('is for a person when the shelf no longer has it: never below nothing', () => {
    const present = reserved(base, 'other', 8);
    expect(merged(stockConflict, stored(present), lost(base, reserved(base, 'o1', 4)))).toEqual({
      kind: 'person',
      why: 'order o1 holds 4, and 2 are left',
    });
  });

  it('is nothing when the order did it again', () => {
    const present = sold(reserved(base, 'o1', 4), 'o1');
    const reservation = merged(stockConflict, stored(present), lost(base, reserved(base, 'o1', 4)));
    expect(reservation.kind).toBe('nothing');
    const held = reserved(base, 'o1', 4);
    expect(merged(stockConflict, stored(present), lost(held, sold(held, 'o1'))).kind).toBe('nothing');
  });

  it.each([
    ['sold', { available: 4, reserved: 2, sold: 4, stocked: 10 }],
    ['released', { available: 8, reserved: 2, sold: 0, stocked: 10 }],
  ] as const)('is a reservation %s, as it was then', (as, level) => {
    const held = reserved(base, 'o1', 4);
    const present = reserved(held, 'other', 2);
    const result = merged(stockConflict, stored(present), lost(held, settle(held, { orderId: 'o1', as }).stock));
    expect(stockAfter(present, result)?.level).toMatchObject(level);
    expect(stockAfter(present, result)?.settled).toEqual(['o1']);
  });

  it('is for a person when it sold what is not reserved now', () => {
    const held = reserved(base, 'o1', 4);
    expect(merged(stockConflict, stored(base), lost(held, sold(held, 'o1'))).kind).toBe('person');
  });

  it('is for a person when it counted the shelf', () => {
    const counted = restock(base, { available: 99, priceCents: 500 });
    expect(merged(stockConflict, stored(reserved(base, 'x', 1)), lost(base, counted)).kind).toBe('person');
  });
});

describe('a lost change of an order', () => {
  const purchase = { tenant: tenantId('acme'), idempotencyKey: 'k', cart: 'c1', paymentMethod: null };
  const pending = placeOrder(purchase, { lines: [], placedAtMs: 1 });
  const id = aggregateId(`order/acme/${pending.orderId}`);
  const put = (order: Order): readonly Change[] => [
    { kind: 'put', item: 'order', data: order as unknown as JsonObject },
  ];
  const bought = confirmed(pending) as Order & { readonly status: 'CONFIRMED' };
  const declining = rejecting(pending, { reason: 'payment-declined', sku: null });
  const declined = rejected(declining as Order & { readonly status: 'REJECTING' });
  const kindOf = (lost: Order, now: Order | null) =>
    merged(orderConflict, aggregate(id, now ? put(now) : []), commit(id, put(lost))).kind;

  it('is nothing where the line came to the same', () => {
    expect(kindOf(pending, bought)).toBe('nothing');
    expect(kindOf(bought, settledOrder(bought))).toBe('nothing');
    expect(kindOf(declined, declining)).toBe('nothing');
  });

  it('is for a person where the customer was told two things, or the line has not decided', () => {
    expect(kindOf(bought, declined)).toBe('person');
    expect(kindOf(declined, bought)).toBe('person');
    expect(kindOf(bought, pending)).toBe('person');
    expect(kindOf(bought, null)).toBe('person');
    expect(kindOf(bought, { ...pending, fingerprint: 'another purchase' })).toBe('person');
  });
});
