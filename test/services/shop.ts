/** A shop for checkout tests: the app on an in-memory cell, a scripted provider, and the questions the tests ask. */
import type { AggregateId } from '../../core/ids.ts';
import { tenantId } from '../../core/ids.ts';
import { createCartApp } from '../../services/cart/app.ts';
import { createCheckoutApp } from '../../services/checkout/app.ts';
import { orderIdOf } from '../../services/checkout/order.ts';
import { MemoryRuntime } from '../doubles/memory-runtime.ts';
import { ScriptedProvider } from '../doubles/scripted-provider.ts';
import { type Sent, send } from './requests.ts';

export const TENANT = tenantId('acme');

export class Shop {
  readonly runtime = new MemoryRuntime();
  readonly provider = new ScriptedProvider();
  readonly cart = createCartApp(this.runtime);
  readonly checkout = createCheckoutApp(this.runtime, this.provider);

  put(sku: string, quantity: number): Promise<Sent> {
    return send(this.cart, `PUT /carts/c1/items/${sku}`, { body: { quantity } });
  }

  buy(key = 'k1', body: Record<string, unknown> = { cart: 'c1' }, headers: Record<string, string> = {}): Promise<Sent> {
    return send(this.checkout, 'POST /checkout', { body, headers: { 'idempotency-key': key, ...headers } });
  }

  order(key = 'k1'): Promise<Sent> {
    return send(this.checkout, `GET /orders/${orderId(key)}`);
  }

  stock(sku: string): Promise<Sent> {
    return send(this.checkout, `GET /stock/${sku}`);
  }

  async lines(): Promise<unknown> {
    return (await send(this.cart, 'GET /carts/c1')).body.lines;
  }
}

export function orderId(key = 'k1'): string {
  return orderIdOf({ tenant: TENANT, idempotencyKey: key });
}

/** What must hold of the stock whatever happened. */
export function isConserved(sent: Sent): boolean {
  const { available, reserved, sold, stocked } = sent.body as Record<string, number>;
  return (available ?? 0) + (reserved ?? 0) + (sold ?? 0) === stocked;
}

export function isOrder(aggregate: AggregateId): boolean {
  return aggregate.startsWith('order/');
}
