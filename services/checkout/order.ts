/**
 * An order, pure. Problem: several settlers (the request, its repeat, the outbox, a region that lost the cell) may work on
 * one order, and money and stock live elsewhere. Rule: the *decision* is one commit of the order, and it comes first:
 *
 *   PENDING ── money captured ──▶ CONFIRMED ── stock sold ──────────────▶ settled
 *      └────── can't be had ────▶ REJECTING ── charge voided, stock freed ▶ REJECTED, settled
 *
 * Nothing is voided or freed before REJECTING stands, and CONFIRMED can't be reached from it; so no settler undoes
 * what another one confirmed.
 */
import { createHash } from 'node:crypto';
import type { TenantId } from '../../core/ids.ts';

export interface OrderLine {
  readonly sku: string;
  readonly quantity: number;
  readonly priceCents: number;
}

export type RejectReason = 'out-of-stock' | 'too-many-reservations' | 'payment-declined';

interface OrderFacts {
  readonly orderId: string;
  readonly cart: string;
  readonly paymentMethod: string | null;
  /** Frozen when the order was placed. */
  readonly lines: readonly OrderLine[];
  readonly totalCents: number;
  readonly idempotencyKey: string;
  readonly fingerprint: string;
  /** Wall clock, for people. */
  readonly placedAtMs: number;
}

export type OrderState =
  | { readonly status: 'PENDING' }
  | { readonly status: 'CONFIRMED'; readonly settled: boolean }
  | { readonly status: 'REJECTING'; readonly reason: RejectReason; readonly sku: string | null }
  | { readonly status: 'REJECTED'; readonly reason: RejectReason; readonly sku: string | null };

export type Order = OrderFacts & OrderState;

/** Each line is one commit at the stock, and the cart's clearing is one commit of all lines. */
export const ORDER_LINES_MAX = 40;

export interface Purchase {
  readonly tenant: TenantId;
  readonly idempotencyKey: string;
  readonly cart: string;
  readonly paymentMethod: string | null;
}

/** The same key of the same tenant always names the same order. */
export function orderIdOf({ tenant, idempotencyKey }: Pick<Purchase, 'tenant' | 'idempotencyKey'>): string {
  return `ord_${digest([tenant, idempotencyKey]).slice(0, 32)}`;
}

/** What the caller asked for: the same key with something else is refused. */
export function fingerprintOf({ cart, paymentMethod }: Pick<Purchase, 'cart' | 'paymentMethod'>): string {
  return digest([cart, paymentMethod]).slice(0, 32);
}

export function placeOrder(purchase: Purchase, options: { lines: readonly OrderLine[]; placedAtMs: number }): Order {
  const { lines, placedAtMs } = options;
  return {
    orderId: orderIdOf(purchase),
    cart: purchase.cart,
    paymentMethod: purchase.paymentMethod,
    lines,
    totalCents: lines.reduce((sum, line) => sum + line.quantity * line.priceCents, 0),
    idempotencyKey: purchase.idempotencyKey,
    fingerprint: fingerprintOf(purchase),
    placedAtMs,
    status: 'PENDING',
  };
}

export function confirmed(order: Order): Order {
  return { ...facts(order), status: 'CONFIRMED', settled: false };
}

export function rejecting(order: Order, why: { reason: RejectReason; sku: string | null }): Order {
  return { ...facts(order), status: 'REJECTING', ...why };
}

export function rejected(order: Order & { readonly status: 'REJECTING' }): Order {
  return { ...order, status: 'REJECTED' };
}

export function settledOrder(order: Order & { readonly status: 'CONFIRMED' }): Order {
  return { ...order, settled: true };
}

/** Nothing is left to do. */
export function isSettled(order: Order): boolean {
  return order.status === 'REJECTED' || (order.status === 'CONFIRMED' && order.settled);
}

/** The order as its owner sees it: the same bytes for ever once it is CONFIRMED or REJECTED. */
export function orderView(order: Order) {
  return {
    order: order.orderId,
    // Decided but not yet undone everywhere: to its owner it is not over.
    status: order.status === 'REJECTING' ? ('PENDING' as const) : order.status,
    ...(order.status === 'REJECTED' ? { reason: order.reason, ...(order.sku === null ? {} : { sku: order.sku }) } : {}),
    cart: order.cart,
    lines: order.lines.map(({ sku, quantity, priceCents }) => ({ sku, quantity, priceCents })),
    totalCents: order.totalCents,
    placedAtMs: order.placedAtMs,
  };
}

function facts(order: Order): OrderFacts {
  const { orderId, cart, paymentMethod, lines, totalCents, idempotencyKey, fingerprint, placedAtMs } = order;
  return { orderId, cart, paymentMethod, lines, totalCents, idempotencyKey, fingerprint, placedAtMs };
}

/** As JSON, so that no two lists of parts run into each other. */
function digest(parts: readonly (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
