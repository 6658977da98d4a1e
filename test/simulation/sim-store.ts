/**
 * A store of the simulation: the table in memory, durable, which may be frozen (effects wait until it thaws), slow, in
 * conflict or throttled, and which tells an observer of every effect at the instant at which it happens.
 */
import { MemoryRows } from '../../cell/table/memory-rows.ts';
import type { Item, TableWrite } from '../../cell/table/table.ts';

/** Every put and delete of one call that took effect, with what stood there before. */
export interface Effect {
  readonly store: string;
  readonly writes: readonly TableWrite[];
  readonly before: readonly (Item | null)[];
}

export class SimStore {
  readonly name: string;
  readonly table: MemoryRows;
  readonly #waiting: (() => void)[] = [];
  #frozen = 0;
  frozenSinceMs: number | null = null;
  /** Added to each call, ms. */
  slowMs = 0;
  /** Counts the lives of its engine: an answer to a call of an earlier life reaches nobody. */
  life = 1;
  down = 0;
  readonly torn: boolean;
  conflictRatio = 0;
  throttleRatio = 0;

  constructor(options: { name: string; torn: boolean; observe: (effect: Effect) => void }) {
    const { name, observe } = options;
    this.name = name;
    this.torn = options.torn;
    this.table = new MemoryRows((writes, before) => observe({ store: name, writes, before }));
  }

  get isFrozen(): boolean {
    return this.#frozen > 0;
  }

  /** Runs when the store thaws, in order of arrival. */
  wait(run: () => void): void {
    this.#waiting.push(run);
  }

  /** The engine dies: what was done stays done; what waits finds out that it belongs to an earlier life. */
  die(): void {
    this.down++;
    this.life++;
    for (const run of this.#waiting.splice(0)) run();
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
