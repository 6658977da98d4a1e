/**
 * Settles what a page of a quarantine holds in as few calls as possible: after a long partition thousands wait, and a call for
 * each would be what takes the time. Only what is plain by the rule of `core/reconcile.ts` is settled here: untouched commits
 * are taken in, each by a commit of its own as in `settlement.ts`, many in one transaction; superseded ones are put away.
 * What is not plain, or was refused, is left to go one by one.
 *
 * Invariants: those of `settlement.ts`. Of an aggregate only what the rule looks at is read (head, note, the records of these
 * commits), in no order, and that is enough: the head that was seen is the one that the commit is made on, or it is refused;
 * a note tells the version that it was written with, so an older one never makes a commit look untouched; and what is in the
 * line stays there while the fence stands at our epoch.
 */
import type { Aggregate, Commit } from '../../core/commit.ts';
import { isPlatformError } from '../../core/errors.ts';
import { judgeQuarantined, TAKEN_IN_ITEM, takenInNote } from '../../core/reconcile.ts';
import type { CallBounds, QuarantinedCommit } from '../cell-store.ts';
import { byAggregate } from '../replication/journal.ts';
import type { Step } from '../store/fenced-store.ts';
import { toAggregate } from '../store/read-aggregate.ts';
import {
  aggregateKey,
  headKey,
  IDEMPOTENCY_PREFIX,
  ITEM_PREFIX,
  quarantineKey,
  RECONCILED,
  reconciledKey,
} from '../store/table-layout.ts';
import { type Item, type Key, type Table, type TableWrite, TRANSACTION_WRITES_MAX } from '../table/table.ts';
import type { SettlementParts } from './settlement.ts';
import { AUTOMATIC, auditFor, auditWrites, draftTakingIn, removalOf, UNTOUCHED } from './taking-in.ts';

/** A line of the audit and the removal of a row. */
const WRITES_TO_PUT_AWAY = 2;
/** While anybody asks this store, the loop rests after each transaction for as long as that took: half of the time is theirs. */
const REST_MS_MAX = 50;

export interface PageOfWaiting {
  /** Sorted by aggregate, epoch and version. */
  readonly rows: readonly QuarantinedCommit[];
  readonly lies: Table;
  /** Of each call. */
  readonly within: () => CallBounds;
}

interface Taking extends Step {
  readonly row: QuarantinedCommit;
}

interface Plan {
  readonly taking: readonly Taking[];
  readonly away: readonly { readonly row: QuarantinedCommit; readonly why: string }[];
}

/** Returns the ids of those that are settled. Throws what the own store throws, when it is not about a single commit. */
export async function settleTogether(parts: SettlementParts, page: PageOfWaiting): Promise<ReadonlySet<string>> {
  const settled = new Set<string>();
  if (page.rows.length === 0) return settled;
  const plan = await planOf(parts, page);
  await takeIn(parts, { ...page, steps: plan.taking, settled });
  await putAway(parts, { ...page, away: plan.away, settled });
  return settled;
}

async function planOf(parts: SettlementParts, page: PageOfWaiting): Promise<Plan> {
  const { own, store } = parts;
  const seen = itemsByKey(await own.getMany(keysOf(page, own), page.within()));
  const audited = page.lies === own ? seen : itemsByKey(await page.lies.getMany(auditKeysOf(page), page.within()));
  const isAudited = ({ id }: QuarantinedCommit) => [seen, audited].some((items) => items.get(RECONCILED)?.has(id));
  const rowOf = new Map(page.rows.map((row) => [row.commit, row]));
  const groups = byAggregate(page.rows.map(({ commit }) => commit)).map((commits) =>
    commits.flatMap((commit) => rowOf.get(commit) ?? []),
  );
  const plans = groups.map((rows) => {
    const id = rows[0]?.commit.aggregate;
    const items = id === undefined ? [] : [...(seen.get(aggregateKey(id))?.values() ?? [])];
    return planGroup(parts, { rows, items, isAudited, page });
  });
  // Side by side in a transaction, those of one shard of the fence: what serves meets it at as few shards as possible.
  const sorted = plans.sort((a, b) => shardOf(a) - shardOf(b));
  return { taking: sorted.flatMap(({ taking }) => taking), away: sorted.flatMap(({ away }) => away) };

  function shardOf({ taking: [first] }: Plan): number {
    return first ? store.fenceShardOf(first.commit.aggregate) : -1;
  }
}

/** An aggregate's, in order, up to the first one that is not plain. */
function planGroup(
  parts: SettlementParts,
  group: {
    readonly rows: readonly QuarantinedCommit[];
    readonly items: readonly Item[];
    readonly isAudited: (row: QuarantinedCommit) => boolean;
    readonly page: PageOfWaiting;
  },
): Plan {
  const { rows, items, isAudited, page } = group;
  const plan = { taking: [] as Taking[], away: [] as Plan['away'][number][] };
  let present: Aggregate | null = null;
  for (const row of rows) {
    present ??= toAggregate(row.commit.aggregate, items);
    if (isAudited(row)) break;
    const standing = judgeQuarantined({ commit: row.commit, present });
    if (standing.state === 'diverged') break;
    if (standing.state === 'superseded') {
      plan.away.push({ row, why: standing.why });
      continue;
    }
    const taking = takingOf(parts, { row, present, page });
    plan.taking.push(taking);
    present = after(present, taking.commit);
  }
  return plan;
}

function takingOf(
  { own, store, clock }: SettlementParts,
  of: { readonly row: QuarantinedCommit; readonly present: Aggregate; readonly page: PageOfWaiting },
): Taking {
  const { row, present, page } = of;
  const { commit: quarantined } = row;
  const draft = draftTakingIn({ commit: quarantined, present, changes: quarantined.changes, whole: true });
  const commit = store.complete(draft, page.within());
  const takenInAs = { epoch: commit.epoch, version: commit.version };
  const audit = auditFor({
    ...{ row, order: AUTOMATIC, action: 'adopted', why: UNTOUCHED, takenInAs, atMs: clock.wallMs() },
  });
  const removal = page.lies === own ? [removalOf(row)] : [];
  return { row, commit, also: [...auditWrites(audit), ...removal] };
}

/** What the rule looks at, once the commit stands. */
function after(present: Aggregate, commit: Commit): Aggregate {
  const { id, items, idempotency } = present;
  const { epoch, version, lineage } = commit;
  const record = commit.idempotency;
  return {
    id,
    head: { epoch, version, lineage },
    items: new Map([...items, ...takenInNote(commit)]),
    idempotency: record ? new Map([...idempotency, [record.key, record]]) : idempotency,
  };
}

interface Settling extends PageOfWaiting {
  readonly settled: Set<string>;
}

async function takeIn(
  { own, store, clock }: SettlementParts,
  { steps, lies, settled, within }: Settling & { readonly steps: readonly Taking[] },
): Promise<void> {
  let left = steps;
  while (left.length > 0) {
    const startMs = clock.monotonicMs();
    const { asked } = store;
    const done = await store.commitTogether(left, within()).catch(refused);
    // The rest of the page goes one by one: what stands behind the refusal is made on what was refused, or near it.
    if (done === null) return;
    const rows = left.slice(0, done.count).map(({ row }) => row);
    left = left.slice(done.count);
    for (const { id } of rows) settled.add(id);
    // In the peer's store a row stays until the peer has what took it in, or until the next pass finds the audit.
    if (lies !== own && done.replicated)
      await lies.deleteMany(
        rows.map(({ id }) => quarantineKey(id)),
        within(),
      );
    if (store.asked !== asked) await clock.sleep(Math.min(clock.monotonicMs() - startMs, REST_MS_MAX), within().signal);
  }
}

async function putAway(
  { clock, lease }: SettlementParts,
  { away, lies, settled, within }: Settling & { readonly away: Plan['away'] },
): Promise<void> {
  const atOnce = TRANSACTION_WRITES_MAX / WRITES_TO_PUT_AWAY;
  for (let from = 0; from < away.length && lease.standing().held; from += atOnce) {
    const batch = away.slice(from, from + atOnce);
    const writes = batch.flatMap(({ row, why }): TableWrite[] => {
      const audit = auditFor({
        ...{ row, order: AUTOMATIC, action: 'superseded', why, takenInAs: null, atMs: clock.wallMs() },
      });
      return [...auditWrites(audit), removalOf(row)];
    });
    const result = await lies.transact(writes, within()).catch(refused);
    if (result?.outcome !== 'done') return;
    for (const { row } of batch) settled.add(row.id);
  }
}

function keysOf(page: PageOfWaiting, own: Table): readonly Key[] {
  const { rows } = page;
  const ids = [...new Set(rows.map(({ commit }) => commit.aggregate))];
  const ofAggregates = ids.flatMap((id) => [headKey(id), { pk: aggregateKey(id), sk: ITEM_PREFIX + TAKEN_IN_ITEM }]);
  const names = rows.flatMap(({ commit: { aggregate, idempotency } }) =>
    idempotency ? [`${aggregateKey(aggregate)}\u0000${IDEMPOTENCY_PREFIX}${idempotency.key}`] : [],
  );
  // A batch of reads takes each key once.
  const records = [...new Set(names)].map((name) => {
    const [pk = '', sk = ''] = name.split('\u0000');
    return { pk, sk };
  });
  // Where the row lies here, the commit's own transaction looks at the audit.
  return [...ofAggregates, ...records, ...(page.lies === own ? [] : auditKeysOf(page))];
}

const auditKeysOf = ({ rows }: PageOfWaiting) => rows.map(({ id }) => reconciledKey(id));

function itemsByKey(items: readonly Item[]): ReadonlyMap<string, ReadonlyMap<string, Item>> {
  const found = new Map<string, Map<string, Item>>();
  for (const item of items) found.set(item.pk, (found.get(item.pk) ?? new Map()).set(item.sk, item));
  return found;
}

/** It had no effect: a guard refused, or another transaction was in the way. */
function refused(error: unknown): null {
  const harmless = isPlatformError(error) && error.effect === 'none';
  if (harmless && ['VERSION_CONFLICT', 'STORE_CONFLICT'].includes(error.code)) return null;
  throw error;
}
