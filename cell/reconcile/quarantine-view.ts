/**
 * The quarantine for people who look: what waits in both stores, how each stands to the present state, what became of the
 * others. Reads only, so it may be done by whoever can read the tables, be it the owner or not.
 */
import type { Aggregate, Commit, Head } from '../../core/commit.ts';
import { PlatformError } from '../../core/errors.ts';
import { shown as quoted, type RegionName } from '../../core/ids.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { type Standing, TAKEN_IN_ITEM } from '../../core/reconcile.ts';
import type { CallBounds, MergeResult, ReconciledCommit } from '../cell-store.ts';
import {
  QUARANTINE,
  quarantineKey,
  RECONCILED,
  RECONCILED_COPY,
  reconciledKey,
  toQuarantined,
  toReconciled,
} from '../store/table-layout.ts';
import type { ReconcilerOptions } from './reconciler.ts';
import { lookAt, type Waiting } from './settlement.ts';

/** Rows that one answer takes from each store. */
export const LISTED_MAX = 200;
const CALL_MS_MAX = 2_000;

export interface QuarantineList {
  /** By id. */
  readonly rows: readonly WaitingSummary[];
  /** Pass as `after` for the following rows; `null` at the end. */
  readonly next: string | null;
  /** Stores that did not answer: what waits there is not known. Of an audit, what was discarded or merged is shown from its copy. */
  readonly unread: readonly RegionName[];
}

export interface SettledList extends Omit<QuarantineList, 'rows'> {
  readonly rows: readonly ReconciledCommit[];
}

export interface WaitingSummary {
  readonly id: string;
  readonly region: RegionName;
  readonly aggregate: string;
  readonly epoch: number;
  readonly version: number;
  readonly fenceEpoch: number;
  readonly committedAtMs: number;
  readonly quarantinedAtMs: number;
}

export interface WaitingDetail extends WaitingSummary {
  readonly standing: Standing;
  readonly merge: MergeResult | null;
  readonly previous: Commit['previous'];
  readonly present: Pick<Head, 'epoch' | 'version'> | null;
  /** Each item that the commit changes: what it would be, and what it is now. `null`: not there. */
  readonly items: readonly { readonly item: string; readonly quarantined: Json; readonly present: Json }[];
  readonly idempotencyKey: string | null;
  readonly messages: readonly string[];
}

export type QuarantineViewOptions = Pick<
  ReconcilerOptions,
  'own' | 'peer' | 'region' | 'peerRegion' | 'clock' | 'ruleOf'
>;

export class QuarantineView {
  readonly #o: QuarantineViewOptions;

  constructor(options: QuarantineViewOptions) {
    this.#o = options;
  }

  async list(after: string | null = null): Promise<QuarantineList> {
    const { pages, ...rest } = await this.#page([QUARANTINE], after);
    const rows = pages.flatMap(({ region, items }) => items.map((item) => summaryOf(toQuarantined(item), region)));
    return { rows: rows.sort(byId), ...rest };
  }

  /** The audit: what became of those that were settled. A line that a region's own store lacks is shown from its copy. */
  async settled(after: string | null = null): Promise<SettledList> {
    const { pages, ...rest } = await this.#page([RECONCILED, RECONCILED_COPY], after);
    const lines = new Map<string, ReconciledCommit>();
    // Originals come first; a copy speaks for the store in which it does not lie.
    for (const { pk, region, items } of pages) {
      const of = pk === RECONCILED ? region : this.#otherThan(region);
      for (const item of items) if (!lines.has(`${of} ${item.sk}`)) lines.set(`${of} ${item.sk}`, toReconciled(item));
    }
    return { rows: [...lines.values()].sort(byId), ...rest };
  }

  async show(id: string): Promise<WaitingDetail> {
    const waiting = await this.find(id);
    const { commit } = waiting.row;
    const { present, standing, merge } = await lookAt(this.#o, commit, this.#within(CALL_MS_MAX));
    return {
      ...summaryOf(waiting.row, waiting.region),
      ...{ standing, merge, previous: commit.previous },
      present: present.head && { epoch: present.head.epoch, version: present.head.version },
      items: itemsOf(commit, present),
      idempotencyKey: commit.idempotency?.key ?? null,
      messages: commit.outbox.map(({ topic }) => topic),
    };
  }

  /** Throws `NOT_FOUND`, with what became of it. */
  async find(id: string): Promise<Waiting> {
    const { own, peer, region, peerRegion } = this.#o;
    const bounds = this.#within(CALL_MS_MAX);
    for (const place of [
      { lies: own, region },
      { lies: peer, region: peerRegion },
    ]) {
      const item = await place.lies.get(quarantineKey(id), bounds);
      if (item) return { row: toQuarantined(item), ...place };
    }
    const audit = (await own.get(reconciledKey(id), bounds)) ?? (await peer.get(reconciledKey(id), bounds));
    throw unknownId(id, audit && toReconciled(audit));
  }

  /** Rows up to the first place at which a store has more, so that the next page misses none. */
  async #page(pks: readonly string[], after: string | null) {
    const { own, peer, region, peerRegion } = this.#o;
    const ask = async (pk: string, at: RegionName) => {
      const bounds = { ...this.#within(CALL_MS_MAX), limit: LISTED_MAX, ...(after === null ? {} : { after }) };
      // A store that does not answer is told as unread.
      const page = await (at === region ? own : peer).query(pk, bounds).catch(() => null);
      return { pk, region: at, answered: page !== null, items: page?.items ?? [], next: page?.next ?? null };
    };
    const found = await Promise.all(pks.flatMap((pk) => [region, peerRegion].map((at) => ask(pk, at))));
    const [next = null] = found.flatMap((page) => page.next ?? []).sort();
    const pages = found.map((page) => ({ ...page, items: page.items.filter(({ sk }) => next === null || sk <= next) }));
    const unread = [region, peerRegion].filter((at) => found.some((page) => page.region === at && !page.answered));
    return { pages, next, unread };
  }

  #otherThan(region: RegionName): RegionName {
    return region === this.#o.region ? this.#o.peerRegion : this.#o.region;
  }

  #within(ms: number): CallBounds {
    return { deadlineAtMs: this.#o.clock.monotonicMs() + ms };
  }
}

const byId = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

function summaryOf(row: Waiting['row'], region: RegionName): WaitingSummary {
  const { commit, id, fenceEpoch, quarantinedAtMs } = row;
  const { aggregate, epoch, version, atMs } = commit;
  return { id, region, aggregate, epoch, version, fenceEpoch, committedAtMs: atMs, quarantinedAtMs };
}

export function itemsOf(commit: Commit, present: Aggregate): WaitingDetail['items'] {
  return commit.changes
    .filter(({ item }) => item !== TAKEN_IN_ITEM)
    .map((change) => {
      const quarantined: JsonObject | null = change.kind === 'put' ? change.data : null;
      return { item: change.item, quarantined, present: present.items.get(change.item) ?? null };
    });
}

function unknownId(id: string, settled: ReconciledCommit | null): PlatformError {
  const became = settled
    ? `It was ${settled.action} by ${settled.by} (${settled.reason}).`
    : 'The list says which ones wait.';
  return new PlatformError({
    code: 'NOT_FOUND',
    kind: 'caller',
    effect: 'none',
    message: `No commit ${quoted(id)} waits in the quarantine of this cell. ${became}`,
  });
}
