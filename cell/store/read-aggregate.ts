/** Reads one aggregate from a table, whole and from one commit. */
import type { Aggregate } from '../../core/commit.ts';
import { PlatformError } from '../../core/errors.ts';
import type { AggregateId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import type { CallBounds } from '../cell-store.ts';
import { type Item, queryAll, type Table } from '../table/table.ts';
import { IdempotencyRecords } from './idempotency-records.ts';
import { aggregateKey, HEAD, headKey, IDEMPOTENCY_PREFIX, ITEM_PREFIX, toHead } from './table-layout.ts';

/** Reads that a steady stream of commits to the same aggregate may tear in a row before we say so. */
export const TORN_READS_MAX = 5;
/** The head and one item. */
const ROWS_WITHOUT_PROOF = 2;

/**
 * A query may see half of a transaction: rows that it read before the commit and rows that it read after. It can only
 * have seen a later commit's items if that commit stood when the query ended, so an unmoved head afterwards proves the
 * read whole. Head and one item need no second look: the head is read first (its sort key is the lowest), so at worst
 * the item is newer than the head, and a commit made on that head is refused by its version.
 */
export async function readAggregate(table: Table, id: AggregateId, bounds: CallBounds): Promise<Aggregate> {
  for (let attempt = 0; attempt < TORN_READS_MAX; attempt++) {
    const rows = await queryAll(table, aggregateKey(id), bounds);
    const aggregate = toAggregate(id, rows);
    if (rows.length <= ROWS_WITHOUT_PROOF) return aggregate;
    const after = await table.get(headKey(id), bounds);
    if (after?.version === aggregate.head?.version && after?.epoch === aggregate.head?.epoch) return aggregate;
  }
  throw tornRead();
}

export function tornRead(): PlatformError {
  return new PlatformError({
    code: 'STORE_CONFLICT',
    kind: 'dependency',
    effect: 'none',
    message: `The aggregate was changed during each of ${TORN_READS_MAX} reads. Read again.`,
  });
}

export function toAggregate(id: AggregateId, rows: readonly Item[]): Aggregate {
  const items = new Map<string, JsonObject>();
  const records: Item[] = [];
  let head: Item | null = null;
  for (const row of rows) {
    if (row.sk === HEAD) head = row;
    else if (row.sk.startsWith(ITEM_PREFIX)) {
      items.set(row.sk.slice(ITEM_PREFIX.length), JSON.parse(String(row.data)) as JsonObject);
    } else if (row.sk.startsWith(IDEMPOTENCY_PREFIX)) records.push(row);
  }
  return { id, head: toHead(head), items, idempotency: new IdempotencyRecords(records) };
}
