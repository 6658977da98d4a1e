/**
 * How a quarantined commit of a stock is merged into what others wrote since. What can be merged is what an order did:
 * every such operation is idempotent by order id and keeps available + reserved + sold = stocked, so it is simply done again
 * on the present stock. A count of the shelf says what was there *then*; only a person knows which of two counts holds.
 */
import type { ConflictRule, MergeResult } from '../../cell/cell-store.ts';
import type { Aggregate, Commit } from '../../core/commit.ts';
import { isPlatformError } from '../../core/errors.ts';
import { reserve, type Stock, settle } from './stock.ts';
import { decodeStock, RESERVATION_PREFIX, SETTLED_ITEM, STOCK_PREFIX, stockChanges } from './stock-items.ts';

export const stockConflict: ConflictRule = { prefix: STOCK_PREFIX, merge };

type Operation =
  | { readonly kind: 'reserve'; readonly orderId: string; readonly quantity: number }
  | { readonly kind: 'settle'; readonly orderId: string; readonly sold: number; readonly released: number };

function merge(present: Aggregate, commit: Commit): MergeResult {
  if (commit.changes.length === 0) return { kind: 'nothing', why: 'it repeated what was done already' };
  const operation = operationOf(commit);
  if (operation === null) return person('it counted the shelf anew, and others changed the stock since');
  const before = decodeStock(present, commit.aggregate.slice(commit.aggregate.lastIndexOf('/') + 1));
  if (before === null) return person('there is no such product any more');
  try {
    return operation.kind === 'reserve' ? reserveAgain(before, operation) : settleAgain(before, operation);
  } catch (error) {
    // The stock's own invariants: nothing negative, and the parts add up.
    if (isPlatformError(error)) return person(error.message);
    throw error;
  }
}

function reserveAgain(before: Stock, order: Extract<Operation, { kind: 'reserve' }>): MergeResult {
  const { outcome, stock } = reserve(before, order);
  switch (outcome) {
    case 'reserved':
      return { kind: 'changes', changes: stockChanges(before, stock) };
    case 'already-reserved':
    case 'already-settled':
      return { kind: 'nothing', why: `order ${order.orderId} is known to this stock` };
    case 'out-of-stock':
      return person(`order ${order.orderId} holds ${order.quantity}, and ${before.level.available} are left`);
    case 'too-many-reservations':
      return person('the stock has as many reservations as it may');
  }
}

function settleAgain(before: Stock, order: Extract<Operation, { kind: 'settle' }>): MergeResult {
  const { orderId, sold, released } = order;
  if (before.settled.includes(orderId)) return { kind: 'nothing', why: `order ${orderId} is settled here` };
  const held = before.reservations.get(orderId) ?? 0;
  if (held !== sold + released) {
    return person(`order ${orderId} settled ${sold + released} pieces, and ${held} are reserved for it now`);
  }
  const { stock } = settle(before, { orderId, as: sold > 0 ? 'sold' : 'released' });
  return { kind: 'changes', changes: stockChanges(before, stock) };
}

/** What the commit did, told by what it changed. */
function operationOf({ changes }: Commit): Operation | null {
  const puts = changes.flatMap((change) => (change.kind === 'put' ? [change] : []));
  const reserved = puts.filter(({ item }) => item.startsWith(RESERVATION_PREFIX));
  const [reservation] = reserved;
  const settled = puts.find(({ item }) => item === SETTLED_ITEM)?.data.last as
    | { readonly order: string; readonly sold: number; readonly released: number }
    | undefined;
  if (settled && !reservation) {
    const { order, sold, released } = settled;
    return { kind: 'settle', orderId: order, sold, released };
  }
  if (!reservation || reserved.length > 1) return null;
  const orderId = reservation.item.slice(RESERVATION_PREFIX.length);
  return { kind: 'reserve', orderId, quantity: Number(reservation.data.quantity) };
}

const person = (why: string): MergeResult => ({ kind: 'person', why });
