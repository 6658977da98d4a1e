/**
 * What a store does with a commit that arrives from its peer. Pure, so that the store's conditional write, the
 * replicator, the simulation and the tests share one rule.
 *
 *   included already            → skip        the same commit again, however late
 *   epoch below the fence       → quarantine  a stale writer's: kept whole, never over newer data
 *   made on what stands here    → apply
 *   made on something later     → wait        an earlier commit is still on its way
 *   made on something else      → repair      what stands here was written by a stale writer: the owner's state replaces it
 */
import { type Commit, type Head, includes, type Revision, sameRevision } from './commit.ts';
import { type Fence, fenceAdmitsReplicated } from './fence.ts';

export type ApplyVerdict = 'apply' | 'skip' | 'wait' | 'repair' | 'quarantine';

export function judgeApply(options: { fence: Fence | null; head: Head | null; commit: Commit }): ApplyVerdict {
  const { fence, head, commit } = options;
  if (includes(head, commit)) return 'skip';
  // A mergeable aggregate has one writing region, so no fence decides over it: order alone does.
  if (commit.class !== 'mergeable' && !fenceAdmitsReplicated(fence, commit.epoch)) return 'quarantine';
  if (sameRevision(head, commit.previous)) return 'apply';
  if (commit.previous === null) return olderThan(head, commit) ? 'repair' : 'quarantine';
  if (head === null || isAhead(commit.previous, head)) return 'wait';
  return olderThan(head, commit) ? 'repair' : 'quarantine';
}

/** The source's base is in this head's future: same epoch and later, or of an epoch that this head has not reached but grows into. */
function isAhead(base: Revision, head: Head): boolean {
  if (base.epoch === head.epoch) return base.version > head.version;
  return base.epoch > head.epoch && base.version > head.version;
}

function olderThan(head: Head | null, commit: Commit): boolean {
  return head === null || head.epoch < commit.epoch;
}
