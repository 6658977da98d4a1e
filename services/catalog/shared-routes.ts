/** What either region takes without a lease: likes, and descriptions that may come to stand beside each other. */
import * as z from 'zod/mini';
import type { RoutePolicy } from '../../core/consistency.ts';
import { skuSchema } from '../cart/routes.ts';
import { defineRoute } from '../http/route.ts';
import { SIBLINGS_MAX } from './description-lanes.ts';

const TEXT_ALLOWED = '1–2,000 characters';
const RESOLVES_ALLOWED = `at most ${2 * SIBLINGS_MAX} versions, as GET shows them`;

const write: RoutePolicy = {
  class: 'mergeable',
  tier: 'optional',
  deadlineMs: 2_000,
  idempotency: 'natural',
  ack: 'local',
};
const read: RoutePolicy = {
  ...write,
  deadlineMs: 1_000,
  ack: 'none',
  standbyReads: { stalenessMsMax: 60_000, withoutOwner: 'answer-stale' },
};
const params = z.object({ sku: skuSchema });
const SUM = 'The sum of both regions, as this one sees it';
const likes = { 200: { description: `${SUM}.`, schema: z.object({ likes: z.int() }) } };
const versionSchema = z.object({ version: z.string(), text: z.string(), region: z.string(), atMs: z.number() });
const description = {
  200: {
    description: 'The text and its version; or, under `conflict`, every version that nobody has settled yet.',
    schema: z.object({
      text: z.nullable(z.string()),
      version: z.nullable(z.string()),
      conflict: z.optional(z.array(versionSchema)),
    }),
  },
};

export const getLikes = defineRoute({
  method: 'GET',
  path: '/products/:sku/likes',
  operation: 'getLikes',
  summary: 'How many likes the product has.',
  policy: read,
  params,
  body: null,
  responses: {
    200: {
      description: `${SUM}; null while the count is switched off (x-degraded).`,
      schema: z.object({ likes: z.nullable(z.int()) }),
    },
  },
});

export const postLike = defineRoute({
  method: 'POST',
  path: '/products/:sku/likes',
  operation: 'like',
  summary: 'One like more, once for each idempotency key.',
  policy: { ...write, idempotency: 'required' },
  params,
  body: null,
  responses: likes,
});

export const getDescription = defineRoute({
  method: 'GET',
  path: '/products/:sku/description',
  operation: 'getDescription',
  summary:
    'The description. Edits that knew nothing of each other stand beside each other until a person settles them.',
  policy: read,
  params,
  body: null,
  responses: description,
});

export const putDescription = defineRoute({
  method: 'PUT',
  path: '/products/:sku/description',
  operation: 'putDescription',
  summary: 'Replaces the versions that are named in `resolves`, and only those.',
  policy: write,
  params,
  body: z.strictObject(
    {
      text: z.string(TEXT_ALLOWED).check(z.minLength(1, TEXT_ALLOWED), z.maxLength(2_000, TEXT_ALLOWED)),
      resolves: z.optional(
        z
          .array(z.string(RESOLVES_ALLOWED).check(z.regex(/^[a-z][a-z0-9-]{1,31}\.\d{1,15}$/, RESOLVES_ALLOWED)))
          .check(z.maxLength(2 * SIBLINGS_MAX, RESOLVES_ALLOWED)),
      ),
    },
    'an object { text, resolves? }',
  ),
  responses: { ...description, 409: { description: 'Too many unsettled versions: settle them first.' } },
});

export const sharedRoutes = [getLikes, postLike, getDescription, putDescription] as const;
