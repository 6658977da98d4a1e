/**
 * What a stack's status means for whoever wants to deploy or remove it. CloudFormation knows some twenty statuses; they call
 * for six different treatments, and a status that nobody has heard of is refused and never guessed at.
 */

export interface StackState {
  /** CloudFormation's own word, such as `UPDATE_COMPLETE`; `null`: there is no such stack. */
  readonly status: string | null;
  readonly reason: string | null;
  /** Tag `holdfast:release`: what it was deployed from. */
  readonly release: string | null;
  /** Tag `holdfast:stage`; `null`: it carries none of our tags, so a stack of our name belongs to somebody else. */
  readonly stage: string | null;
}

export type Standing =
  /** Not there. */
  | 'absent'
  /** Complete: the newest release, or after a roll-back the one before it. */
  | 'serving'
  /** An operation runs, this program's own earlier one perhaps. */
  | 'moving'
  /** Its first creation failed: nothing in it ever served, and CloudFormation can only delete it. */
  | 'stillborn'
  /** An update failed and so did, or was not begun, its roll-back: CloudFormation refuses the next update until it is done. */
  | 'stuck'
  /** A deletion stopped half-way. */
  | 'half-deleted'
  | 'unknown';

const STANDINGS: ReadonlyMap<string, Standing> = new Map([
  ['DELETE_COMPLETE', 'absent'],
  // A change set was made and never carried out: there is a name and no resource.
  ['REVIEW_IN_PROGRESS', 'absent'],
  ['CREATE_COMPLETE', 'serving'],
  ['UPDATE_COMPLETE', 'serving'],
  ['IMPORT_COMPLETE', 'serving'],
  ['UPDATE_ROLLBACK_COMPLETE', 'serving'],
  ['IMPORT_ROLLBACK_COMPLETE', 'serving'],
  // The new release serves; old resources are still being removed.
  ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'moving'],
  ['CREATE_FAILED', 'stillborn'],
  ['ROLLBACK_COMPLETE', 'stillborn'],
  ['ROLLBACK_FAILED', 'stillborn'],
  ['UPDATE_FAILED', 'stuck'],
  ['UPDATE_ROLLBACK_FAILED', 'stuck'],
  ['DELETE_FAILED', 'half-deleted'],
]);

export function standingOf({ status }: Pick<StackState, 'status'>): Standing {
  if (status === null) return 'absent';
  return STANDINGS.get(status) ?? (status.endsWith('_IN_PROGRESS') ? 'moving' : 'unknown');
}

export type Treatment =
  | { readonly take: 'deploy' }
  | { readonly take: 'wait' }
  /** Deletes what never served, then creates it anew. */
  | { readonly take: 'recreate' }
  /** Brings it back to its last good state, then deploys. */
  | { readonly take: 'roll-back' }
  | { readonly take: 'refuse'; readonly remedy: string };

/** What a deploy does with a stack as it stands. */
export function treatmentOf(state: StackState, { stack }: { readonly stack: string }): Treatment {
  const standing = standingOf(state);
  switch (standing) {
    case 'absent':
      return { take: 'deploy' };
    case 'serving':
      return state.stage !== null ? { take: 'deploy' } : { take: 'refuse', remedy: foreignRemedy(stack) };
    case 'moving':
      return { take: 'wait' };
    case 'stillborn':
      return state.stage !== null ? { take: 'recreate' } : { take: 'refuse', remedy: foreignRemedy(stack) };
    case 'stuck':
      return { take: 'roll-back' };
    case 'half-deleted':
      return {
        take: 'refuse',
        remedy: `Somebody began to delete ${stack} and could not finish. See in its events which resource resists, remove it, finish with "holdfast destroy --target aws", then deploy again.`,
      };
    case 'unknown':
      return {
        take: 'refuse',
        remedy: `Look at ${stack} in the CloudFormation console; this version does not know ${state.status}.`,
      };
  }
}

export function foreignRemedy(stack: string): string {
  return `The stack ${stack} carries none of our tags (holdfast:stage), so it is not ours to change. Delete or rename it, or deploy to another account.`;
}
