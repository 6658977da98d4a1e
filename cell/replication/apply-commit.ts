/**
 * Applies a commit to a peer's table, by the apply rule, in one transaction. The hopeful write comes first; only when a
 * guard refuses it is the rule asked why, with the fence and the head that refused.
 */
import { type ApplyVerdict, judgeApply } from '../../core/apply-rule.ts';
import type { Commit, Head } from '../../core/commit.ts';
import type { Fence } from '../../core/fence.ts';
import type { CallBounds } from '../cell-store.ts';
import { FENCE_WRITE, HEAD_WRITE, replicatedWrites } from '../store/commit-writes.ts';
import { toFence, toHead } from '../store/table-layout.ts';
import type { Refusal, Table } from '../table/table.ts';

export interface Applied {
  readonly verdict: ApplyVerdict;
  /** What stood in the way: the peer's fence (when it refused) and head. */
  readonly fence: Fence | null;
  readonly head: Head | null;
}

export interface ApplyTarget {
  readonly table: Table;
  readonly fenceShards: number;
}

/** `apply` means: it stands now. Throws what the table throws. */
export async function applyCommit(target: ApplyTarget, commit: Commit, bounds: CallBounds): Promise<Applied> {
  const writes = replicatedWrites({ commit, fenceShards: target.fenceShards });
  const result = await target.table.transact(writes, bounds);
  if (result.outcome === 'done') return { verdict: 'apply', fence: null, head: null };
  return explain(commit, result.refusals);
}

function explain(commit: Commit, refusals: readonly Refusal[]): Applied {
  const byFence = refusals.find((refusal) => refusal.index === FENCE_WRITE);
  const byHead = refusals.find((refusal) => refusal.index === HEAD_WRITE);
  const fence = byFence ? toFence(byFence.existing) : null;
  // A head that did not refuse stands exactly at the commit's base.
  const head = byHead ? toHead(byHead.existing) : baseOf(commit);
  return { verdict: judgeApply({ fence, head, commit }), fence, head };
}

function baseOf(commit: Commit): Head | null {
  if (commit.previous === null) return null;
  return { ...commit.previous, lineage: [commit.previous] };
}
