/** Rows in memory with the table port's meaning, without promises: what `MemoryTable` and the simulation's stores are made of. */
import type { Condition, Item, Key, Page, QueryOptions, Refusal, TableWrite, WriteResult } from './table.ts';

export class MemoryRows {
  readonly #partitions = new Map<string, Map<string, Item>>();

  /** `null`: there is none. */
  peek(key: Key): Item | null {
    return this.#partitions.get(key.pk)?.get(key.sk) ?? null;
  }

  getMany(keys: readonly Key[]): readonly Item[] {
    return keys.map((key) => this.peek(key)).filter((item) => item !== null);
  }

  query(pk: string, options: Pick<QueryOptions, 'prefix' | 'after' | 'limit'>): Page {
    const { prefix = '', after = '', limit } = options;
    const matching: Item[] = [];
    for (const item of this.#partitions.get(pk)?.values() ?? []) {
      if (item.sk > after && item.sk.startsWith(prefix)) matching.push(item);
    }
    matching.sort((a, b) => (a.sk < b.sk ? -1 : 1));
    if (matching.length <= limit) return { items: matching, next: null };
    const items = matching.slice(0, limit);
    return { items, next: items.at(-1)?.sk ?? null };
  }

  transact(writes: readonly TableWrite[]): WriteResult {
    const refusals: Refusal[] = [];
    for (const [index, write] of writes.entries()) {
      if (!write.when) continue;
      const existing = this.peek(keyOf(write));
      if (!holds(write.when, existing)) refusals.push({ index, existing });
    }
    if (refusals.length > 0) return { outcome: 'refused', refusals };
    for (const write of writes) this.#apply(write);
    return { outcome: 'done' };
  }

  deleteMany(keys: readonly Key[]): void {
    for (const { pk, sk } of keys) this.#partitions.get(pk)?.delete(sk);
  }

  /** Every item, in no order: for checkers. */
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
    const partition = this.#partitions.get(pk);
    if (partition) partition.set(sk, write.item);
    else this.#partitions.set(pk, new Map([[sk, write.item]]));
  }
}

export function keyOf(write: TableWrite): Key {
  return write.kind === 'put' ? write.item : write.key;
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
