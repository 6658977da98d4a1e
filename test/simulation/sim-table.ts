/**
 * The table port over a link that does what networks do: delays, reorders, loses requests and answers, delivers a
 * request twice, lets nothing or only one direction through, and gives what it held when it heals. The caller's deadline
 * counts on the caller's clock; when it strikes, the effect may have happened, may happen later, or never.
 */
import type { CallBounds } from '../../cell/cell-store.ts';
import type { Item, Key, Page, QueryOptions, Table, TableWrite, WriteResult } from '../../cell/table/table.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { Trouble } from './coverage.ts';
import type { EventQueue } from './event-queue.ts';
import {
  Call,
  type CallAnswer,
  type CallKind,
  type CallPath,
  failure,
  type Target,
  type UnderWay,
} from './sim-call.ts';
import type { SimLink } from './sim-link.ts';
import type { SimProcess } from './sim-process.ts';
import type { SimStore } from './sim-store.ts';

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

/** No commit is that small: a fence of a shard or two is raised. */
const RAISE_WRITES = 2;
const TORN_RATIO = 0.25;
const TORN_FOR_MS = 6;

export class SimTable implements Table, CallPath {
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
  #call<T>(kind: CallKind, bounds: CallBounds, op: (rows: Target) => T, early?: (rows: Target) => void): Promise<T> {
    const { process, link, queue } = this.#o;
    const leftMs = bounds.deadlineAtMs - process.monotonicMs();
    if (leftMs <= 0) return Promise.reject(failure('DEADLINE_EXCEEDED', 'none'));
    if (kind === 'write') process.springTrap('before', link.name);
    const call = new Call({ kind, op, early, path: this, process, queue, deadlineMs: process.trueMsAfter(leftMs) });
    const outcome = new Promise<T>((resolve, reject) => {
      call.resolve = resolve as (value: unknown) => void;
      call.reject = reject;
    });
    if (process.running) this.#begin(call);
    else this.#beginLater(call);
    return outcome;
  }

  /** A process that was stopped on the way here sends when it goes on. */
  #beginLater(call: Call): void {
    call.awaits(Number.POSITIVE_INFINITY);
    this.#o.process.deliver('timer', () => this.#begin(call));
  }

  #begin(call: Call): void {
    const { process, link, saw } = this.#o;
    if (link.refused > 0) {
      saw('connection refused');
      this.#answer(call, { result: null, failure: 'STORE_UNAVAILABLE' });
      return;
    }
    this.#send(call);
    if (link.duplicateRatio > 0 && link.rng.next() < link.duplicateRatio) this.#send(call);
    if (call.kind === 'write') process.springTrap('after', link.name);
  }

  timeOut(call: Call): void {
    if (call.settled) return;
    const isWrite = call.kind !== 'read';
    if (isWrite && call.effect === 'done') this.#o.saw('time-out whose effect did happen');
    if (isWrite && call.effect === 'lost') this.#o.saw('time-out without an effect');
    call.settle();
    call.reject(failure('DEADLINE_EXCEEDED', isWrite ? 'unknown' : 'none'));
  }

  #answer(call: Call, answer: CallAnswer): void {
    const { link, saw } = this.#o;
    if (link.answersCut > 0 || (link.lossRatio > 0 && link.rng.next() < link.lossRatio)) {
      saw('answer lost');
      call.awaits(Number.POSITIVE_INFINITY);
      return;
    }
    call.answersIn(link.delayMs(), answer);
  }

  answered({ kind }: Call): void {
    if (kind === 'write') this.#o.link.lastWriteAnswerMs = this.#o.queue.nowMs;
  }

  #send(call: Call): void {
    const { link, saw } = this.#o;
    if (link.lossRatio > 0 && link.rng.next() < link.lossRatio) {
      call.effect = 'lost';
      saw('request lost');
      call.awaits(Number.POSITIVE_INFINITY);
      return;
    }
    const count = this.#o.sending();
    call.order = ++link.sent;
    if (link.requestsCut === 0) this.#travel(call, count);
    else this.#meetCut(call, count);
  }

  #travel(call: Call, count: UnderWay): void {
    const { link, saw } = this.#o;
    count.underWay++;
    const delayMs = link.delayMs();
    if (link.isDelay(delayMs)) saw('request delayed');
    call.arrivesIn(delayMs, count);
  }

  #meetCut(call: Call, count: UnderWay): void {
    call.awaits(Number.POSITIVE_INFINITY);
    const held = this.#o.link.hold(() => {
      this.#o.saw('request held by a cut and delivered after it');
      this.#travel(call, count);
    });
    if (!held) call.effect = 'lost';
  }

  arrive(call: Call, count: UnderWay): void {
    const { process, saw, store, queue, link } = this.#o;
    if (call.order < link.newestArrived) saw('request overtaken by a later one');
    else link.newestArrived = call.order;
    if (process.crashed && process.losesWhatItSent) {
      count.underWay--;
      if (call.kind === 'write') saw('crash with a write under way that never happened');
      return;
    }
    const { life } = store;
    if (call.early) call.early(store.table);
    const slowMs =
      (store.slowMs > 0 ? store.slowMs * link.rng.next() : 0) + (call.early ? TORN_FOR_MS * link.rng.next() : 0);
    if (store.slowMs > 0) this.#o.saw('slow store');
    if (slowMs > 0) {
      call.awaits(slowMs);
      queue.in(slowMs, () => this.#perform(call, { count, life }));
    } else this.#perform(call, { count, life });
  }

  #perform(call: Call, arrived: { readonly count: UnderWay; readonly life: number }): void {
    const { store } = this.#o;
    if (store.life === arrived.life && store.isFrozen) {
      call.awaits(Number.POSITIVE_INFINITY);
      store.wait(() => this.#act(call, arrived));
    } else this.#act(call, arrived);
  }

  #act(call: Call, { count, life }: { readonly count: UnderWay; readonly life: number }): void {
    const { store, link } = this.#o;
    count.underWay--;
    if (store.life === life) {
      this.#effect(call, { told: true });
      return;
    }
    // Its engine died while the call was in it: the effect is there or is not, and nobody is told.
    call.awaits(Number.POSITIVE_INFINITY);
    if (link.rng.next() < 0.5) this.#effect(call, { told: false });
  }

  /** The effect is now; the answer only carries its result to the caller. */
  #effect(call: Call, { told }: { told: boolean }): void {
    const refusal = this.#refusal(call);
    if (refusal !== null) {
      this.#answer(call, { result: null, failure: refusal });
      return;
    }
    const result = call.op(this.#o.store.table);
    if (call.kind === 'write' || call.kind === 'probe') this.#tookEffect(call);
    call.effect = 'done';
    if (told) this.#answer(call, { result, failure: null });
  }

  /** What the store says instead of doing it; `null`: nothing. */
  #refusal({ kind }: Call): ErrorCode | null {
    const { store, saw, link } = this.#o;
    if (store.down > 0) return 'STORE_UNAVAILABLE';
    if ((kind === 'write' || kind === 'probe') && store.conflictRatio > 0 && link.rng.next() < store.conflictRatio) {
      saw('transaction conflict');
      return 'STORE_CONFLICT';
    }
    if (store.throttleRatio > 0 && link.rng.next() < store.throttleRatio) {
      saw('throttled call');
      return 'STORE_THROTTLED';
    }
    return null;
  }

  #tookEffect(call: Call): void {
    const { process, saw } = this.#o;
    call.copies++;
    if (call.copies > 1) saw('request delivered twice');
    else if (call.settled) saw('time-out whose effect happened later');
    if (process.crashed) saw('crash with a write under way that did happen');
  }
}

/** A shard of the fence, written again as it is, with the count of the proofs. */
const isProbe = (write: TableWrite): boolean => write.kind === 'put' && 'count' in write.item;

/** The first rows from the earlier look, the others from the later one, as a query without a snapshot may return them. */
function torn(first: Page, later: Page): Page {
  const border = first.items[Math.floor(first.items.length / 2)]?.sk ?? '';
  const items = [...first.items.filter(({ sk }) => sk <= border), ...later.items.filter(({ sk }) => sk > border)];
  return { items, next: later.next };
}

function differ(page: Page, other: Page): boolean {
  return page.items.length !== other.items.length || page.items.some((item, index) => item !== other.items[index]);
}
