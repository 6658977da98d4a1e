/**
 * The stock of one product, pure. Invariant: available + reserved + sold = stocked, and only restocking changes `stocked`.
 * Each order holds at most one reservation here, so every operation is idempotent by order id: reserving twice is
 * reserving once, a reservation that was settled is neither made again nor settled twice.
 */
import { invariant, PlatformError } from '../../core/errors.ts';

export interface StockLevel {
  readonly available: number;
  readonly reserved: number;
  readonly sold: number;
  readonly stocked: number;
  readonly priceCents: number;
}

export interface Stock {
  readonly level: StockLevel;
  /** Pieces held by order id. */
  readonly reservations: ReadonlyMap<string, number>;
  /** Ids of the orders settled last, oldest first: a late duplicate must find its own end, not begin anew. */
  readonly settled: readonly string[];
}

/** Orders that may hold a product at once; while the payment provider is away, more would only grow the aggregate. */
export const RESERVATIONS_MAX = 200;
/** A duplicate is at most one deadline late; a product settles fewer orders than this in that time. */
export const SETTLED_MAX = 256;

export type ReserveOutcome =
  | 'reserved'
  | 'already-reserved'
  | 'already-settled'
  | 'out-of-stock'
  | 'too-many-reservations';

export interface StockChange<Outcome> {
  readonly outcome: Outcome;
  readonly stock: Stock;
}

export function openStock(options: { available: number; priceCents: number }): Stock {
  const { available, priceCents } = options;
  const level = { available, reserved: 0, sold: 0, stocked: available, priceCents };
  return { level, reservations: new Map(), settled: [] };
}

export function reserve(stock: Stock, order: { orderId: string; quantity: number }): StockChange<ReserveOutcome> {
  const { orderId, quantity } = order;
  const { level, reservations } = stock;
  if (reservations.has(orderId)) return { outcome: 'already-reserved', stock };
  if (stock.settled.includes(orderId)) return { outcome: 'already-settled', stock };
  if (level.available < quantity) return { outcome: 'out-of-stock', stock };
  if (reservations.size >= RESERVATIONS_MAX) return { outcome: 'too-many-reservations', stock };
  const next = { ...level, available: level.available - quantity, reserved: level.reserved + quantity };
  return {
    outcome: 'reserved',
    stock: checked({ ...stock, level: next, reservations: including(reservations, orderId, quantity) }),
  };
}

export type Settlement = 'sold' | 'released';

/** Ends the order's part in this stock. Without a reservation only the end is noted, so that none is made later. */
export function settle(
  stock: Stock,
  order: { orderId: string; as: Settlement },
): StockChange<'settled' | 'already-settled'> {
  const { orderId, as } = order;
  if (stock.settled.includes(orderId)) return { outcome: 'already-settled', stock };
  const quantity = stock.reservations.get(orderId) ?? 0;
  const { level } = stock;
  const next = {
    ...level,
    reserved: level.reserved - quantity,
    available: level.available + (as === 'released' ? quantity : 0),
    sold: level.sold + (as === 'sold' ? quantity : 0),
  };
  const reservations = new Map(stock.reservations);
  reservations.delete(orderId);
  const settled = [...stock.settled, orderId].slice(-SETTLED_MAX);
  return { outcome: 'settled', stock: checked({ level: next, reservations, settled }) };
}

/** Sets what is on the shelf, counted now: what is reserved or sold is no longer there. */
export function restock(stock: Stock, counted: { available: number; priceCents: number }): Stock {
  const { reserved, sold } = stock.level;
  const stocked = counted.available + reserved + sold;
  return checked({ ...stock, level: { ...counted, reserved, sold, stocked } });
}

export function noSuchProduct(sku: string): PlatformError {
  return new PlatformError({
    code: 'NOT_FOUND',
    kind: 'caller',
    effect: 'none',
    message: `There is no product ${sku}. Create it with PUT /stock/${sku}, or order one of the catalogue.`,
  });
}

function including<V>(map: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> {
  return new Map([...map, [key, value]]);
}

function checked(stock: Stock): Stock {
  const { available, reserved, sold, stocked } = stock.level;
  invariant(available >= 0 && reserved >= 0 && sold >= 0, 'no part of a stock is negative');
  invariant(available + reserved + sold === stocked, 'available + reserved + sold = stocked');
  return stock;
}
