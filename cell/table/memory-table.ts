/**
 * The table in memory: the reference meaning of the port. Atomic because JavaScript runs one call to its end; everything
 * that a real table does worse is put around it by decorators.
 */
import { MemoryRows } from './memory-rows.ts';
import type { Item, Key, Page, QueryOptions, Table, TableWrite, WriteResult } from './table.ts';

export class MemoryTable implements Table {
  readonly #rows = new MemoryRows();

  async get(key: Key): Promise<Item | null> {
    return this.peek(key);
  }

  /** As it stands at this instant: for checkers. */
  peek(key: Key): Item | null {
    return this.#rows.peek(key);
  }

  async getMany(keys: readonly Key[]): Promise<readonly Item[]> {
    return this.#rows.getMany(keys);
  }

  async query(pk: string, options: QueryOptions): Promise<Page> {
    return this.#rows.query(pk, options);
  }

  async write(write: TableWrite): Promise<WriteResult> {
    return this.#rows.transact([write]);
  }

  async transact(writes: readonly TableWrite[]): Promise<WriteResult> {
    return this.#rows.transact(writes);
  }

  async deleteMany(keys: readonly Key[]): Promise<void> {
    this.#rows.deleteMany(keys);
  }
}
