/** A tenant's orders in the cell's store. Every change is conditional on the order as it was read: decisions are made once. */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import type { CallBounds } from '../../cell/cell-store.ts';
import type { CommitReceipt, Head } from '../../core/commit.ts';
import { type AggregateId, aggregateId, type TenantId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { isSettled, type Order } from './order.ts';

export const SETTLE_TOPIC = 'checkout.settle';
const SETTLE_MESSAGE = 'settle';
const ORDER_ITEM = 'order';

export interface OrderRef {
  readonly tenant: TenantId;
  readonly orderId: string;
}

export interface StoredOrder {
  readonly head: Head;
  readonly order: Order;
}

export function orderAggregate({ tenant, orderId }: OrderRef): AggregateId {
  return aggregateId(`order/${tenant}/${orderId}`);
}

export class OrderBook {
  readonly #runtime: CellRuntime;

  constructor(runtime: CellRuntime) {
    this.#runtime = runtime;
  }

  async read(ref: OrderRef, bounds: CallBounds): Promise<StoredOrder | null> {
    const { head, items } = await this.#runtime.store.read(orderAggregate(ref), bounds);
    const order = items.get(ORDER_ITEM);
    return head && order ? { head, order: order as unknown as Order } : null;
  }

  /** The order, its idempotency record and the message that will see it to its end, in one commit. */
  place(tenant: TenantId, order: Order, bounds: CallBounds): Promise<CommitReceipt> {
    const { orderId, idempotencyKey, fingerprint } = order;
    return this.#runtime.store.commit(
      {
        aggregate: orderAggregate({ tenant, orderId }),
        class: 'strict',
        expected: null,
        changes: [{ kind: 'put', item: ORDER_ITEM, data: encode(order) }],
        idempotency: { key: idempotencyKey, fingerprint, response: { order: orderId } },
        outbox: [{ id: SETTLE_MESSAGE, topic: SETTLE_TOPIC, body: { tenant, order: orderId } }],
      },
      { ...bounds, ack: 'replicated' },
    );
  }

  /** Throws `VERSION_CONFLICT` when the order moved since it was read. Ends the message when nothing is left to do. */
  advance(options: { tenant: TenantId; from: StoredOrder; to: Order }, bounds: CallBounds): Promise<CommitReceipt> {
    const { tenant, from, to } = options;
    return this.#runtime.store.commit(
      {
        aggregate: orderAggregate({ tenant, orderId: to.orderId }),
        class: 'strict',
        expected: from.head,
        changes: [{ kind: 'put', item: ORDER_ITEM, data: encode(to) }],
        outboxDone: isSettled(to) ? [SETTLE_MESSAGE] : [],
      },
      { ...bounds, ack: 'replicated' },
    );
  }
}

function encode(order: Order): JsonObject {
  return order as unknown as JsonObject;
}
