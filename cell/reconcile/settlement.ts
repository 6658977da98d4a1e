/**
 * Settles one quarantined commit: what it was done to, by whom and why becomes a row of the audit, and the row of the
 * quarantine goes. Taking it in is an ordinary commit of the owner (fenced, journaled, replicated) that carries the note
 * of `core/reconcile.ts`; audit and removal are in its transaction. Invariants: the audit has a row before the quarantine
 * has none; what is done twice, crashed in between or begun by two finds the note or the audit, and changes nothing.
 */
import type { Clock } from '../../core/clock.ts';
import type { Aggregate, Change, Commit } from '../../core/commit.ts';
import { isPlatformError, PlatformError } from '../../core/errors.ts';
import type { RegionName } from '../../core/ids.ts';
import { judgeQuarantined, type Standing } from '../../core/reconcile.ts';
import type { CallBounds, ConflictRule, MergeResult, QuarantinedCommit, ReconciledCommit } from '../cell-store.ts';
import type { LeaseView } from '../lease/lease-view.ts';
import type { FencedStore } from '../store/fenced-store.ts';
import { readAggregate } from '../store/read-aggregate.ts';
import { leaseNotHeld } from '../store/store-refusals.ts';
import { quarantineKey, reconciledKey, toReconciled } from '../store/table-layout.ts';
import type { Table, TableWrite } from '../table/table.ts';
import { auditFor, auditWrites, draftTakingIn, type Order, removalOf, UNTOUCHED } from './taking-in.ts';

/** Judgements of a moving aggregate before it is left for another time. */
const ROUNDS_MAX = 5;

export interface SettlementParts {
  readonly own: Table;
  readonly store: FencedStore;
  readonly lease: LeaseView;
  readonly clock: Clock;
  readonly ruleOf: (aggregate: string) => ConflictRule | null;
}

/** A row of a quarantine and the table in which it lies: the owner's or the peer's. */
export interface Waiting {
  readonly row: QuarantinedCommit;
  readonly lies: Table;
  readonly region: RegionName;
}

export type Settled =
  | { readonly settled: ReconciledCommit }
  /** Left in the quarantine, as the wish does not allow anything else. */
  | { readonly settled: null; readonly why: string };

export interface Look {
  readonly present: Aggregate;
  readonly standing: Standing;
  /** What the declared function makes of it; `null` when the service declares none, or there is nothing to merge. */
  readonly merge: MergeResult | null;
}

type Ruling =
  | { readonly action: 'adopted' | 'merged'; readonly changes: readonly Change[]; readonly why: string }
  | { readonly action: 'superseded' | 'discarded'; readonly why: string }
  | { readonly action: null; readonly why: string };

export async function lookAt(
  parts: Pick<SettlementParts, 'own' | 'ruleOf'>,
  commit: Commit,
  bounds: CallBounds,
): Promise<Look> {
  const present = await readAggregate(parts.own, commit.aggregate, bounds);
  const standing = judgeQuarantined({ commit, present });
  const rule = standing.state === 'diverged' ? parts.ruleOf(commit.aggregate) : null;
  return { present, standing, merge: rule?.merge(present, commit) ?? null };
}

/** Throws what the store throws; repeating is safe, whatever became of the first try. */
export async function settle(
  parts: SettlementParts,
  { waiting, order }: { readonly waiting: Waiting; readonly order: Order },
  bounds: CallBounds,
): Promise<Settled> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    // Where the row lies here, the commit's own transaction looks at the audit: a first try need not.
    const before = round > 0 || waiting.lies !== parts.own ? await finalAudit(parts, waiting, bounds) : null;
    if (before) return { settled: await removeRow(waiting, before, bounds) };
    const look = await lookAt(parts, waiting.row.commit, bounds);
    const ruling = rulingOf(look, { commit: waiting.row.commit, order });
    if (ruling.action === null) {
      const settled = await finalAudit(parts, waiting, bounds);
      return settled ? { settled: await removeRow(waiting, settled, bounds) } : { settled: null, why: ruling.why };
    }
    const done =
      ruling.action === 'adopted' || ruling.action === 'merged'
        ? await takeIn(parts, { waiting, order, ruling, present: look.present }, bounds)
        : await putAway(parts, { waiting, order, ruling }, bounds);
    if (done) return { settled: done };
  }
  throw new PlatformError({
    code: 'VERSION_CONFLICT',
    kind: 'dependency',
    effect: 'none',
    message: `${waiting.row.commit.aggregate} was changed by others ${ROUNDS_MAX} times in a row. Try again.`,
  });
}

/**
 * A row may come back, or outlive its audit: a late shipment, a crash before the peer's row was removed. What was adopted,
 * merged or discarded stays so. That it was superseded was said of the line as it was then; a region that fell with the
 * line's end sends the commit once more when it returns, so while the row is there it is judged anew.
 */
async function finalAudit(
  parts: SettlementParts,
  waiting: Waiting,
  bounds: CallBounds,
): Promise<ReconciledCommit | null> {
  const audit = await auditOf(parts, waiting, bounds);
  if (audit?.action !== 'superseded') return audit;
  return (await waiting.lies.get(quarantineKey(waiting.row.id), bounds)) === null ? audit : null;
}

async function auditOf(
  { own }: SettlementParts,
  { row, lies }: Waiting,
  bounds: CallBounds,
): Promise<ReconciledCommit | null> {
  const tables = lies === own ? [own] : [own, lies];
  const found = await Promise.all(tables.map((table) => table.get(reconciledKey(row.id), bounds)));
  const item = found.find((each) => each !== null);
  return item ? toReconciled(item) : null;
}

function rulingOf(look: Look, { commit, order }: { readonly commit: Commit; readonly order: Order }): Ruling {
  const { standing, merge } = look;
  if (standing.state === 'superseded') return { action: 'superseded', why: standing.why };
  if (order.wish === 'discard') return { action: 'discarded', why: order.reason };
  if (standing.state === 'untouched') {
    return { action: 'adopted', changes: commit.changes, why: UNTOUCHED };
  }
  if (order.wish === 'adopt') return { action: null, why: standing.why };
  switch (merge?.kind) {
    case 'changes':
      return { action: 'merged', changes: merge.changes, why: standing.why };
    case 'nothing':
      return { action: 'superseded', why: merge.why };
    case 'person':
      return { action: null, why: merge.why };
    default:
      return { action: null, why: `${standing.why}, and its service declares no merge` };
  }
}

interface TakingIn {
  readonly waiting: Waiting;
  readonly order: Order;
  readonly ruling: Extract<Ruling, { readonly changes: unknown }>;
  readonly present: Aggregate;
}

/** `null`: something moved meanwhile, nothing was written. */
async function takeIn(
  parts: SettlementParts,
  { waiting, order, ruling, present }: TakingIn,
  bounds: CallBounds,
): Promise<ReconciledCommit | null> {
  const { row, lies } = waiting;
  const { action, changes, why } = ruling;
  const draft = draftTakingIn({ commit: row.commit, present, changes, whole: action === 'adopted' });
  const removal: readonly TableWrite[] = lies === parts.own ? [removalOf(row)] : [];
  let audit: ReconciledCommit | null = null;
  const also = (standing: Commit): readonly TableWrite[] => {
    const takenInAs = { epoch: standing.epoch, version: standing.version };
    audit = auditFor({ row, order, action, why, takenInAs, atMs: parts.clock.wallMs() });
    return [...auditWrites(audit), ...removal];
  };
  try {
    await parts.store.commit(draft, { ...bounds, ack: 'replicated', also });
  } catch (error) {
    if (isPlatformError(error) && error.code === 'VERSION_CONFLICT' && error.effect === 'none') return null;
    throw error;
  }
  if (audit !== null && lies !== parts.own) await removeRow(waiting, audit, bounds);
  return audit;
}

/** Audit and removal together, where the row lies. `null`: somebody else had settled it. */
async function putAway(
  parts: SettlementParts,
  { waiting, order, ruling }: Omit<TakingIn, 'ruling' | 'present'> & { readonly ruling: Ruling },
  bounds: CallBounds,
): Promise<ReconciledCommit | null> {
  const standing = parts.lease.standing();
  if (!standing.held) throw leaseNotHeld(standing);
  const { row, lies } = waiting;
  const action = ruling.action ?? 'discarded';
  const audit = auditFor({ row, order, action, why: ruling.why, takenInAs: null, atMs: parts.clock.wallMs() });
  return (await lies.transact([...auditWrites(audit), removalOf(row)], bounds)).outcome === 'done' ? audit : null;
}

async function removeRow<T>({ row, lies }: Waiting, result: T, bounds: CallBounds): Promise<T> {
  await lies.deleteMany([quarantineKey(row.id)], bounds);
  return result;
}
