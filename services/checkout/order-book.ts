/** A tenant's orders in the cell's store. Every change is conditional on the order as it was read: decisions are made once. */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import type { CallBounds } from '../../cell/cell-store.ts';
import { type Aggregate, type CommitDraft, type CommitReceipt, extendLineage, type Head } from '../../core/commit.ts';
import { type AggregateId, aggregateId, type TenantId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { isSettled, type Order } from './order.ts';

export const SETTLE_TOPIC = 'checkout.settle';
const SETTLE_MESSAGE = 'settle';
export const ORDER_ITEM = 'order';
export const ORDER_PREFIX = 'order/';

export interface OrderRef {
  readonly tenant: TenantId;
  readonly orderId: string;
}

export interface StoredOrder {
  readonly head: Head;
  readonly order: Order;
}

/** What a commit made of an order: as good as reading it again. */
export interface WrittenOrder {
  readonly stored: StoredOrder;
  readonly degraded: CommitReceipt['degraded'];
}

export function orderAggregate({ tenant, orderId }: OrderRef): AggregateId {
  return aggregateId(`${ORDER_PREFIX}${tenant}/${orderId}`);
}

export class OrderBook {
  readonly #runtime: CellRuntime;

  constructor(runtime: CellRuntime) {
    this.#runtime = runtime;
  }

  async read(ref: OrderRef, bounds: CallBounds): Promise<StoredOrder | null> {
    const aggregate = await this.#runtime.store.read(orderAggregate(ref), bounds);
    const order = decodeOrder(aggregate);
    return aggregate.head && order ? { head: aggregate.head, order } : null;
  }

  /** The order, its idempotency record and the message that will see it to its end, in one commit. */
  place(tenant: TenantId, order: Order, bounds: CallBounds): Promise<WrittenOrder> {
    const { orderId, idempotencyKey, fingerprint } = order;
    const parts = {
      idempotency: { key: idempotencyKey, fingerprint, response: { order: orderId } },
      outbox: [{ id: SETTLE_MESSAGE, topic: SETTLE_TOPIC, body: { tenant, order: orderId } }],
    };
    return this.#write({ tenant, expected: null, order, parts }, bounds);
  }

  /**
   * The same order once more: what was only read may stand in this region alone, and an answer must not rest on that. The peer
   * takes this commit only on top of what it repeats. Throws `VERSION_CONFLICT` when the order moved since it was read.
   */
  confirm(tenant: TenantId, { head, order }: StoredOrder, bounds: CallBounds): Promise<WrittenOrder> {
    return this.#write({ tenant, expected: head, order, parts: {} }, bounds);
  }

  /** Throws `VERSION_CONFLICT` when the order moved since it was read. Ends the message when nothing is left to do. */
  advance(options: { tenant: TenantId; from: StoredOrder; to: Order }, bounds: CallBounds): Promise<WrittenOrder> {
    const { tenant, from, to } = options;
    const parts = isSettled(to) ? { outboxDone: [SETTLE_MESSAGE] } : {};
    return this.#write({ tenant, expected: from.head, order: to, parts }, bounds);
  }

  async #write({ tenant, expected, order, parts }: Writing, bounds: CallBounds): Promise<WrittenOrder> {
    const aggregate = orderAggregate({ tenant, orderId: order.orderId });
    const changes = [{ kind: 'put', item: ORDER_ITEM, data: encode(order) }] as const;
    const draft = { aggregate, class: 'strict', expected, changes, ...parts } as const;
    const { epoch, version, degraded } = await this.#runtime.store.commit(draft, { ...bounds, ack: 'replicated' });
    const head = { epoch, version, lineage: extendLineage(expected, { epoch, version }) };
    return { stored: { head, order }, degraded };
  }
}

export function decodeOrder({ items }: Aggregate): Order | null {
  return (items.get(ORDER_ITEM) as unknown as Order | undefined) ?? null;
}

interface Writing {
  readonly tenant: TenantId;
  readonly expected: Head | null;
  readonly order: Order;
  readonly parts: Pick<CommitDraft, 'idempotency' | 'outbox' | 'outboxDone'>;
}

function encode(order: Order): JsonObject {
  return order as unknown as JsonObject;
}
