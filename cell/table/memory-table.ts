/**
 * The table in memory: the reference meaning of the port, and the store of the simulation. Atomic because JavaScript runs
 * one call to its end; everything that a real table does worse is put around it by decorators.
 */
import type { Condition, Item, Key, Page, QueryOptions, Refusal, Table, TableWrite, WriteResult } from './table.ts';

export class MemoryTable implements Table {
  readonly #partitions = new Map<string, Map<string, Item>>();

  async get(key: Key): Promise<Item | null> {
    return this.peek(key);
  }

  async getMany(keys: readonly Key[]): Promise<readonly Item[]> {
    return keys.map((key) => this.peek(key)).filter((item) => item !== null);
  }

  async query(pk: string, options: QueryOptions): Promise<Page> {
    const { prefix = '', after = '', limit } = options;
    const matching = [...(this.#partitions.get(pk)?.values() ?? [])]
      .filter((item) => item.sk.startsWith(prefix) && item.sk > after)
      .sort((a, b) => (a.sk < b.sk ? -1 : 1));
    const items = matching.slice(0, limit);
    return { items, next: matching.length > limit ? (items.at(-1)?.sk ?? null) : null };
  }

  async write(write: TableWrite): Promise<WriteResult> {
    return this.transact([write]);
  }

  async transact(writes: readonly TableWrite[]): Promise<WriteResult> {
    const refusals: Refusal[] = [];
    writes.forEach((write, index) => {
      const existing = this.peek(keyOf(write));
      if (write.when && !holds(write.when, existing)) refusals.push({ index, existing });
    });
    if (refusals.length > 0) return { outcome: 'refused', refusals };
    for (const write of writes) this.#apply(write);
    return { outcome: 'done' };
  }

  async deleteMany(keys: readonly Key[]): Promise<void> {
    for (const key of keys) this.#apply({ kind: 'delete', key });
  }

  /** Reads without a call: for checkers of the simulation. */
  peek(key: Key): Item | null {
    return this.#partitions.get(key.pk)?.get(key.sk) ?? null;
  }

  /** Every item, in no order: for checkers of the simulation. */
  *all(): Iterable<Item> {
    for (const partition of this.#partitions.values()) yield* partition.values();
  }

  #apply(write: TableWrite): void {
    if (write.kind === 'check') return;
    const { pk, sk } = keyOf(write);
    if (write.kind === 'delete') {
      this.#partitions.get(pk)?.delete(sk);
      return;
    }
    const partition = this.#partitions.get(pk) ?? new Map<string, Item>();
    this.#partitions.set(pk, partition.set(sk, { ...write.item }));
  }
}

export function keyOf(write: TableWrite): Key {
  return write.kind === 'put' ? { pk: write.item.pk, sk: write.item.sk } : write.key;
}

/** A comparison with a missing item or attribute is false, as in DynamoDB. */
export function holds(condition: Condition, item: Item | null): boolean {
  switch (condition.kind) {
    case 'absent':
      return item === null;
    case 'attribute-absent':
      return item?.[condition.attribute] === undefined;
    case 'all':
      return condition.of.every((part) => holds(part, item));
    case 'any':
      return condition.of.some((part) => holds(part, item));
    default:
      return compares(condition.kind, item?.[condition.attribute], condition.value);
  }
}

function compares(kind: '=' | '<' | '<=' | '>', seen: unknown, value: string | number): boolean {
  if (typeof seen !== typeof value) return false;
  const left = seen as string | number;
  switch (kind) {
    case '=':
      return left === value;
    case '<':
      return left < value;
    case '<=':
      return left <= value;
    case '>':
      return left > value;
  }
}
