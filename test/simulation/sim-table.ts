/**
 * The table port over a link that does what networks do: delays, reorders, loses requests and answers, delivers a
 * request twice, lets nothing or only one direction through, and gives what it held when it heals. The caller's deadline
 * counts on the caller's clock; when it strikes, the effect may have happened, may happen later, or never.
 */
import type { CallBounds } from '../../cell/cell-store.ts';
import type { Item, Key, Page, QueryOptions, Table, TableWrite, WriteResult } from '../../cell/table/table.ts';
import { type ErrorCode, PlatformError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { EventQueue } from './event-queue.ts';
import type { SimProcess } from './sim-process.ts';
import type { SimStore } from './sim-store.ts';

/** One link; it outlives the process at its end. Several faults may lie on it at once, hence the counters. */
export class SimLink {
  readonly name: string;
  readonly rng: Rng;
  readonly baseMs: number;
  requestsCut = 0;
  answersCut = 0;
  refused = 0;
  lossRatio = 0;
  duplicateRatio = 0;
  spikeRatio = 0;
  spikeMs = 0;
  /** When a write through this link was last known to be done. */
  lastWriteAnswerMs = 0;
  #held: (() => void)[] = [];

  constructor(options: { name: string; baseMs: number; rng: Rng }) {
    this.name = options.name;
    this.baseMs = options.baseMs;
    this.rng = options.rng;
  }

  delayMs(): number {
    const { rng, baseMs } = this;
    // Twice the base now and then, so that calls overtake each other on a healthy link, too.
    const jittered = baseMs * (0.5 + rng.next() * (rng.next() < 0.1 ? 4 : 1));
    return this.spikeRatio > 0 && rng.next() < this.spikeRatio ? jittered + rng.next() * this.spikeMs : jittered;
  }

  /** A cut link holds some of what was sent (a connection that outlives the cut delivers it) and swallows the rest. */
  hold(run: () => void): void {
    if (this.rng.next() < 0.4) this.#held.push(run);
  }

  healed(): void {
    if (this.requestsCut > 0) return;
    for (const run of this.#held.splice(0)) run();
  }
}

export interface SimTableOptions {
  readonly queue: EventQueue;
  readonly process: SimProcess;
  readonly store: SimStore;
  readonly link: SimLink;
}

type Kind = 'read' | 'write' | 'probe' | 'delete';

/** A fence check and one put. */
const PROBE_WRITES = 2;

export class SimTable implements Table {
  readonly #o: SimTableOptions;

  constructor(options: SimTableOptions) {
    this.#o = options;
  }

  get(key: Key, bounds: CallBounds): Promise<Item | null> {
    return this.#call('read', bounds, (table) => table.get(key));
  }

  getMany(keys: readonly Key[], bounds: CallBounds): Promise<readonly Item[]> {
    return this.#call('read', bounds, (table) => table.getMany(keys));
  }

  query(pk: string, options: QueryOptions): Promise<Page> {
    return this.#call('read', options, (table) => table.query(pk, options));
  }

  write(write: TableWrite, bounds: CallBounds): Promise<WriteResult> {
    return this.#call('write', bounds, (table) => table.write(write));
  }

  transact(writes: readonly TableWrite[], bounds: CallBounds): Promise<WriteResult> {
    // The keeper's probe is the most frequent write by far; it must not spring the traps that wait for a commit.
    const kind = writes.length <= PROBE_WRITES ? 'probe' : 'write';
    return this.#call(kind, bounds, (table) => table.transact(writes));
  }

  deleteMany(keys: readonly Key[], bounds: CallBounds): Promise<void> {
    return this.#call('delete', bounds, (table) => table.deleteMany(keys));
  }

  #call<T>(kind: Kind, bounds: CallBounds, op: (table: Target) => Promise<T>): Promise<T> {
    const { process, link, queue } = this.#o;
    const leftMs = bounds.deadlineAtMs - process.monotonicMs();
    if (leftMs <= 0) return Promise.reject(failure('DEADLINE_EXCEEDED', 'none'));
    if (kind === 'write') process.springTrap('before', link.name);
    return new Promise<T>((resolve, reject) => {
      const effect = kind === 'read' ? 'none' : 'unknown';
      let settled = false;
      const settle = (finish: () => void) => {
        if (settled) return;
        settled = true;
        if (deadline) deadline.cancelled = true;
        finish();
      };
      const deadline = Number.isFinite(leftMs)
        ? process.after(leftMs, () => settle(() => reject(failure('DEADLINE_EXCEEDED', effect))))
        : null;
      const answer = (finish: () => void) => {
        if (link.answersCut > 0 || (link.lossRatio > 0 && link.rng.next() < link.lossRatio)) return;
        queue.in(link.delayMs(), () => process.deliver('answer', () => settle(finish)));
      };
      // A process that was stopped on the way here sends when it goes on.
      process.deliver('timer', () => {
        if (link.refused > 0) return answer(() => reject(failure('STORE_UNAVAILABLE', 'none')));
        this.#send(() => this.#arrive(kind, op, { resolve, reject, answer }));
        if (link.duplicateRatio > 0 && link.rng.next() < link.duplicateRatio) {
          this.#send(() => this.#arrive(kind, op, { resolve: nobody, reject: nobody, answer: nobody }));
        }
        if (kind === 'write') process.springTrap('after', link.name);
      });
    });
  }

  #send(arrive: () => void): void {
    const { link, queue } = this.#o;
    if (link.lossRatio > 0 && link.rng.next() < link.lossRatio) return;
    const travel = () => {
      queue.in(link.delayMs(), arrive);
    };
    if (link.requestsCut > 0) link.hold(travel);
    else travel();
  }

  #arrive<T>(kind: Kind, op: (table: Target) => Promise<T>, caller: Caller<T>): void {
    const { store, link, queue } = this.#o;
    const act = () => {
      const { rng } = link;
      if ((kind === 'write' || kind === 'probe') && store.conflictRatio > 0 && rng.next() < store.conflictRatio) {
        return caller.answer(() => caller.reject(failure('STORE_CONFLICT', 'none')));
      }
      if (store.throttleRatio > 0 && rng.next() < store.throttleRatio) {
        return caller.answer(() => caller.reject(failure('STORE_THROTTLED', 'none')));
      }
      // The effect is now; the promise only carries its result to the caller.
      const result = op(store.table);
      caller.answer(() => {
        if (kind === 'write') link.lastWriteAnswerMs = queue.nowMs;
        caller.resolve(result);
      });
    };
    if (store.slowMs > 0) queue.in(store.slowMs * link.rng.next(), () => store.perform(act));
    else store.perform(act);
  }
}

type Target = SimStore['table'];

interface Caller<T> {
  readonly resolve: (value: Promise<T>) => void;
  readonly reject: (error: unknown) => void;
  readonly answer: (finish: () => void) => void;
}

/** The second delivery of a request has no one to answer. */
const nobody = () => undefined;

function failure(code: ErrorCode, effect: 'none' | 'unknown'): PlatformError {
  return new PlatformError({ code, kind: 'dependency', effect, message: `simulated ${code}` });
}
