/**
 * The owner's loop over both quarantines of its cell: settles what needs no person, in order, page by page (what is plain
 * together, the rest a few at a time), and only while it holds the lease. It is in no hurry: a page never holds more than
 * `PAGE_ROWS` commits, the loop rests between pages, and what it left for a person is not looked at again for a while. A store that does not answer is asked
 * again at the next pass; the rows lie safe in it.
 */
import type { RegionName } from '../../core/ids.ts';
import type { Rng } from '../../core/rng.ts';
import type { QuarantinedCommit } from '../cell-store.ts';
import { QUARANTINE, toQuarantined } from '../store/table-layout.ts';
import type { Table } from '../table/table.ts';
import type { AuditCopies } from './audit-copies.ts';
import { settleTogether } from './settle-together.ts';
import { type SettlementParts, settle, type Waiting } from './settlement.ts';
import { AUTOMATIC } from './taking-in.ts';

const PAGE_ROWS = 100;
const LANES_MAX = 4;
const PAGE_REST_MS = 10;
const CALL_MS_MAX = 5_000;
/** Left for a person: looked at again after this, for what it waits for may have come about. */
const LEFT_FOR_MS = 60_000;
/** More than these are looked at in every pass, which is only slower. */
const LEFT_MAX = 20_000;
/** With thousands waiting for a person, even reading the list is work. */
const LONG_REST_PASSES = 10;

export interface ReconcilerOptions extends SettlementParts {
  readonly region: RegionName;
  readonly peerRegion: RegionName;
  readonly peer: Table;
  readonly everyMs: number;
  readonly rng: Rng;
  readonly copies: AuditCopies;
}

interface Pass {
  settled: number;
  left: number;
}

export class Reconciler {
  readonly #o: ReconcilerOptions;
  /** By store and id, until when it is left alone. */
  readonly #left = new Map<string, number>();
  #leftUnder = 0;
  #settled = 0;

  constructor(options: ReconcilerOptions) {
    this.#o = options;
  }

  /** Since the process began. */
  get status() {
    return { settled: this.#settled, leftForAPerson: this.#left.size };
  }

  /** Runs until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, rng, everyMs } = this.#o;
    while (!signal.aborted) {
      const pass = await this.turn(signal);
      const rests = pass.settled === 0 && pass.left > PAGE_ROWS ? LONG_REST_PASSES : 1;
      await clock.sleep(everyMs * rests * (0.9 + 0.2 * rng.next()), signal).catch(ended);
    }
  }

  /** A pass if this region is the owner; a store that does not answer ends it, and the next turn asks again. */
  async turn(signal: AbortSignal): Promise<Pass> {
    const standing = this.#o.lease.standing();
    if (!standing.held) return nothingDone();
    this.#forget(standing.epoch);
    return this.pass(signal).catch(nothingDone);
  }

  /** One look at everything that waits in both stores. Throws when the own store does not answer. */
  async pass(signal?: AbortSignal): Promise<Pass> {
    const pass: Pass = { settled: 0, left: 0 };
    const { own, peer, region, peerRegion, copies } = this.#o;
    try {
      await this.#sweep({ lies: own, region }, { pass, signal });
      // A peer that is gone keeps its rows; they are ours to settle when it is back.
      await this.#sweep({ lies: peer, region: peerRegion }, { pass, signal }).catch(ended);
    } finally {
      this.#settled += pass.settled;
      if (pass.settled > 0) copies.settled();
      await copies.turn(() => this.#within(signal));
    }
    return pass;
  }

  async #sweep(place: Pick<Waiting, 'lies' | 'region'>, run: Run): Promise<void> {
    let after: string | null = '';
    while (after !== null && !run.signal?.aborted && this.#o.lease.standing().held) {
      const page = await place.lies.query(QUARANTINE, {
        ...this.#within(run.signal),
        ...(after === '' ? {} : { after }),
        limit: PAGE_ROWS,
      });
      const groups = byAggregate(await this.#plain(page.items.map(toQuarantined), { place, run }));
      const lane = async () => {
        for (let group = groups.pop(); group; group = groups.pop()) await this.#group(group, { place, run });
      };
      await Promise.all(Array.from({ length: Math.min(groups.length, LANES_MAX) }, lane));
      after = page.next;
      if (after !== null) await this.#o.clock.sleep(PAGE_REST_MS, run.signal);
    }
  }

  /** Settles together what is plain. Returns what is left, to go one by one. */
  async #plain(
    rows: readonly QuarantinedCommit[],
    { place, run }: { readonly place: Pick<Waiting, 'lies' | 'region'>; readonly run: Run },
  ): Promise<readonly QuarantinedCommit[]> {
    const fresh = rows.filter(({ id }) => !this.#isLeft(`${place.region} ${id}`));
    const within = () => this.#within(run.signal);
    const settled = await settleTogether(this.#o, { rows: fresh, lies: place.lies, within });
    run.pass.settled += settled.size;
    return rows.filter(({ id }) => !settled.has(id));
  }

  #isLeft(key: string): boolean {
    return (this.#left.get(key) ?? 0) > this.#o.clock.monotonicMs();
  }

  /** One aggregate's, in the order in which they were made: each may stand on the one before. */
  async #group(
    group: readonly QuarantinedCommit[],
    { place, run }: { readonly place: Pick<Waiting, 'lies' | 'region'>; readonly run: Run },
  ): Promise<void> {
    for (const row of group) {
      if (run.signal?.aborted || !this.#o.lease.standing().held) return;
      const key = `${place.region} ${row.id}`;
      if (this.#isLeft(key)) {
        run.pass.left += 1;
        continue;
      }
      const waiting = { row, ...place };
      // What could not be settled now is found again; a later one of the aggregate must not overtake it.
      const result = await settle(this.#o, { waiting, order: AUTOMATIC }, this.#within(run.signal)).catch(ended);
      if (result === undefined) return;
      if (result.settled) {
        this.#left.delete(key);
        run.pass.settled += 1;
      } else {
        this.#leave(key);
        run.pass.left += 1;
      }
    }
  }

  /** What was left under an earlier epoch was judged by another line: this one may have it. */
  #forget(epoch: number): void {
    if (epoch !== this.#leftUnder) this.#left.clear();
    this.#leftUnder = epoch;
  }

  #leave(key: string): void {
    if (this.#left.size >= LEFT_MAX) this.#left.clear();
    this.#left.set(key, this.#o.clock.monotonicMs() + LEFT_FOR_MS);
  }

  #within(signal?: AbortSignal) {
    return { deadlineAtMs: this.#o.clock.monotonicMs() + CALL_MS_MAX, ...(signal ? { signal } : {}) };
  }
}

interface Run {
  readonly pass: Pass;
  readonly signal: AbortSignal | undefined;
}

/** Rows come sorted by aggregate, epoch and version. Reversed, so that `pop` takes the first. */
function byAggregate(rows: readonly QuarantinedCommit[]): (readonly QuarantinedCommit[])[] {
  const groups = new Map<string, QuarantinedCommit[]>();
  for (const row of rows) groups.set(row.commit.aggregate, [...(groups.get(row.commit.aggregate) ?? []), row]);
  return [...groups.values()].reverse();
}

/** The next pass tries again. */
const nothingDone = (): Pass => ({ settled: 0, left: 0 });
const ended = () => undefined;
