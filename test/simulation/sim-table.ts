/**
 * The table port over a link that does what networks do: delays, reorders, loses requests and answers, delivers a
 * request twice, lets nothing or only one direction through, and gives what it held when it heals. The caller's deadline
 * counts on the caller's clock; when it strikes, the effect may have happened, may happen later, or never.
 */
import type { CallBounds } from '../../cell/cell-store.ts';
import type { Item, Key, Page, QueryOptions, Table, TableWrite, WriteResult } from '../../cell/table/table.ts';
import { type ErrorCode, PlatformError } from '../../core/errors.ts';
import type { Trouble } from './coverage.ts';
import { cancel, type EventQueue, type Scheduled } from './event-queue.ts';
import type { SimLink } from './sim-link.ts';
import type { SimProcess } from './sim-process.ts';
import type { SimStore } from './sim-store.ts';

/** Requests on their way to a store or waiting in it. */
export interface UnderWay {
  underWay: number;
}

export interface SimTableOptions {
  readonly queue: EventQueue;
  readonly process: SimProcess;
  readonly store: SimStore;
  readonly link: SimLink;
  readonly sending: () => UnderWay;
  readonly saw: (trouble: Trouble) => void;
  /** Told of every transaction at the instant at which it is sent. */
  readonly sends: (writes: readonly TableWrite[]) => void;
}

type Kind = 'read' | 'write' | 'probe' | 'delete';

/** No commit is that small: a fence of a shard or two is raised. */
const RAISE_WRITES = 2;
const TORN_RATIO = 0.25;
const TORN_FOR_MS = 6;

export class SimTable implements Table {
  readonly #o: SimTableOptions;

  constructor(options: SimTableOptions) {
    this.#o = options;
  }

  get(key: Key, bounds: CallBounds): Promise<Item | null> {
    return this.#call('read', bounds, (rows) => rows.peek(key));
  }

  getMany(keys: readonly Key[], bounds: CallBounds): Promise<readonly Item[]> {
    const { store, link } = this.#o;
    if (!store.torn || link.rng.next() >= TORN_RATIO) return this.#call('read', bounds, (rows) => rows.getMany(keys));
    let first: readonly (Item | null)[] = [];
    // Each key is read at one instant or the other: a batch has no order.
    const again = (rows: Target) => {
      const mixed = keys.map((key, index) => (index % 2 === 0 ? (first[index] ?? null) : rows.peek(key)));
      return mixed.filter((item) => item !== null);
    };
    return this.#call('read', bounds, again, (rows) => {
      first = keys.map((key) => rows.peek(key));
    });
  }

  /** Over a store that tears them, a query reads its later rows a little later. */
  query(pk: string, options: QueryOptions): Promise<Page> {
    const { store, link } = this.#o;
    if (!store.torn || link.rng.next() >= TORN_RATIO)
      return this.#call('read', options, (rows) => rows.query(pk, options));
    let first: Page | null = null;
    const again = (rows: Target) => {
      const later = rows.query(pk, options);
      const page = first === null ? later : torn(first, later);
      if (first !== null && page !== first && differ(page, later)) this.#o.saw('torn query');
      return page;
    };
    return this.#call('read', options, again, (rows) => {
      first = rows.query(pk, options);
    });
  }

  write(write: TableWrite, bounds: CallBounds): Promise<WriteResult> {
    // The keeper's proof is the most frequent write by far; it must not spring the traps that wait for a commit.
    return this.#call(isProbe(write) ? 'probe' : 'write', bounds, (rows) => rows.transact([write]));
  }

  transact(writes: readonly TableWrite[], bounds: CallBounds): Promise<WriteResult> {
    this.#o.sends(writes);
    return this.#call(writes.length <= RAISE_WRITES ? 'probe' : 'write', bounds, (rows) => rows.transact(writes));
  }

  deleteMany(keys: readonly Key[], bounds: CallBounds): Promise<void> {
    return this.#call('delete', bounds, (rows) => rows.deleteMany(keys));
  }

  /** `early`: what happens at the store a little before the effect. */
  #call<T>(kind: Kind, bounds: CallBounds, op: (rows: Target) => T, early?: (rows: Target) => void): Promise<T> {
    const { process, link } = this.#o;
    const leftMs = bounds.deadlineAtMs - process.monotonicMs();
    if (leftMs <= 0) return Promise.reject(failure('DEADLINE_EXCEEDED', 'none'));
    if (kind === 'write') process.springTrap('before', link.name);
    return new Promise<T>((resolve, reject) => {
      const call: Call<T> = {
        kind,
        op,
        early,
        resolve,
        reject,
        state: 'sent',
        effect: 'none yet',
        deadline: null,
        copies: 0,
      };
      if (Number.isFinite(leftMs)) call.deadline = process.after(leftMs, () => this.#timeOut(call));
      // A process that was stopped on the way here sends when it goes on.
      process.deliver('timer', () => this.#begin(call));
    });
  }

  #begin<T>(call: Call<T>): void {
    const { process, link, saw } = this.#o;
    if (link.refused > 0) {
      saw('connection refused');
      this.#answer(call, () => call.reject(failure('STORE_UNAVAILABLE', 'none')));
      return;
    }
    this.#send(call);
    if (link.duplicateRatio > 0 && link.rng.next() < link.duplicateRatio) this.#send(call);
    if (call.kind === 'write') process.springTrap('after', link.name);
  }

  #timeOut<T>(call: Call<T>): void {
    if (call.state === 'settled') return;
    const isWrite = call.kind !== 'read';
    if (isWrite && call.effect === 'done') this.#o.saw('time-out whose effect did happen');
    if (isWrite && call.effect === 'lost') this.#o.saw('time-out without an effect');
    call.state = 'settled';
    call.reject(failure('DEADLINE_EXCEEDED', isWrite ? 'unknown' : 'none'));
  }

  #answer<T>(call: Call<T>, finish: () => void): void {
    const { link, queue, process, saw } = this.#o;
    if (link.answersCut > 0 || (link.lossRatio > 0 && link.rng.next() < link.lossRatio)) {
      saw('answer lost');
      return;
    }
    queue.in(link.delayMs(), () =>
      process.deliver('answer', () => {
        if (call.state === 'settled') return;
        call.state = 'settled';
        if (call.deadline) cancel(call.deadline);
        finish();
      }),
    );
  }

  #send<T>(call: Call<T>): void {
    const { link, queue, saw, process } = this.#o;
    if (link.lossRatio > 0 && link.rng.next() < link.lossRatio) {
      call.effect = 'lost';
      saw('request lost');
      return;
    }
    const count = this.#o.sending();
    const order = ++link.sent;
    const travel = () => {
      count.underWay++;
      const delayMs = link.delayMs();
      if (link.isDelay(delayMs)) saw('request delayed');
      queue.in(delayMs, () => {
        if (order < link.newestArrived) saw('request overtaken by a later one');
        else link.newestArrived = order;
        if (process.crashed && process.losesWhatItSent) {
          count.underWay--;
          if (call.kind === 'write') saw('crash with a write under way that never happened');
        } else this.#arrive(call, count);
      });
    };
    if (link.requestsCut === 0) {
      travel();
      return;
    }
    const held = link.hold(() => {
      saw('request held by a cut and delivered after it');
      travel();
    });
    if (!held) call.effect = 'lost';
  }

  #arrive<T>(call: Call<T>, count: UnderWay): void {
    const { store, queue, link } = this.#o;
    const { life } = store;
    const act = () => {
      count.underWay--;
      // Its engine died while the call was in it: the effect is there or is not, and nobody is told.
      if (store.life !== life) {
        if (link.rng.next() < 0.5) this.#effect(call, { told: false });
        return;
      }
      this.#effect(call, { told: true });
    };
    const perform = () => {
      if (store.life === life) store.perform(act);
      else act();
    };
    if (call.early) call.early(store.table);
    const slowMs =
      (store.slowMs > 0 ? store.slowMs * link.rng.next() : 0) + (call.early ? TORN_FOR_MS * link.rng.next() : 0);
    if (store.slowMs > 0) this.#o.saw('slow store');
    if (slowMs > 0) queue.in(slowMs, perform);
    else perform();
  }

  /** The effect is now; the answer only carries its result to the caller. */
  #effect<T>(call: Call<T>, { told }: { told: boolean }): void {
    const { store, link, queue, process, saw } = this.#o;
    const { rng } = link;
    if (store.down > 0) {
      this.#answer(call, () => call.reject(failure('STORE_UNAVAILABLE', 'none')));
      return;
    }
    if (
      (call.kind === 'write' || call.kind === 'probe') &&
      store.conflictRatio > 0 &&
      rng.next() < store.conflictRatio
    ) {
      saw('transaction conflict');
      this.#answer(call, () => call.reject(failure('STORE_CONFLICT', 'none')));
      return;
    }
    if (store.throttleRatio > 0 && rng.next() < store.throttleRatio) {
      saw('throttled call');
      this.#answer(call, () => call.reject(failure('STORE_THROTTLED', 'none')));
      return;
    }
    const result = call.op(store.table);
    if (call.kind === 'write' || call.kind === 'probe') {
      if (call.state === 'settled')
        saw(++call.copies > 1 ? 'request delivered twice' : 'time-out whose effect happened later');
      else if (++call.copies > 1) saw('request delivered twice');
      if (process.crashed) saw('crash with a write under way that did happen');
    }
    call.effect = 'done';
    if (!told) return;
    this.#answer(call, () => {
      if (call.kind === 'write') link.lastWriteAnswerMs = queue.nowMs;
      call.resolve(result);
    });
  }
}

/** A shard of the fence, written again as it is, with the count of the proofs. */
const isProbe = (write: TableWrite): boolean => write.kind === 'put' && 'count' in write.item;

type Target = SimStore['table'];

interface Call<T> {
  readonly kind: Kind;
  readonly op: (rows: Target) => T;
  readonly early: ((rows: Target) => void) | undefined;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  state: 'sent' | 'settled';
  effect: 'none yet' | 'done' | 'lost';
  deadline: Scheduled | null;
  /** How often it took effect. */
  copies: number;
}

/** The first rows from the earlier look, the others from the later one, as a query without a snapshot may return them. */
function torn(first: Page, later: Page): Page {
  const border = first.items[Math.floor(first.items.length / 2)]?.sk ?? '';
  const items = [...first.items.filter(({ sk }) => sk <= border), ...later.items.filter(({ sk }) => sk > border)];
  return { items, next: later.next };
}

function differ(page: Page, other: Page): boolean {
  return page.items.length !== other.items.length || page.items.some((item, index) => item !== other.items[index]);
}

function failure(code: ErrorCode, effect: 'none' | 'unknown'): PlatformError {
  return new PlatformError({ code, kind: 'dependency', effect, message: `simulated ${code}` });
}
