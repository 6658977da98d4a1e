/** Rows in memory with the table port's meaning, without promises: what `MemoryTable` and the simulation's stores are made of. */
import type { Condition, Item, Key, Page, QueryOptions, Refusal, TableWrite, WriteResult } from './table.ts';

/** All rows of one table key. */
interface Partition {
  readonly rows: Map<string, Item>;
  /** Their sort keys in order: queries are far more frequent than new rows. */
  readonly order: string[];
}

/** The writes of one call, and what stood under the key of each before. */
export type ChangeObserver = (writes: readonly TableWrite[], before: readonly (Item | null)[]) => void;

export class MemoryRows {
  readonly #partitions = new Map<string, Partition>();
  #lastPk = '';
  #last: Partition | undefined;
  readonly #onChange: ChangeObserver | null;

  /** `onChange`: told of every change at the instant at which it happens. */
  constructor(onChange: ChangeObserver | null = null) {
    this.#onChange = onChange;
  }

  /** `null`: there is none. */
  peek(key: Key): Item | null {
    return this.#partitionOf(key.pk)?.rows.get(key.sk) ?? null;
  }

  /** Most calls ask for several rows of the same table key, one after the other. */
  #partitionOf(pk: string): Partition | undefined {
    if (pk !== this.#lastPk) {
      this.#lastPk = pk;
      this.#last = this.#partitions.get(pk);
    }
    return this.#last;
  }

  getMany(keys: readonly Key[]): readonly Item[] {
    return keys.map((key) => this.peek(key)).filter((item) => item !== null);
  }

  query(pk: string, options: Pick<QueryOptions, 'prefix' | 'after' | 'limit'>): Page {
    const { prefix = '', after = '', limit } = options;
    const items: Item[] = [];
    const partition = this.#partitionOf(pk);
    if (!partition) return { items, next: null };
    const { rows, order } = partition;
    // Both are lower bounds: nothing before either is asked for.
    const from = Math.max(placeOf(order, prefix), placeOf(order, after));
    for (let at = from; at < order.length; at++) {
      const sk = order[at] ?? '';
      if (sk === after) continue;
      if (!sk.startsWith(prefix)) break;
      if (items.length === limit) return { items, next: items.at(-1)?.sk ?? null };
      const item = rows.get(sk);
      if (item) items.push(item);
    }
    return { items, next: null };
  }

  transact(writes: readonly TableWrite[]): WriteResult {
    const before: (Item | null)[] = [];
    for (const write of writes) before.push(this.peek(keyOf(write)));
    let refusals: Refusal[] | null = null;
    for (let index = 0; index < writes.length; index++) {
      const when = writes[index]?.when;
      if (when === undefined) continue;
      const existing = before[index] ?? null;
      if (holds(when, existing)) continue;
      refusals ??= [];
      refusals.push({ index, existing });
    }
    if (refusals !== null) return { outcome: 'refused', refusals };
    for (const write of writes) this.#apply(write);
    this.#onChange?.(writes, before);
    return { outcome: 'done' };
  }

  deleteMany(keys: readonly Key[]): void {
    const before = keys.map((key) => this.peek(key));
    for (const key of keys) this.#delete(key);
    this.#onChange?.(
      keys.map((key) => ({ kind: 'delete', key })),
      before,
    );
  }

  /** Those under which there are rows or have been: for checkers. */
  tableKeys(): Iterable<string> {
    return this.#partitions.keys();
  }

  #apply(write: TableWrite): void {
    if (write.kind === 'check') return;
    if (write.kind === 'delete') this.#delete(write.key);
    else this.#put(write.item);
  }

  #put(item: Item): void {
    const { pk, sk } = item;
    const partition = this.#partitionOf(pk);
    if (!partition) {
      this.#last = { rows: new Map([[sk, item]]), order: [sk] };
      this.#partitions.set(pk, this.#last);
      return;
    }
    const { rows, order } = partition;
    if (!rows.has(sk)) order.splice(placeOf(order, sk), 0, sk);
    rows.set(sk, item);
  }

  #delete({ pk, sk }: Key): void {
    const partition = this.#partitionOf(pk);
    if (partition?.rows.delete(sk)) partition.order.splice(placeOf(partition.order, sk), 1);
  }
}

/** Where the sort key stands, or would. */
function placeOf(order: readonly string[], sk: string): number {
  let from = 0;
  let to = order.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((order[middle] ?? '') < sk) from = middle + 1;
    else to = middle;
  }
  return from;
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
      for (const part of condition.of) if (!holds(part, item)) return false;
      return true;
    case 'any':
      for (const part of condition.of) if (holds(part, item)) return true;
      return false;
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
