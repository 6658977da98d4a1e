/**
 * Repair: puts the owner's present state of an aggregate over what a stale writer left. The target's head must still be
 * the one that was judged, and its fence must prove that no stale writer is at work, so a repair can undo nothing newer.
 */
import { type Aggregate, type Head, sameRevision } from '../../core/commit.ts';
import { fenceShardOf } from '../../core/fence.ts';
import type { AggregateId } from '../../core/ids.ts';
import type { CallBounds } from '../cell-store.ts';
import { standsAt } from '../store/commit-writes.ts';
import { readAggregate, TORN_READS_MAX, tornRead } from '../store/read-aggregate.ts';
import {
  aggregateKey,
  dataItem,
  fenceKey,
  headItem,
  headKey,
  IDEMPOTENCY_PREFIX,
  journalShardOf,
  outboxPk,
  toHead,
} from '../store/table-layout.ts';
import { type Condition, type Item, type Key, queryAll, type Table, type TableWrite } from '../table/table.ts';
import type { ApplyTarget } from './apply-commit.ts';

/** Items a transaction; fence and head take the rest of DynamoDB's 100. */
const CHUNK_ITEMS_MAX = 90;

/** All that belongs to an aggregate: its items, and its messages that are not dealt with yet. */
export interface WholeAggregate {
  readonly aggregate: Aggregate;
  readonly outbox: readonly Item[];
}

export interface Replacement {
  readonly target: ApplyTarget;
  /** What the target has, as it was read. */
  readonly present: WholeAggregate;
  /** What the owner has. */
  readonly wanted: WholeAggregate;
  /** What the fence of the target must fulfil for the repair to be the owner's. */
  readonly fenceGuard: Condition;
}

/** All of it from one commit: the head must not have moved while the messages were read. */
export async function readWhole(table: Table, id: AggregateId, bounds: CallBounds): Promise<WholeAggregate> {
  for (let attempt = 0; ; attempt++) {
    const aggregate = await readAggregate(table, id, bounds);
    const outbox = await queryAll(table, outboxPk(journalShardOf(id)), { ...bounds, prefix: `${id}#` });
    const after = toHead(await table.get(headKey(id), bounds));
    if (sameRevision(aggregate.head, after)) return { aggregate, outbox };
    if (attempt >= TORN_READS_MAX) throw tornRead();
  }
}

/** `false`: something moved meanwhile; judge again. Larger aggregates take several transactions, the head comes last. */
export async function replaceAggregate(replacement: Replacement, bounds: CallBounds): Promise<boolean> {
  const { target, present, wanted } = replacement;
  const items = itemWrites(present, wanted);
  for (let from = 0; from < Math.max(1, items.length); from += CHUNK_ITEMS_MAX) {
    const last = from + CHUNK_ITEMS_MAX >= items.length;
    const writes = [
      fenceCheck(replacement),
      last ? headWrite(present.aggregate.head, wanted.aggregate) : headCheck(present.aggregate),
      ...items.slice(from, from + CHUNK_ITEMS_MAX),
    ];
    const result = await target.table.transact(writes, bounds);
    if (result.outcome === 'refused') return false;
  }
  return true;
}

function fenceCheck({ target, wanted, fenceGuard }: Replacement): TableWrite {
  const shard = fenceShardOf(wanted.aggregate.id, target.fenceShards);
  return { kind: 'check', key: fenceKey(shard), when: fenceGuard };
}

function headCheck(present: Aggregate): TableWrite {
  return { kind: 'check', key: headKey(present.id), when: standsAt(present.head) };
}

function headWrite(seen: Head | null, wanted: Aggregate): TableWrite {
  const when = standsAt(seen);
  return wanted.head
    ? { kind: 'put', item: headItem(wanted.id, wanted.head), when }
    : { kind: 'delete', key: headKey(wanted.id), when };
}

function itemWrites(present: WholeAggregate, wanted: WholeAggregate): TableWrite[] {
  const puts = rowsOf(wanted);
  const keep = new Set(puts.map(nameOf));
  const extra = rowsOf(present).filter((row) => !keep.has(nameOf(row)));
  return [
    ...puts.map((item): TableWrite => ({ kind: 'put', item })),
    ...extra.map(({ pk, sk }): TableWrite => ({ kind: 'delete', key: { pk, sk } })),
  ];
}

const nameOf = (key: Key) => `${key.pk} ${key.sk}`;

/** Every row but the head. */
function rowsOf({ aggregate, outbox }: WholeAggregate): Item[] {
  const pk = aggregateKey(aggregate.id);
  const data = [...aggregate.items].map(([name, value]) => dataItem(aggregate.id, name, value));
  const records = [...aggregate.idempotency.values()].map(
    (record): Item => ({ pk, sk: IDEMPOTENCY_PREFIX + record.key, record: JSON.stringify(record) }),
  );
  return [...data, ...records, ...outbox];
}
