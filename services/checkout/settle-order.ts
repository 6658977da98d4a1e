/**
 * Drives one order to its end: the same steps whether the request, its repeat or the outbox runs them, at least once
 * and by several at a time. Each step reads the order, does what its state asks for (all of it idempotent by order id),
 * and commits the next state on what it read; who loses that race reads again.
 *
 *   PENDING    (only read: confirm that both regions have it →) reserve each line → order still PENDING? still active, same epoch? → charge → CONFIRMED | REJECTING
 *   CONFIRMED  reservations become sold, cart cleared (best effort) → settled
 *   REJECTING  void the charge key, free the reservations → REJECTED
 */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import type { CallBounds } from '../../cell/cell-store.ts';
import { sameRevision } from '../../core/commit.ts';
import { isPlatformError, PlatformError } from '../../core/errors.ts';
import type { Epoch, TenantId } from '../../core/ids.ts';
import type { CartService } from '../cart/cart-service.ts';
import { notActive, requireActive } from '../http/call.ts';
import { confirmed, isSettled, type Order, rejected, rejecting, settledOrder } from './order.ts';
import type { OrderBook, OrderRef, StoredOrder, WrittenOrder } from './order-book.ts';
import type { PaymentProvider } from './payment-provider.ts';
import type { ReserveOutcome, Settlement } from './stock.ts';
import type { StockRoom } from './stock-room.ts';

/** An order takes four steps at most; the rest are lost races. */
const STEPS_MAX = 12;
/** Kept back from the charge for the commit of what it came to. */
export const DECIDE_RESERVE_MS = 400;

export interface SettleDependencies {
  readonly runtime: CellRuntime;
  readonly orders: OrderBook;
  readonly stock: StockRoom;
  readonly carts: CartService;
  readonly payments: PaymentProvider;
}

export type Until = 'decided' | 'settled';

export interface SettledOrder extends WrittenOrder {
  /** Others moved it to where it stands: that it is in the other region, too, nobody has said. */
  readonly onlyRead: boolean;
}

/** Returns the order once it is decided (nothing will change what its owner sees) or settled (nothing is left to do). */
export async function settleOrder(
  dependencies: SettleDependencies,
  options: OrderRef & CallBounds & { readonly until: Until; readonly from: StoredOrder | null },
): Promise<SettledOrder> {
  const work: Work = {
    ...dependencies,
    tenant: options.tenant,
    bounds: options,
    // All steps run under one epoch: a region that lost the cell and got it back begins anew, from what then stands.
    epoch: requireActive(dependencies.runtime.standing()).epoch,
  };
  let current = options.from;
  /** Ours, or the caller's. */
  let written = options.from;
  /** No money moves for an order that may stand in this region alone. */
  let isKnown = options.from !== null;
  let degraded: WrittenOrder['degraded'] = null;
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    current ??= await work.orders.read(options, options);
    if (current === null) throw noSuchOrder(options.orderId);
    if (isSettled(current.order) || (options.until === 'decided' && current.order.status === 'CONFIRMED')) {
      return { stored: current, degraded, onlyRead: current !== written };
    }
    const step = await (isKnown ? takeStep : confirmRead)(work, current).catch(lostRace);
    isKnown ||= step !== null;
    degraded = step?.degraded ?? degraded;
    written = step?.stored ?? null;
    current = written;
  }
  throw new PlatformError({
    code: 'VERSION_CONFLICT',
    kind: 'dependency',
    effect: 'none',
    message: `The order ${options.orderId} was changed by others ${STEPS_MAX} times in a row. It is being settled; look at it again.`,
  });
}

interface Work extends SettleDependencies {
  readonly tenant: TenantId;
  readonly bounds: CallBounds;
  readonly epoch: Epoch;
}

function confirmRead({ orders, tenant, bounds }: Work, current: StoredOrder): Promise<WrittenOrder> {
  return orders.confirm(tenant, current, bounds);
}

/** What the step made of the order; `null` when somebody else had moved it on. */
function takeStep(work: Work, current: StoredOrder): Promise<WrittenOrder | null> {
  const { order } = current;
  switch (order.status) {
    case 'PENDING':
      return decide(work, current);
    case 'CONFIRMED':
      return finishConfirmed(work, { ...current, order });
    case 'REJECTING':
      return finishRejected(work, { ...current, order });
    case 'REJECTED':
      return Promise.resolve(null);
  }
}

async function decide(work: Work, read: StoredOrder): Promise<WrittenOrder | null> {
  const refusal = await reserveLines(work, read.order);
  const current = await work.orders.read({ tenant: work.tenant, orderId: read.order.orderId }, work.bounds);
  if (current === null || !sameRevision(current.head, read.head)) {
    // Somebody moved it on meanwhile. Once it is settled, what was reserved above came after the end and belongs to nobody.
    if (current && isSettled(current.order)) await settleStock(work, { order: current.order, as: 'released' });
    return null;
  }
  const next = refusal ? rejecting(current.order, refusal) : await charge(work, current.order);
  return work.orders.advance({ tenant: work.tenant, from: current, to: next }, work.bounds);
}

async function reserveLines(work: Work, order: Order): Promise<Parameters<typeof rejecting>[1] | null> {
  const { orderId } = order;
  const refusals = await Promise.all(
    order.lines.map(async ({ sku, quantity }) => {
      const outcome = await work.stock.reserve({ tenant: work.tenant, sku, orderId, quantity }, work.bounds);
      const reason = refusalReason(outcome);
      return reason && { reason, sku };
    }),
  );
  return refusals.find((refusal) => refusal !== null) ?? null;
}

/** "Already settled" is no refusal: the order was decided meanwhile, which the next look at it will show. */
function refusalReason(outcome: ReserveOutcome): 'out-of-stock' | 'too-many-reservations' | null {
  return outcome === 'out-of-stock' || outcome === 'too-many-reservations' ? outcome : null;
}

async function charge(work: Work, order: Order): Promise<Order> {
  const { orderId, totalCents: amountCents, paymentMethod } = order;
  checkStanding(work);
  const deadlineAtMs = work.bounds.deadlineAtMs - DECIDE_RESERVE_MS;
  if (deadlineAtMs <= work.runtime.clock.monotonicMs()) throw noTimeToCharge();
  const outcome = await work.payments.charge(
    { key: orderId, orderId, amountCents, paymentMethod },
    { ...work.bounds, deadlineAtMs },
  );
  return outcome === 'captured' ? confirmed(order) : rejecting(order, { reason: 'payment-declined', sku: null });
}

type InState<Status> = StoredOrder & { readonly order: { readonly status: Status } };

async function finishConfirmed(work: Work, current: InState<'CONFIRMED'>): Promise<WrittenOrder> {
  const { order } = current;
  await Promise.all([settleStock(work, { order, as: 'sold' }), clearCart(work, order)]);
  return work.orders.advance({ tenant: work.tenant, from: current, to: settledOrder(order) }, work.bounds);
}

async function finishRejected(work: Work, current: InState<'REJECTING'>): Promise<WrittenOrder> {
  const { order } = current;
  checkStanding(work);
  await work.payments.void(order.orderId, work.bounds);
  await settleStock(work, { order, as: 'released' });
  return work.orders.advance({ tenant: work.tenant, from: current, to: rejected(order) }, work.bounds);
}

async function settleStock(work: Work, { order, as }: { order: Order; as: Settlement }): Promise<void> {
  const { tenant, stock, bounds } = work;
  const { orderId } = order;
  await Promise.all(order.lines.map(({ sku }) => stock.settle({ tenant, sku, orderId, as }, bounds)));
}

async function clearCart({ carts, tenant, bounds }: Work, { orderId, cart, lines }: Order): Promise<void> {
  try {
    await carts.takeOrdered({ tenant, cart, orderId, lines }, bounds);
  } catch (error) {
    // A cart that still shows what was ordered is a nuisance; an order that does not settle because of it is a fault.
    if (!isPlatformError(error) || error.kind === 'bug') throw error;
  }
}

/** Right before money moves: a region that lost the cell meanwhile must neither charge nor void. */
function checkStanding({ runtime, epoch }: Work): void {
  const standing = runtime.standing();
  if (requireActive(standing).epoch !== epoch) throw notActive(standing);
}

/** Somebody else moved the order, or a stock, on: what then stands is read and looked at again. */
function lostRace(error: unknown): null {
  if (isPlatformError(error) && error.code === 'VERSION_CONFLICT' && error.effect === 'none') return null;
  throw error;
}

function noTimeToCharge(): PlatformError {
  return new PlatformError({
    code: 'DEADLINE_EXCEEDED',
    kind: 'dependency',
    effect: 'none',
    message: `Less than ${DECIDE_RESERVE_MS} ms were left before the charge, too little to record its outcome. It was not sent.`,
  });
}

export function noSuchOrder(orderId: string): PlatformError {
  return new PlatformError({
    code: 'NOT_FOUND',
    kind: 'caller',
    effect: 'none',
    message: `There is no order ${orderId}. The id is in the answer to POST /checkout.`,
  });
}
