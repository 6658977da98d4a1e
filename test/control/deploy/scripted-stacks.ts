/** Stacks that do what a test says: a script of statuses for each stack, and a log of what was asked of them. */

import type { StackState } from '../../../control/deploy/stack-standing.ts';
import type { Stacks } from '../../../control/deploy/stacks.ts';
import { PlatformError } from '../../../core/errors.ts';

export const inState = (status: string | null, change: Partial<StackState> = {}): StackState => ({
  ...{ status, reason: null, release: 'r0', stage: status === null ? null : 'sandbox' },
  ...change,
});

export class ScriptedStacks implements Stacks {
  readonly log: string[] = [];
  /** What a deployment of the stack does; default: it succeeds. */
  readonly onDeploy = new Map<string, (() => void)[]>();
  readonly #states = new Map<string, StackState[]>();
  /** So many looks fail before one succeeds. */
  blindLooks = 0;

  /** One state for each look; the last one stays. */
  set(stack: string, ...states: readonly StackState[]): this {
    this.#states.set(stack, [...states]);
    return this;
  }

  async state({ stack }: { readonly stack: string }): Promise<StackState> {
    if (this.blindLooks-- > 0) throw lost('CLOUD_UNAVAILABLE');
    const states = this.#states.get(stack) ?? [inState(null)];
    return (states.length > 1 ? states.shift() : states[0]) ?? inState(null);
  }

  async present(): ReturnType<Stacks['present']> {
    return [];
  }

  async deploy({ stack }: { readonly stack: string }): Promise<'changed' | 'unchanged'> {
    this.log.push(`deploy ${stack}`);
    this.onDeploy.get(stack)?.shift()?.();
    const before = this.#states.get(stack)?.[0];
    if (before?.status === 'UPDATE_COMPLETE') return 'unchanged';
    this.set(stack, inState('UPDATE_COMPLETE', { release: 'r1' }));
    return 'changed';
  }

  async rollBack({ stack }: { readonly stack: string }): Promise<void> {
    this.log.push(`roll back ${stack}`);
    this.set(stack, inState('UPDATE_ROLLBACK_COMPLETE'));
  }

  async beginDelete({ stack }: { readonly stack: string }): Promise<void> {
    this.log.push(`delete ${stack}`);
    if (this.stubborn.has(stack)) this.set(stack, inState('DELETE_IN_PROGRESS'), inState('DELETE_FAILED'));
    else this.set(stack, inState('DELETE_IN_PROGRESS'), inState(null));
  }

  /** Stacks that can't be deleted. */
  readonly stubborn = new Set<string>();

  async failure(): Promise<string | null> {
    return 'Bucket (AWS::S3::Bucket): not empty';
  }
}

export function lost(code: 'CLOUD_UNAVAILABLE' | 'OUTCOME_UNKNOWN'): PlatformError {
  return new PlatformError({
    code,
    kind: 'dependency',
    effect: code === 'CLOUD_UNAVAILABLE' ? 'none' : 'unknown',
    message: 'no answer',
  });
}

export function verdict(): PlatformError {
  return new PlatformError({
    code: 'DEPLOY_FAILED',
    kind: 'dependency',
    effect: 'unknown',
    message: 'Cart: quota exceeded',
  });
}
