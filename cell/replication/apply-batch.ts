/**
 * Applies many commits to a peer's table in one transaction: the catch-up after a long partition, where a call for each
 * commit would be what takes the time. Rule: a batch is nothing but the writes of its commits, each with its own guards, put
 * together (`fold-writes.ts`). Who gets a refusal goes on one by one, where the apply rule says for each commit what is to
 * become of it.
 *
 *   one commit on the other of an aggregate  the later write of a key wins; the head must stand at the first one's base
 *   commits of several aggregates            side by side; guards on one fence shard must all hold
 */
import { type Commit, sameRevision } from '../../core/commit.ts';
import { isPlatformError } from '../../core/errors.ts';
import type { CallBounds } from '../cell-store.ts';
import { replicatedWrites } from '../store/commit-writes.ts';
import { addedBy, type FoldedWrites, fold, sizeOf } from '../store/fold-writes.ts';
import { type TableWrite, TRANSACTION_WRITES_MAX } from '../table/table.ts';
import type { ApplyTarget } from './apply-commit.ts';

export interface Batch {
  /** Of one aggregate: each made on the one before. */
  readonly commits: readonly Commit[];
  readonly writes: readonly TableWrite[];
}

/** DynamoDB takes 4 MB a transaction; a quarter of that leaves room for names and types of attributes. */
const BATCH_BYTES_MAX = 1024 * 1024;

/**
 * The longest beginning of each group (an aggregate's commits, in order) that one transaction takes, packed together. What
 * fits into none, and what would be alone in one, is left out.
 */
export function batchesOf(groups: readonly (readonly Commit[])[], fenceShards: number): readonly Batch[] {
  const batches: { commits: Commit[]; writes: FoldedWrites; bytes: number }[] = [];
  for (const group of groups) {
    const run = beginningOf(group, fenceShards);
    const open = batches.at(-1);
    const fits =
      open !== undefined &&
      open.writes.size + run.writes.size <= TRANSACTION_WRITES_MAX &&
      open.bytes + run.bytes <= BATCH_BYTES_MAX;
    if (!fits) batches.push(run);
    else {
      open.commits.push(...run.commits);
      open.bytes += run.bytes;
      fold(open.writes, run.writes.values());
    }
  }
  const worthwhile = batches.filter(({ commits }) => commits.length > 1);
  return worthwhile.map(({ commits, writes }) => ({ commits, writes: [...writes.values()] }));
}

/** `true`: all of it stands now. `false`: nothing of it was done. Throws what the table throws, but for a conflict. */
export async function applyBatch(target: ApplyTarget, batch: Batch, bounds: CallBounds): Promise<boolean> {
  try {
    const result = await target.table.transact(batch.writes, bounds);
    return result.outcome === 'done';
  } catch (error) {
    if (isPlatformError(error) && error.code === 'STORE_CONFLICT') return false;
    throw error;
  }
}

function beginningOf(group: readonly Commit[], fenceShards: number) {
  const writes: FoldedWrites = new Map();
  const commits: Commit[] = [];
  let bytes = 0;
  for (const commit of group) {
    const last = commits.at(-1);
    if (last && !sameRevision(last, commit.previous)) break;
    const next = replicatedWrites({ commit, fenceShards });
    bytes += sizeOf(next);
    if (writes.size + addedBy(writes, next) > TRANSACTION_WRITES_MAX || bytes > BATCH_BYTES_MAX) break;
    fold(writes, next);
    commits.push(commit);
  }
  return { commits, writes, bytes };
}
