/**
 * A store of the simulation: the table in memory, durable, which may be frozen (effects wait until it thaws), slow, in
 * conflict or throttled, and which tells an observer of every effect at the instant at which it happens.
 */
import { holds, keyOf, MemoryTable } from '../../cell/table/memory-table.ts';
import type { Item, Key, TableWrite, WriteResult } from '../../cell/table/table.ts';

/** Every put and delete of one call that took effect, with what stood there before. */
export interface Effect {
  readonly store: string;
  readonly writes: readonly TableWrite[];
  readonly before: readonly (Item | null)[];
}

export class ObservedTable extends MemoryTable {
  readonly #name: string;
  readonly #observe: (effect: Effect) => void;

  constructor(name: string, observe: (effect: Effect) => void) {
    super();
    this.#name = name;
    this.#observe = observe;
  }

  override async transact(writes: readonly TableWrite[]): Promise<WriteResult> {
    const before = writes.map((write) => this.peek(keyOf(write)));
    const done = writes.every((write, index) => !write.when || holds(write.when, before[index] ?? null));
    const result = super.transact(writes);
    if (done) this.#observe({ store: this.#name, writes, before });
    return result;
  }

  override async deleteMany(keys: readonly Key[]): Promise<void> {
    const writes = keys.map((key): TableWrite => ({ kind: 'delete', key }));
    const before = keys.map((key) => this.peek(key));
    const result = super.deleteMany(keys);
    this.#observe({ store: this.#name, writes, before });
    return result;
  }
}

export class SimStore {
  readonly name: string;
  readonly table: ObservedTable;
  readonly #waiting: (() => void)[] = [];
  #frozen = 0;
  frozenSinceMs: number | null = null;
  /** Added to each call, ms. */
  slowMs = 0;
  conflictRatio = 0;
  throttleRatio = 0;

  constructor(name: string, observe: (effect: Effect) => void) {
    this.name = name;
    this.table = new ObservedTable(name, observe);
  }

  /** Runs now, or in order of arrival when the store thaws. */
  perform(run: () => void): void {
    if (this.#frozen > 0) this.#waiting.push(run);
    else run();
  }

  freeze(nowMs: number): void {
    if (this.#frozen++ === 0) this.frozenSinceMs = nowMs;
  }

  thaw(): void {
    if (--this.#frozen > 0) return;
    this.frozenSinceMs = null;
    for (const run of this.#waiting.splice(0)) run();
  }
}
