/** One ordinary commit of each consistency class, as the sample product makes it: the subject of the estimate by request. */
import type { CommitDraft, Head } from '../../core/commit.ts';
import type { ConsistencyClass } from '../../core/consistency.ts';
import { aggregateId } from '../../core/ids.ts';

/** An aggregate that has seen a few owners. */
const head = (epoch: number): Head => ({
  epoch,
  version: 41,
  lineage: epoch === 0 ? [{ epoch: 0, version: 41 }] : [1, 2, 3].map((past) => ({ epoch: past, version: past * 13 })),
});

const record = (what: string) => ({
  key: '6f1c1a52-5a0e-4a57-9f43-0d2f0b6d7c11',
  fingerprint: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
  response: { status: 200, what, id: 'ord_01HF0ZK3WQ5R7Y' },
});

export const SAMPLE_COMMITS: Readonly<Record<ConsistencyClass, CommitDraft>> = {
  // A checkout: the order with its record and the message that has the payment captured.
  strict: {
    aggregate: aggregateId('order/acme/ord_01HF0ZK3WQ5R7Y'),
    class: 'strict',
    expected: head(3),
    changes: [
      {
        kind: 'put',
        item: 'order',
        data: {
          status: 'PENDING',
          totalCents: 4_200,
          currency: 'EUR',
          lines: [{ sku: 'mug', quantity: 2, unitCents: 2_100 }],
          customer: 'jane@example.com',
        },
      },
    ],
    idempotency: record('order'),
    outbox: [{ id: 'capture', topic: 'payments.capture', body: { order: 'ord_01HF0ZK3WQ5R7Y', amountCents: 4_200 } }],
  },
  // A price on a catalogue's shelf.
  leased: {
    aggregate: aggregateId('shelf/acme/0'),
    class: 'leased',
    expected: head(3),
    changes: [{ kind: 'put', item: 'mug', data: { title: 'A mug', priceCents: 2_100, currency: 'EUR', likes: 12 } }],
  },
  // A line of a cart, in this region's own lane.
  mergeable: {
    aggregate: aggregateId('cart/acme/jane/us-east-1'),
    class: 'mergeable',
    expected: head(0),
    changes: [{ kind: 'put', item: 'mug', data: { quantity: 2, addedAtMs: 1_700_000_000_000 } }],
  },
};
