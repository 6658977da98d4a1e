/** Reads and clears a store's journal: the truth about what the peer may not have yet. */
import type { Commit } from '../../core/commit.ts';
import type { AggregateId } from '../../core/ids.ts';
import type { CallBounds } from '../cell-store.ts';
import { JOURNAL_SHARDS, journalKey, journalPk, journalShardOf, toCommit } from '../store/table-layout.ts';
import { type Key, queryAll, type Table } from '../table/table.ts';

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
