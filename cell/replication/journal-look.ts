/**
 * Up to when everything that was committed in this store has left its journal. Problem: what a process remembers of its own
 * commits says too little: after a restart, after a write whose answer got lost, and beside another process of the region,
 * commits stand that it never heard of. Rule: look into the journal itself.
 *
 *   an entry that this look finds and the last whole look did not was committed after that look began
 *   an entry that no look finds is at the peer, or was committed after the look began
 *
 * Invariant: every commit that stood at `completeToMs`, on this process's clock, is at the peer (in its state or in its
 * quarantine). Never falls.
 */
import type { Clock } from '../../core/clock.ts';
import type { CallBounds } from '../cell-store.ts';
import { journalPk } from '../store/table-layout.ts';
import type { Table } from '../table/table.ts';
import { isFencedEntry, journalShards } from './journal.ts';

/** Of each shard. A longer journal is a backlog: then what was proved before stands, and grows old. */
const ENTRIES_MAX = 100;
/** Several looks long: with an older one nobody can say what the journal holds now. */
const LOOK_AGE_MS_MAX = 3_000;

/** What the replicator and the look tell each other. */
interface Shipping {
  /** Sort keys of entries that are at the peer and only wait to be deleted. */
  shippedEntries(): ReadonlySet<string>;
  /** Sort keys of entries that it remembers and has not shipped yet. */
  pendingEntries(): ReadonlySet<string>;
  /** Of the other entries there were none at `atMs`: nobody needs to look for any that were left behind before. */
  sawEmptyJournal(atMs: number): void;
}

export interface JournalLookOptions {
  readonly source: Table;
  readonly replicator: Shipping;
  readonly clock: Clock;
}

export class JournalLook {
  readonly #o: JournalLookOptions;
  #completeToMs: number | null = null;
  /** Entries that the last whole look left open, with the instant after which each was committed (`null`: unknown). */
  #open: ReadonlyMap<string, number | null> = new Map();
  #wholeAtMs: number | null = null;
  /** Of the entries that the replicator does not remember either, the same instants: it may never have heard of them. */
  #leftBehind: readonly (number | null)[] = [];

  constructor(options: JournalLookOptions) {
    this.#o = options;
  }

  get completeToMs(): number | null {
    return this.#completeToMs;
  }

  /**
   * Age of the oldest commit, ms, that lies in the journal without the replicator's remembering it: left by an earlier process,
   * or by an answer that got lost. 0: there is none. `null`: nobody can say, as before the first look after a start.
   */
  lagMs(): number | null {
    if (this.#wholeAtMs === null) return null;
    const nowMs = this.#o.clock.monotonicMs();
    const isFresh = nowMs - this.#wholeAtMs <= LOOK_AGE_MS_MAX;
    const sinceMs = isFresh ? this.#leftBehind : [...this.#leftBehind, this.#completeToMs];
    return sinceMs.reduce((lagMs: number | null, atMs) => {
      return lagMs === null || atMs === null ? null : Math.max(lagMs, nowMs - atMs);
    }, 0);
  }

  /** Returns whether it was whole and left no entry of an epoch open. Throws what the table throws; then nothing is learnt. */
  async look(bounds: CallBounds): Promise<boolean> {
    const startedAtMs = this.#o.clock.monotonicMs();
    const shipped = this.#o.replicator.shippedEntries();
    const options = { ...bounds, limit: ENTRIES_MAX };
    const pages = await Promise.all(journalShards.map((shard) => this.#o.source.query(journalPk(shard), options)));
    if (pages.some((page) => page.next !== null)) return false;
    const entries = pages.flatMap((page) => page.items.map((item) => item.sk)).filter((sk) => !shipped.has(sk));
    const stayed = this.#unremembered(entries);
    this.#open = new Map(entries.map((sk) => [sk, this.#committedAfterMs(sk)]));
    this.#leftBehind = stayed.map((sk) => this.#open.get(sk) ?? null);
    this.#wholeAtMs = startedAtMs;
    if (entries.length === 0) this.#o.replicator.sawEmptyJournal(startedAtMs);
    this.#prove([...this.#open.values(), startedAtMs]);
    return !entries.some(isFencedEntry);
  }

  /** One that only this look has seen may be a commit that is being answered just now. */
  #unremembered(entries: readonly string[]): readonly string[] {
    const pending = this.#o.replicator.pendingEntries();
    return entries.filter((sk) => !pending.has(sk) && (this.#wholeAtMs === null || this.#open.has(sk)));
  }

  #committedAfterMs(sk: string): number | null {
    const before = this.#open.get(sk);
    // Open before already: nothing new is known of it, also where that was nothing.
    return before === undefined ? this.#wholeAtMs : before;
  }

  #prove(floors: readonly (number | null)[]): void {
    let provedMs = Number.POSITIVE_INFINITY;
    for (const floorMs of floors) provedMs = Math.min(provedMs, floorMs ?? Number.NEGATIVE_INFINITY);
    if (provedMs > (this.#completeToMs ?? Number.NEGATIVE_INFINITY)) this.#completeToMs = provedMs;
  }
}
