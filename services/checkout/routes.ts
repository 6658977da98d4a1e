/** The routes of checkout and stock, each with its schema and its policy. */
import * as z from 'zod/mini';
import type { RoutePolicy } from '../../core/consistency.ts';
import { cartIdSchema, skuSchema } from '../cart/routes.ts';
import { defineRoute } from '../http/route.ts';

const ORDER_ALLOWED = 'ord_ and 32 of 0–9 a–f';
const METHOD_ALLOWED = '1–64 of A–Z a–z 0–9 . _ : -';
const AVAILABLE_ALLOWED = 'an integer 0–1,000,000';
const PRICE_ALLOWED = 'an integer 1–10,000,000 (cents)';

const orderIdSchema = z.string(ORDER_ALLOWED).check(z.regex(/^ord_[0-9a-f]{32}$/, ORDER_ALLOWED));
const orderSchema = z.object({
  order: z.string(),
  status: z.enum(['PENDING', 'CONFIRMED', 'REJECTED']),
  reason: z.optional(z.enum(['out-of-stock', 'too-many-reservations', 'payment-declined'])),
  sku: z.optional(z.string()),
  cart: z.string(),
  lines: z.array(z.object({ sku: z.string(), quantity: z.int(), priceCents: z.int() })),
  totalCents: z.int(),
  placedAtMs: z.number(),
});
const stockSchema = z.object({
  sku: z.string(),
  available: z.int(),
  reserved: z.int(),
  sold: z.int(),
  stocked: z.int(),
  priceCents: z.int(),
});
const answersStock = {
  200: { description: 'The stock of the product; available + reserved + sold = stocked.', schema: stockSchema },
};

/** Money: stops without a live lease, and is acknowledged only when the peer region has it too. */
const purchase: RoutePolicy = {
  class: 'strict',
  tier: 'essential',
  deadlineMs: 5_000,
  idempotency: 'required',
  ack: 'replicated',
};
const write: RoutePolicy = { ...purchase, tier: 'important', deadlineMs: 2_000, idempotency: 'natural' };
/** A view of the shelf or of an order may be a few seconds old if its reader says so; money is never decided on it. */
const read: RoutePolicy = {
  ...write,
  deadlineMs: 1_000,
  ack: 'none',
  standbyReads: { stalenessMsMax: 10_000, withoutOwner: 'refuse' },
};

export const postCheckout = defineRoute({
  method: 'POST',
  path: '/checkout',
  operation: 'checkout',
  summary:
    'Orders what is in the cart. The same idempotency key always names the same order, which is charged at most once.',
  policy: purchase,
  params: z.object({}),
  body: z.strictObject(
    {
      cart: cartIdSchema,
      paymentMethod: z.optional(z.string(METHOD_ALLOWED).check(z.regex(/^[A-Za-z0-9._:-]{1,64}$/, METHOD_ALLOWED))),
    },
    'an object { cart, paymentMethod? }',
  ),
  responses: {
    201: { description: 'CONFIRMED: paid for. A repeat is answered the same.', schema: orderSchema },
    202: {
      description:
        'PENDING: the order stands and will be decided; whether it was charged is not known yet. Repeat, or look at it.',
      schema: orderSchema,
    },
    409: {
      description:
        'BUSINESS_REFUSED: the cart is empty or names no product, or the order was REJECTED (member `order`).',
    },
    422: { description: 'IDEMPOTENCY_KEY_REUSED: the key belongs to another purchase.' },
  },
});

export const getOrder = defineRoute({
  method: 'GET',
  path: '/orders/:order',
  operation: 'getOrder',
  summary: 'The order as it stands.',
  policy: { ...read, tier: 'essential' },
  params: z.object({ order: orderIdSchema }),
  body: null,
  responses: {
    200: { description: 'The order; once CONFIRMED or REJECTED it never changes.', schema: orderSchema },
    404: { description: 'There is no such order.' },
  },
});

export const putStock = defineRoute({
  method: 'PUT',
  path: '/stock/:sku',
  operation: 'putStock',
  summary: 'Sets what is available and its price; creates the product. What is reserved or sold is kept.',
  policy: write,
  params: z.object({ sku: skuSchema }),
  body: z.strictObject(
    {
      available: z.int(AVAILABLE_ALLOWED).check(z.gte(0, AVAILABLE_ALLOWED), z.lte(1_000_000, AVAILABLE_ALLOWED)),
      priceCents: z.int(PRICE_ALLOWED).check(z.gte(1, PRICE_ALLOWED), z.lte(10_000_000, PRICE_ALLOWED)),
    },
    'an object { available, priceCents }',
  ),
  responses: answersStock,
});

export const getStock = defineRoute({
  method: 'GET',
  path: '/stock/:sku',
  operation: 'getStock',
  summary: 'The stock of a product of the catalogue, or of one that was put.',
  policy: read,
  params: z.object({ sku: skuSchema }),
  body: null,
  responses: { ...answersStock, 404: { description: 'There is no such product.' } },
});

export const checkoutRoutes = [postCheckout, getOrder, putStock, getStock] as const;
