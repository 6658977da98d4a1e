/** The errors of the fenced store: what happened, what it means for the caller, and the effect. */
import type { Commit } from '../../core/commit.ts';
import { PlatformError } from '../../core/errors.ts';
import type { LeaseStanding } from '../lease/lease-view.ts';
import type { Refusal } from '../table/table.ts';
import { FENCE_WRITE, HEAD_WRITE } from './commit-writes.ts';
import { toFence, toHead } from './table-layout.ts';

/** A refused transaction: by the fence if the fence refused (whatever else did), else by the version. */
export function refusalError(options: { commit: Commit; refusals: readonly Refusal[] }): PlatformError {
  const { commit, refusals } = options;
  const byFence = refusals.find((refusal) => refusal.index === FENCE_WRITE);
  if (byFence) {
    const fence = toFence(byFence.existing);
    return new PlatformError({
      code: 'FENCE_STALE_EPOCH',
      kind: 'dependency',
      effect: 'none',
      message: `The store refused epoch ${commit.epoch}: its fence is at ${fence?.epoch ?? 'none'} for ${fence?.active ?? 'nobody'}.`,
      details: { owner: fence?.active ?? null, epoch: fence?.epoch ?? null },
    });
  }
  // The head, or else the idempotency record: then another request with the same key came first, and the head stood still.
  const existing = toHead(refusals.find((refusal) => refusal.index === HEAD_WRITE)?.existing ?? null);
  return new PlatformError({
    code: 'VERSION_CONFLICT',
    kind: 'dependency',
    effect: 'none',
    message: `The aggregate moved on to version ${existing?.version ?? 'unknown'}; this change was made on ${commit.version - 1}. Read it again.`,
    details: { expected: commit.version - 1, seen: existing?.version ?? null },
  });
}

export function leaseNotHeld(standing: LeaseStanding): PlatformError {
  return new PlatformError({
    code: 'LEASE_NOT_HELD',
    kind: 'dependency',
    effect: 'none',
    message: 'This region does not hold the lease of the cell at the moment. Nothing was written.',
    details: standing.held ? {} : { owner: standing.owner, epoch: standing.epoch },
  });
}

export function deadlinePassed(): PlatformError {
  return new PlatformError({
    code: 'DEADLINE_EXCEEDED',
    kind: 'dependency',
    effect: 'none',
    message: 'The deadline had passed before the write was begun. Nothing was written; repeat it with a longer one.',
  });
}

export function unreplicatedRefused(): PlatformError {
  return new PlatformError({
    code: 'PEER_UNREPLICATED',
    kind: 'dependency',
    effect: 'none',
    message:
      'The peer region does not confirm writes at the moment, so this one was refused. Nothing was written; repeat it.',
  });
}

export function outcomeUnknown(why: string, cause?: unknown): PlatformError {
  return new PlatformError({
    code: 'OUTCOME_UNKNOWN',
    kind: 'dependency',
    effect: 'unknown',
    message: `${why} It may or may not stand: repeat it with the same idempotency key to learn which.`,
    ...(cause === undefined ? {} : { cause }),
  });
}
