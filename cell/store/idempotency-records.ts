/**
 * The idempotency records of an aggregate, each parsed only when somebody asks for it: an aggregate of long standing has
 * hundreds, every request reads them all, and looks for one.
 */
import type { IdempotencyRecord } from '../../core/commit.ts';

export class IdempotencyRecords implements ReadonlyMap<string, IdempotencyRecord> {
  /** As they stand in the rows, by idempotency key. */
  readonly #json: ReadonlyMap<string, string>;

  constructor(json: ReadonlyMap<string, string>) {
    this.#json = json;
  }

  get size(): number {
    return this.#json.size;
  }

  has(key: string): boolean {
    return this.#json.has(key);
  }

  get(key: string): IdempotencyRecord | undefined {
    const json = this.#json.get(key);
    return json === undefined ? undefined : parsed(json);
  }

  keys(): MapIterator<string> {
    return this.#json.keys();
  }

  *values(): MapIterator<IdempotencyRecord> {
    for (const json of this.#json.values()) yield parsed(json);
  }

  *entries(): MapIterator<[string, IdempotencyRecord]> {
    for (const [key, json] of this.#json) yield [key, parsed(json)];
  }

  [Symbol.iterator](): MapIterator<[string, IdempotencyRecord]> {
    return this.entries();
  }

  forEach(visit: (record: IdempotencyRecord, key: string, all: ReadonlyMap<string, IdempotencyRecord>) => void): void {
    for (const [key, record] of this) visit(record, key, this);
  }
}

const parsed = (json: string) => JSON.parse(json) as IdempotencyRecord;
