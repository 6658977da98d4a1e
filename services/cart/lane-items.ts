/**
 * A lane as items of its aggregate: one item for each line, and one bounded item with the newest idempotency keys. The
 * keys do not go into idempotency records of the store, which would grow with every change of a long-lived cart.
 */
import type { Aggregate, Change } from '../../core/commit.ts';
import { type AggregateId, aggregateId, type TenantId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Lane, LaneLine } from './cart-lanes.ts';

export interface AppliedKey {
  readonly key: string;
  readonly fingerprint: string;
}

export interface StoredLane {
  readonly aggregate: Aggregate;
  readonly lane: Lane;
  /** Oldest first. */
  readonly applied: readonly AppliedKey[];
}

/** A client repeats a request within seconds; a cart sees few changes in that time. An older key counts as new. */
export const APPLIED_KEYS_MAX = 32;

const LINE_PREFIX = 'line/';
const KEYS_ITEM = 'keys';

export function laneId(options: { tenant: TenantId; cart: string; region: string }): AggregateId {
  return aggregateId(`cart/${options.tenant}/${options.cart}@${options.region}`);
}

export function decodeLane(aggregate: Aggregate, region: string): StoredLane {
  const lines = new Map<string, LaneLine>();
  for (const [item, data] of aggregate.items) {
    if (item.startsWith(LINE_PREFIX)) lines.set(item.slice(LINE_PREFIX.length), decodeLine(data));
  }
  const applied = (aggregate.items.get(KEYS_ITEM)?.applied ?? []) as unknown as readonly AppliedKey[];
  return { aggregate, lane: { region, version: aggregate.head?.version ?? 0, lines }, applied };
}

export function putLine(sku: string, line: LaneLine): Change {
  return { kind: 'put', item: LINE_PREFIX + sku, data: { ...line } };
}

export function deleteLine(sku: string): Change {
  return { kind: 'delete', item: LINE_PREFIX + sku };
}

export function putApplied(stored: StoredLane, key: AppliedKey): Change {
  const applied = [...stored.applied, { ...key }].slice(-APPLIED_KEYS_MAX);
  return { kind: 'put', item: KEYS_ITEM, data: { applied } as unknown as JsonObject };
}

function decodeLine(data: JsonObject): LaneLine {
  return { increments: Number(data.increments), decrements: Number(data.decrements) };
}
