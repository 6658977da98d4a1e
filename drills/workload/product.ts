/** The product's API, as much of it as drills use: operation → request, and answer → value in the history's terms. */
import type { Json } from '../../core/json.ts';
import type { OperationName } from '../history/operation.ts';

export interface ProductCall {
  readonly op: OperationName;
  readonly tenant: string;
  /** Cart, order or product; without the tenant. */
  readonly name: string;
  /** Of a cart's article. */
  readonly sku?: string;
  readonly value: Json;
  /** Of reads: the region of the client's router may answer from its copy, if that is no further behind. */
  readonly maxStalenessMs?: number;
}

export interface ProductRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly body: Json;
}

/** A price that everybody can recognise in a ledger. */
export const PRICE_CENTS = 1_250;

export function keyOf({ tenant, name, sku }: ProductCall): string {
  return sku === undefined ? `${tenant}/${name}` : `${tenant}/${name}/${sku}`;
}

export function requestOf(call: ProductCall): ProductRequest {
  const name = encodeURIComponent(call.name);
  switch (call.op) {
    case 'stock.put':
      return { method: 'PUT', path: `/stock/${name}`, body: { available: call.value, priceCents: PRICE_CENTS } };
    case 'stock.get':
      return { method: 'GET', path: `/stock/${name}`, body: null };
    case 'cart.put':
      return {
        method: 'PUT',
        path: `/carts/${name}/items/${encodeURIComponent(call.sku ?? '')}`,
        body: { quantity: call.value },
      };
    case 'cart.get':
      return { method: 'GET', path: `/carts/${name}`, body: null };
    case 'checkout':
      return { method: 'POST', path: '/checkout', body: { cart: call.name } };
    case 'order.get':
      return { method: 'GET', path: `/orders/${name}`, body: null };
  }
}

type Members = Readonly<Record<string, Json>>;

/** What an acknowledged call is recorded with. Writes that echo repeat what was asked for. */
export function recordedValue(call: ProductCall, body: Json): Json {
  const members = membersOf(body);
  switch (call.op) {
    case 'stock.put':
    case 'cart.put':
      return call.value;
    case 'stock.get':
      return members.available ?? null;
    case 'cart.get':
      return itemsOf(body);
    case 'checkout':
    case 'order.get':
      return { order: members.order ?? null, status: members.status ?? null };
  }
}

/** sku → quantity, of a cart's answer. */
export function itemsOf(body: Json): Readonly<Record<string, number>> {
  const { lines } = membersOf(body);
  if (!Array.isArray(lines)) return {};
  return Object.fromEntries(lines.map((line: Json) => [String(membersOf(line).sku), Number(membersOf(line).quantity)]));
}

export function membersOf(body: Json): Members {
  return body !== null && typeof body === 'object' && !Array.isArray(body) ? (body as Members) : {};
}
