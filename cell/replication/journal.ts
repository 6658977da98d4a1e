/** Reads and clears a store's journal: the truth about what the peer may not have yet. */
import type { Commit } from '../../core/commit.ts';
import { isPlatformError } from '../../core/errors.ts';
import type { AggregateId } from '../../core/ids.ts';
import type { CallBounds } from '../cell-store.ts';
import { JOURNAL_SHARDS, journalKey, journalPk, journalShardOf, toCommit } from '../store/table-layout.ts';
import { type Key, queryAll, type Table, TRANSACTION_WRITES_MAX } from '../table/table.ts';

/** As many as one plain batch call takes, which costs half of a transaction. */
const CHEAP_DELETES_MAX = 25;

export interface JournalPage {
  readonly commits: readonly Commit[];
  readonly next: string | null;
}

/** Entries of one shard, by aggregate and within it by epoch and version. */
export async function readJournalPage(
  table: Table,
  options: CallBounds & { readonly shard: number; readonly after?: string; readonly limit: number },
): Promise<JournalPage> {
  const page = await table.query(journalPk(options.shard), options);
  return { commits: page.items.map(toCommit), next: page.next };
}

export async function readJournalOf(table: Table, aggregate: AggregateId, bounds: CallBounds): Promise<Commit[]> {
  const items = await queryAll(table, journalPk(journalShardOf(aggregate)), { ...bounds, prefix: `${aggregate}#` });
  return items.map(toCommit);
}

export const journalShards: readonly number[] = Array.from({ length: JOURNAL_SHARDS }, (_, shard) => shard);

/** Whether an entry, by its sort key, is of a class that a fence guards: those have an epoch. */
export function isFencedEntry(sk: string): boolean {
  return Number(sk.split('#')[1]) > 0;
}

export function journalKeysOf(commits: readonly Commit[]): readonly Key[] {
  return commits.map(journalKey);
}

/**
 * A few in one cheap call. Many in transactions: four times as many in a call, which is what counts in a long journal; nobody
 * needs them to go together, so what another transaction is in the way of goes without. Idempotent.
 */
export async function deleteEntries(table: Table, commits: readonly Commit[], bounds: CallBounds): Promise<void> {
  const keys = journalKeysOf(commits);
  if (keys.length <= CHEAP_DELETES_MAX) return table.deleteMany(keys, bounds);
  for (let from = 0; from < keys.length; from += TRANSACTION_WRITES_MAX) {
    const some = keys.slice(from, from + TRANSACTION_WRITES_MAX);
    const writes = some.map((key) => ({ kind: 'delete', key }) as const);
    await table.transact(writes, bounds).catch((error: unknown) => {
      if (isPlatformError(error) && error.code === 'STORE_CONFLICT') return table.deleteMany(some, bounds);
      throw error;
    });
  }
}

/** Groups commits by aggregate, keeping their order within each. */
export function byAggregate(commits: readonly Commit[]): readonly (readonly Commit[])[] {
  const groups = new Map<AggregateId, Commit[]>();
  for (const commit of commits) {
    const group = groups.get(commit.aggregate);
    if (group) group.push(commit);
    else groups.set(commit.aggregate, [commit]);
  }
  return [...groups.values()];
}
