/**
 * The peer's store as this process calls it. Rule: every write that the store answers, done or refused, is a sign of life, and
 * health hears of it at once. A shipment takes several calls; were only its end a sign, a region whose peer has just come
 * back would go on to acknowledge alone meanwhile, and also when both were parted again before it ended.
 */
import type { CallBounds } from '../cell-store.ts';
import type { Item, Key, Page, QueryOptions, Table, TableWrite, WriteResult } from '../table/table.ts';
import type { PeerHealth } from './peer-health.ts';

/** Reads say nothing: a store that stands still for writes may go on to answer them. */
export class PeerTable implements Table {
  readonly #table: Table;
  readonly #health: PeerHealth;

  constructor(table: Table, health: PeerHealth) {
    this.#table = table;
    this.#health = health;
  }

  get(key: Key, bounds: CallBounds): Promise<Item | null> {
    return this.#table.get(key, bounds);
  }

  getMany(keys: readonly Key[], bounds: CallBounds): Promise<readonly Item[]> {
    return this.#table.getMany(keys, bounds);
  }

  query(pk: string, options: QueryOptions): Promise<Page> {
    return this.#table.query(pk, options);
  }

  async write(write: TableWrite, bounds: CallBounds): Promise<WriteResult> {
    return this.#answered(await this.#table.write(write, bounds));
  }

  async transact(writes: readonly TableWrite[], bounds: CallBounds): Promise<WriteResult> {
    return this.#answered(await this.#table.transact(writes, bounds));
  }

  deleteMany(keys: readonly Key[], bounds: CallBounds): Promise<void> {
    return this.#table.deleteMany(keys, bounds);
  }

  #answered(result: WriteResult): WriteResult {
    this.#health.succeeded();
    return result;
  }
}
