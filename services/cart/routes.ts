/** The routes of the cart, each with its schema and its policy. */
import * as z from 'zod/mini';
import type { RoutePolicy } from '../../core/consistency.ts';
import { defineRoute } from '../http/route.ts';
import { LINE_QUANTITY_MAX } from './cart-service.ts';

export const CART_ID_ALLOWED = '1–64 of A–Z a–z 0–9 _ -, begins with a letter or digit';
export const SKU_ALLOWED = '1–64 of A–Z a–z 0–9 . _ -, begins with a letter or digit';

export const cartIdSchema = z
  .string(CART_ID_ALLOWED)
  .check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, CART_ID_ALLOWED));
export const skuSchema = z.string(SKU_ALLOWED).check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, SKU_ALLOWED));

const QUANTITY_ALLOWED = `an integer 0–${LINE_QUANTITY_MAX}`;
const quantitySchema = z
  .int(QUANTITY_ALLOWED)
  .check(z.gte(0, QUANTITY_ALLOWED), z.lte(LINE_QUANTITY_MAX, QUANTITY_ALLOWED));

const lineSchema = z.object({ sku: z.string(), quantity: z.int() });
const cartSchema = z.object({ cart: z.string(), lines: z.array(lineSchema) });
const answersCart = { 200: { description: 'The merged cart as this region sees it.', schema: cartSchema } };

/** Taken in either region without a lease, merged on replication. */
const write: RoutePolicy = {
  class: 'mergeable',
  tier: 'essential',
  deadlineMs: 2_000,
  idempotency: 'natural',
  ack: 'local',
};
/** Neither region is nearer to the truth than the other, so an old view is answered and marked, not sent on. */
const read: RoutePolicy = {
  ...write,
  deadlineMs: 1_000,
  ack: 'none',
  standbyReads: { stalenessMsMax: 60_000, withoutOwner: 'answer-stale' },
};

export const putItem = defineRoute({
  method: 'PUT',
  path: '/carts/:cart/items/:sku',
  operation: 'putCartItem',
  summary: 'Sets the quantity of a product in the cart; 0 removes it.',
  policy: write,
  params: z.object({ cart: cartIdSchema, sku: skuSchema }),
  body: z.strictObject({ quantity: quantitySchema }, 'an object { quantity }'),
  responses: { ...answersCart, 409: { description: 'The cart is full.' } },
});

export const deleteItem = defineRoute({
  method: 'DELETE',
  path: '/carts/:cart/items/:sku',
  operation: 'deleteCartItem',
  summary: 'Removes a product from the cart; removing what is not there changes nothing.',
  policy: write,
  params: z.object({ cart: cartIdSchema, sku: skuSchema }),
  body: null,
  responses: answersCart,
});

export const getCart = defineRoute({
  method: 'GET',
  path: '/carts/:cart',
  operation: 'getCart',
  summary: 'The cart, merged from both regions. A cart that nobody filled is empty.',
  policy: read,
  params: z.object({ cart: cartIdSchema }),
  body: null,
  responses: answersCart,
});

export const cartRoutes = [putItem, deleteItem, getCart] as const;
