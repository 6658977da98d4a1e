/**
 * Places orders. Invariants: once the order was placed by this request it is answered with the order, never with an error
 * that reads like "nothing happened": what is not decided within the deadline is answered as PENDING, and the outbox drives it
 * on. And no answer rests on what was only read: what others placed or decided is confirmed first, as a write would be.
 */
import type { CallBounds, DeliveredMessage } from '../../cell/cell-store.ts';
import { isPlatformError, PlatformError } from '../../core/errors.ts';
import { tenantId } from '../../core/ids.ts';
import { retryConflicts } from '../commit-retry.ts';
import {
  fingerprintOf,
  ORDER_LINES_MAX,
  type Order,
  type OrderLine,
  orderIdOf,
  type Purchase,
  placeOrder,
} from './order.ts';
import type { OrderRef, StoredOrder, WrittenOrder } from './order-book.ts';
import { noSuchOrder, type SettleDependencies, settleOrder } from './settle-order.ts';

/** How long an answer waits for the steps that its owner does not see (stock sold, cart cleared). */
const FINISH_WAIT_MS = 500;

export interface CheckoutResult {
  readonly order: Order;
  /** One of the commits on the way stands in this region only. */
  readonly degraded: WrittenOrder['degraded'];
}

interface Settling {
  readonly ref: OrderRef;
  readonly from: StoredOrder;
  readonly bounds: CallBounds;
}

export class CheckoutService {
  readonly #dependencies: SettleDependencies;
  /** Orders that a request of this process is working on; as many as there are requests. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(dependencies: SettleDependencies) {
    this.#dependencies = dependencies;
  }

  /** The order of this key: placed now, or as an earlier request with the same key left it. */
  async checkout(purchase: Purchase, bounds: CallBounds): Promise<CheckoutResult> {
    const ref = { tenant: purchase.tenant, orderId: orderIdOf(purchase) };
    const placed = await this.#standing(purchase, ref, bounds);
    return this.#tracked(ref.orderId, async () => {
      const { stored, degraded } = await this.#decide({ ref, from: placed.stored, bounds });
      if (stored.order.status === 'CONFIRMED') await this.#finish({ ref, from: stored, bounds });
      return { order: stored.order, degraded: degraded ?? placed.degraded };
    });
  }

  async order(ref: OrderRef, bounds: CallBounds): Promise<Order> {
    const stored = await this.#dependencies.orders.read(ref, bounds);
    if (stored === null) throw noSuchOrder(ref.orderId);
    return stored.order;
  }

  /** The outbox: sees the order to its end, whatever became of the request. */
  async settle(message: DeliveredMessage, bounds: CallBounds): Promise<void> {
    const ref = { tenant: tenantId(message.body.tenant), orderId: String(message.body.order) };
    // Two settlers do no harm; they only double the work. The request ends within its own deadline.
    await this.#underWay.get(ref.orderId)?.catch(() => undefined);
    await settleOrder(this.#dependencies, { ...ref, ...bounds, from: null, until: 'settled' });
  }

  async #standing(purchase: Purchase, ref: OrderRef, bounds: CallBounds): Promise<WrittenOrder> {
    const { orders, runtime } = this.#dependencies;
    const before = await orders.read(ref, bounds);
    if (before) return this.#confirmed({ ref, from: sameRequest(before, purchase), bounds });
    const lines = await this.#freeze(purchase, bounds);
    try {
      const order = placeOrder(purchase, { lines, placedAtMs: runtime.clock.wallMs() });
      return await orders.place(purchase.tenant, order, bounds);
    } catch (error) {
      if (!isPlatformError(error) || error.code !== 'VERSION_CONFLICT') throw error;
      // The same key at the same time: whoever placed it first froze the lines.
      const other = await orders.read(ref, bounds);
      if (other === null) throw error;
      return this.#confirmed({ ref, from: sameRequest(other, purchase), bounds });
    }
  }

  /** As it stands by now, in both regions, or marked. Throws as any write does. */
  #confirmed({ ref, from, bounds }: Settling): Promise<WrittenOrder> {
    const { orders, runtime } = this.#dependencies;
    let seen: StoredOrder | null = from;
    return retryConflicts(runtime, bounds, async () => {
      const stored = seen ?? (await orders.read(ref, bounds));
      seen = null;
      if (stored === null) throw noSuchOrder(ref.orderId);
      return orders.confirm(ref.tenant, stored, bounds);
    });
  }

  async #freeze({ tenant, cart }: Purchase, bounds: CallBounds): Promise<readonly OrderLine[]> {
    const { carts, stock } = this.#dependencies;
    const lines = await carts.read({ tenant, cart }, bounds);
    if (lines.length === 0) throw refused(`The cart ${cart} is empty. Put something in first.`);
    if (lines.length > ORDER_LINES_MAX) {
      throw refused(
        `The cart ${cart} has ${lines.length} lines. Allowed in one order: ${ORDER_LINES_MAX}. Order it in parts.`,
      );
    }
    const levels = await Promise.all(lines.map(({ sku }) => stock.level({ tenant, sku }, bounds)));
    return lines.map((line, index) => {
      const level = levels[index];
      if (!level)
        throw refused(
          `There is no product ${line.sku}. Remove it from the cart ${cart}; GET /stock/{sku} says which exist.`,
        );
      return { ...line, priceCents: level.priceCents };
    });
  }

  async #decide({ ref, from, bounds }: Settling): Promise<WrittenOrder> {
    try {
      const decided = await settleOrder(this.#dependencies, { ...ref, ...bounds, from, until: 'decided' });
      return decided.onlyRead ? await this.#confirmed({ ref, from: decided.stored, bounds }) : decided;
    } catch (error) {
      // The order stands and its message with it: it will be decided, and PENDING says so. A bug is told as one.
      if (isPlatformError(error) && error.kind !== 'bug') return { stored: from, degraded: null };
      throw error;
    }
  }

  async #finish({ ref, from, bounds }: Settling): Promise<void> {
    const waitUntilMs = this.#dependencies.runtime.clock.monotonicMs() + FINISH_WAIT_MS;
    const deadlineAtMs = Math.min(bounds.deadlineAtMs, waitUntilMs);
    try {
      await settleOrder(this.#dependencies, { ...ref, ...bounds, deadlineAtMs, from, until: 'settled' });
    } catch (error) {
      // The answer is decided; the outbox takes these steps again.
      if (!isPlatformError(error)) throw error;
    }
  }

  async #tracked<T>(orderId: string, work: () => Promise<T>): Promise<T> {
    const running = work();
    this.#underWay.set(orderId, running);
    try {
      return await running;
    } finally {
      if (this.#underWay.get(orderId) === running) this.#underWay.delete(orderId);
    }
  }
}

function sameRequest(stored: StoredOrder, purchase: Purchase): StoredOrder {
  const { order } = stored;
  if (order.fingerprint === fingerprintOf(purchase)) return stored;
  throw new PlatformError({
    code: 'IDEMPOTENCY_KEY_REUSED',
    kind: 'caller',
    effect: 'none',
    message: `The idempotency key belongs to another purchase, order ${order.orderId} of cart ${order.cart}. Choose a new key.`,
  });
}

function refused(message: string): PlatformError {
  return new PlatformError({ code: 'BUSINESS_REFUSED', kind: 'caller', effect: 'none', message });
}
