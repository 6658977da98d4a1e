/**
 * The idempotency records of an aggregate, each parsed only when somebody asks for it: an aggregate of long standing has
 * hundreds, every request reads them all, and looks for one.
 */
import type { IdempotencyRecord } from '../../core/commit.ts';
import type { Item } from '../table/table.ts';
import { IDEMPOTENCY_PREFIX } from './table-layout.ts';

export class IdempotencyRecords implements ReadonlyMap<string, IdempotencyRecord> {
  readonly #rows: readonly Item[];

  /** `rows`: those of the records, with distinct keys. */
  constructor(rows: readonly Item[]) {
    this.#rows = rows;
  }

  get size(): number {
    return this.#rows.length;
  }

  has(key: string): boolean {
    return this.#rowOf(key) !== undefined;
  }

  get(key: string): IdempotencyRecord | undefined {
    const row = this.#rowOf(key);
    return row && parsed(row);
  }

  *keys(): MapIterator<string> {
    for (const row of this.#rows) yield keyOf(row);
  }

  *values(): MapIterator<IdempotencyRecord> {
    for (const row of this.#rows) yield parsed(row);
  }

  *entries(): MapIterator<[string, IdempotencyRecord]> {
    for (const row of this.#rows) yield [keyOf(row), parsed(row)];
  }

  [Symbol.iterator](): MapIterator<[string, IdempotencyRecord]> {
    return this.entries();
  }

  forEach(visit: (record: IdempotencyRecord, key: string, all: ReadonlyMap<string, IdempotencyRecord>) => void): void {
    for (const [key, record] of this) visit(record, key, this);
  }

  #rowOf(key: string): Item | undefined {
    const name = IDEMPOTENCY_PREFIX + key;
    return this.#rows.find((row) => row.sk === name);
  }
}

const keyOf = (row: Item) => row.sk.slice(IDEMPOTENCY_PREFIX.length);
const parsed = (row: Item) => JSON.parse(String(row.record)) as IdempotencyRecord;
