/** The routes of the catalogue, each with its schema and its policy. */
import * as z from 'zod/mini';
import type { RoutePolicy } from '../../core/consistency.ts';
import { skuSchema } from '../cart/routes.ts';
import { defineRoute } from '../http/route.ts';

export const PAGE_PRODUCTS_MAX = 50;
const PAGE_PRODUCTS = 20;
const QUERY_LENGTH_MAX = 64;

const TITLE_ALLOWED = '1–120 characters';
const SUMMARY_ALLOWED = 'at most 500 characters';
const LIMIT_ALLOWED = `an integer 1–${PAGE_PRODUCTS_MAX}`;
const QUERY_ALLOWED = `1–${QUERY_LENGTH_MAX} characters`;

const limitSchema = z.pipe(
  z._default(z.string(LIMIT_ALLOWED).check(z.regex(/^([1-9]|[1-4]\d|50)$/, LIMIT_ALLOWED)), String(PAGE_PRODUCTS)),
  z.transform(Number),
);
const productSchema = z.object({ sku: z.string(), title: z.string(), summary: z.string() });

/**
 * What a product is called: an edit must not wait for the other region, and losing the last seconds of edits with a lost
 * region is bearable. So `leased`: under the lease, to its end, acknowledged here.
 */
const write: RoutePolicy = {
  class: 'leased',
  tier: 'optional',
  deadlineMs: 2_000,
  idempotency: 'natural',
  ack: 'local',
};
/** A shop window: better an old one than none. */
const read: RoutePolicy = {
  ...write,
  tier: 'important',
  deadlineMs: 1_000,
  ack: 'none',
  standbyReads: { stalenessMsMax: 60_000, withoutOwner: 'answer-stale' },
};

export const browseProducts = defineRoute({
  method: 'GET',
  path: '/products',
  operation: 'browseProducts',
  summary: 'The products by sku, a page at a time. Pass `next` as `after` for the following page.',
  policy: read,
  params: z.object({}),
  query: z.strictObject({ after: z.optional(skuSchema), limit: limitSchema }),
  body: null,
  responses: {
    200: {
      description: 'A page of products; `next` is null at the end.',
      schema: z.object({ products: z.array(productSchema), next: z.nullable(z.string()) }),
    },
  },
});

export const searchProducts = defineRoute({
  method: 'GET',
  path: '/products/search',
  operation: 'searchProducts',
  summary: 'Products with words that begin with each word of the query; accents and case do not count. Best first.',
  policy: read,
  params: z.object({}),
  query: z.strictObject({
    q: z.string(QUERY_ALLOWED).check(z.minLength(1, QUERY_ALLOWED), z.maxLength(QUERY_LENGTH_MAX, QUERY_ALLOWED)),
    limit: limitSchema,
  }),
  body: null,
  responses: {
    200: { description: 'What was found.', schema: z.object({ products: z.array(productSchema) }) },
  },
});

export const getProduct = defineRoute({
  method: 'GET',
  path: '/products/:sku',
  operation: 'getProduct',
  summary: 'One product, with the price that an order would be charged (null: it can not be ordered yet).',
  policy: read,
  params: z.object({ sku: skuSchema }),
  body: null,
  responses: {
    200: {
      description: 'The product.',
      schema: z.extend(productSchema, { priceCents: z.nullable(z.int()), available: z.nullable(z.int()) }),
    },
    404: { description: 'There is no such product.' },
  },
});

export const putProduct = defineRoute({
  method: 'PUT',
  path: '/products/:sku',
  operation: 'putProduct',
  summary: 'Adds or renames a product. Its price is set with its stock: PUT /stock/{sku}.',
  policy: write,
  params: z.object({ sku: skuSchema }),
  body: z.strictObject(
    {
      title: z.string(TITLE_ALLOWED).check(z.minLength(1, TITLE_ALLOWED), z.maxLength(120, TITLE_ALLOWED)),
      summary: z.optional(z.string(SUMMARY_ALLOWED).check(z.maxLength(500, SUMMARY_ALLOWED))),
    },
    'an object { title, summary? }',
  ),
  responses: {
    200: { description: 'The product as it stands now.', schema: productSchema },
    409: { description: 'The shelf of the catalogue is full.' },
  },
});
