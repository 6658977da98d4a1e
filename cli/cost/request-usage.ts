/**
 * What a million requests of one kind use, through CloudFront, router and cell, in the region that owns the cell. Sizes and
 * durations are those of a small request; units of a write are counted on the store's own writes.
 */
import type { ConsistencyClass } from '../../core/consistency.ts';
import { type CommitUnits, unitsOfCommit } from './commit-units.ts';
import { SAMPLE_COMMITS } from './sample-commits.ts';
import { lambdaUsage, type Usage } from './usage.ts';

export interface RequestKind {
  readonly class: ConsistencyClass;
  readonly does: 'read' | 'write';
}

export const REQUEST_KINDS: readonly RequestKind[] = (['strict', 'leased', 'mergeable'] as const).flatMap((of) => [
  { class: of, does: 'read' },
  { class: of, does: 'write' },
]);

const REQUESTS = 1_000_000;
const GIGABYTE = 1_000_000_000;
const ANSWER_BYTES = 1_500;
/** A read of an aggregate of up to 4 kB, strongly consistent, and the fence that confirms that this region still owns it. */
const READ_UNITS = 1;
const CONFIRM_UNITS = 1;
/** Router and service wait for the store; a replicated write waits for the peer too (us-east-1 ↔ us-west-2, about 65 ms). */
const READ_MS = { router: 15, service: 10 } as const;
const WRITE_MS = { router: 105, service: 100 } as const;
const LOCAL_WRITE_MS = { router: 30, service: 25 } as const;
/** Entries of a journal that one ring of the doorbell finds under some load. */
const DOORBELL_BATCH = 10;
const DOORBELL_MS = 100;

/** When each class is acknowledged by default: what waits for the peer is billed for waiting. */
const WAITS_FOR_PEER: Readonly<Record<ConsistencyClass, boolean>> = { strict: true, leased: true, mergeable: false };

export function requestUsage(kind: RequestKind): readonly Usage[] {
  return kind.does === 'read' ? readUsage(kind) : writeUsage(kind, unitsOfCommit(SAMPLE_COMMITS[kind.class]));
}

function readUsage({ class: consistency }: RequestKind): readonly Usage[] {
  const confirmed = consistency === 'mergeable' ? 0 : CONFIRM_UNITS;
  return [
    ...entryUsage({ router: READ_MS.router, service: READ_MS.service, waiting: 0 }),
    dynamo('DynamoDB reads', 'the aggregate', 'readUnits', READ_UNITS, 0),
    dynamo('DynamoDB reads', 'the fence, to confirm the answer', 'readUnits', confirmed, 1),
  ];
}

function writeUsage({ class: consistency }: RequestKind, units: CommitUnits): readonly Usage[] {
  const { router, service } = WAITS_FOR_PEER[consistency] ? WRITE_MS : LOCAL_WRITE_MS;
  const waiting = 1 - LOCAL_WRITE_MS.service / service;
  return [
    ...entryUsage({ router, service, waiting }),
    dynamo('DynamoDB reads', 'the aggregate before the change', 'readUnits', READ_UNITS, 0),
    dynamo('DynamoDB writes', 'the commit itself', 'writeUnits', units.plain, 0),
    dynamo('DynamoDB writes', 'check of the fence and journal entry', 'writeUnits', units.localResilience, 1),
    dynamo('DynamoDB writes', 'the commit at the peer', 'writeUnits', units.replicated, 1),
    dynamo('DynamoDB writes', 'the journal entry’s removal', 'writeUnits', units.journalDelete, 1),
    ...lambdaUsage({
      what: 'replicator, rung by the stream',
      calls: REQUESTS / DOORBELL_BATCH,
      ...{ memoryMb: 256, durationMs: DOORBELL_MS, resilience: 1 },
    }),
    {
      ...{ component: 'Transfer between regions', what: 'the commit', price: 'crossRegionGigabytes' },
      ...{ quantity: (REQUESTS * units.bytes) / GIGABYTE, resilience: 1 },
    },
  ];
}

/** `waiting`: the share of router and service time that is spent on the peer. */
function entryUsage(of: {
  readonly router: number;
  readonly service: number;
  readonly waiting: number;
}): readonly Usage[] {
  const { router, service, waiting } = of;
  const lambda = (what: string, durationMs: number) =>
    lambdaUsage({ what, calls: REQUESTS, memoryMb: 512, durationMs, resilience: 0 }).map((usage) =>
      usage.price === 'lambdaGbSeconds' ? { ...usage, resilience: waiting } : usage,
    );
  return [
    { component: 'CloudFront', what: 'requests', price: 'cloudfrontRequests', quantity: REQUESTS, resilience: 0 },
    {
      ...{ component: 'CloudFront', what: 'answers', price: 'egressGigabytes', resilience: 0 },
      quantity: (REQUESTS * ANSWER_BYTES) / GIGABYTE,
    },
    ...lambda('router', router),
    ...lambda('service', service),
  ];
}

function dynamo(component: string, what: string, price: Usage['price'], perRequest: number, resilience: number): Usage {
  return { component, what, price, quantity: perRequest * REQUESTS, resilience };
}
