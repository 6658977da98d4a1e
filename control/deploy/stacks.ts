/**
 * What a deployment needs of CloudFormation, as a port. Each call may be slow, may fail without effect and may fail with an
 * unknown one; whoever calls it looks at `state` afterwards, because an operation goes on without the one who began it.
 */

import type { RegionName } from '../../core/ids.ts';
import type { DeployStep } from './deploy-plan.ts';
import type { StackState } from './stack-standing.ts';

/** One stack in one region. */
export type StackPlace = Pick<DeployStep, 'stack' | 'region'>;

export interface StackProgress {
  /** Resources that are done, and how many take part; `null` while nobody has counted them. */
  readonly done: number;
  readonly total: number | null;
  /** What happened last, such as `CartFunction CREATE_IN_PROGRESS`. */
  readonly last: string;
}

export interface Watch {
  readonly onProgress: (progress: StackProgress) => void;
}

export interface Stacks {
  /** Never from a cache. Throws `FORBIDDEN`, and `CLOUD_UNAVAILABLE` when no answer came. */
  state(place: StackPlace): Promise<StackState>;
  /** Every stack of the region whose name begins with our prefix, ours or not. */
  present(region: RegionName): Promise<readonly (StackPlace & { readonly state: StackState })[]>;
  /**
   * Publishes the assets and brings the stack to what was synthesised. Idempotent: what is up to date is left alone.
   * Throws `DEPLOY_FAILED` when CloudFormation says so, `OUTCOME_UNKNOWN` when its answer is missing.
   */
  deploy(step: DeployStep, watch: Watch): Promise<'changed' | 'unchanged'>;
  /** To the last good state. Errors as `deploy`. */
  rollBack(step: DeployStep, watch: Watch): Promise<void>;
  /** Begins a deletion; `state` tells when it is over. No error when there is nothing. */
  beginDelete(step: StackPlace): Promise<void>;
  /** Why the newest operation failed, from the stack's own events; `null`: they don't say. */
  failure(step: StackPlace): Promise<string | null>;
}
