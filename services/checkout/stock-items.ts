/** How a stock lies in its aggregate: an item for the level, one for each reservation, one for the orders settled last. */
import type { Aggregate, Change } from '../../core/commit.ts';
import type { JsonObject } from '../../core/json.ts';
import { sampleCatalog } from '../sample-catalog.ts';
import { openStock, type Stock, type StockLevel } from './stock.ts';

export const STOCK_PREFIX = 'stock/';
export const SETTLED_ITEM = 'settled';
export const RESERVATION_PREFIX = 'reservation/';
const LEVEL_ITEM = 'level';

export function decodeStock(aggregate: Aggregate, sku: string): Stock | null {
  const level = aggregate.items.get(LEVEL_ITEM);
  if (level === undefined) {
    const product = sampleCatalog.get(sku);
    return product ? openStock({ available: product.openingStock, priceCents: product.priceCents }) : null;
  }
  const reservations = new Map<string, number>();
  for (const [item, data] of aggregate.items) {
    if (item.startsWith(RESERVATION_PREFIX))
      reservations.set(item.slice(RESERVATION_PREFIX.length), Number(data.quantity));
  }
  const settled = (aggregate.items.get(SETTLED_ITEM)?.orders ?? []) as readonly string[];
  return { level: level as unknown as StockLevel, reservations, settled };
}

/** Only what differs: a reservation must not rewrite the list of settled orders. */
export function stockChanges(before: Stock | null, after: Stock): Change[] {
  const changes: Change[] = [{ kind: 'put', item: LEVEL_ITEM, data: { ...after.level } }];
  for (const [orderId, quantity] of after.reservations) {
    if (before?.reservations.has(orderId)) continue;
    changes.push({ kind: 'put', item: RESERVATION_PREFIX + orderId, data: { quantity } });
  }
  for (const orderId of before?.reservations.keys() ?? []) {
    if (!after.reservations.has(orderId)) changes.push({ kind: 'delete', item: RESERVATION_PREFIX + orderId });
  }
  if (after.settled !== before?.settled && after.settled.length > 0) {
    changes.push({ kind: 'put', item: SETTLED_ITEM, data: { orders: after.settled, ...lastSettled(before, after) } });
  }
  return changes;
}

/** What became of the order that was settled: from the list alone nobody could do it again on another stock. */
function lastSettled(before: Stock | null, after: Stock): JsonObject {
  const order = after.settled.at(-1);
  if (before === null || order === undefined) return {};
  const sold = after.level.sold - before.level.sold;
  return { last: { order, sold, released: after.level.available - before.level.available } };
}
