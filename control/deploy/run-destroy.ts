/**
 * Removes the platform: what the plan names and whatever else of ours lies in its regions (a cell that has left the topology),
 * in the reverse order of a deployment. A cell that resists does not keep the others; a layer that others stand on stays
 * until they are gone. Going on after a half-finished run needs nothing but running it again.
 */
import type { Clock } from '../../core/clock.ts';
import { PlatformError, toPlatformError } from '../../core/errors.ts';
import { deleteStack } from './delete-stack.ts';
import { type DeployStep, STACK_PREFIX } from './deploy-plan.ts';
import { type StackState, standingOf } from './stack-standing.ts';
import type { StackPlace, Stacks } from './stacks.ts';
import { look, untilAtRest } from './wait-for-stack.ts';

export interface Removal extends StackPlace {
  readonly layer: DeployStep['layer'];
}

export type RemovalResult = 'removed' | 'absent' | 'failed' | 'unknown' | 'not-started';

export interface RemovalOutcome {
  readonly removal: Removal;
  readonly result: RemovalResult;
  readonly detail: string | null;
}

export interface DestroyReport {
  readonly state: 'done' | 'failed' | 'unknown';
  readonly outcomes: readonly RemovalOutcome[];
}

export interface DestroyRun {
  readonly removals: readonly Removal[];
  readonly stacks: Pick<Stacks, 'state' | 'beginDelete' | 'failure'>;
  readonly clock: Clock;
  readonly onRemoval: (removal: Removal, position: { readonly index: number; readonly count: number }) => void;
  readonly onOutcome: (outcome: RemovalOutcome) => void;
}

/** From what goes first to what everything else stands on. */
const LAYERS: readonly Removal['layer'][] = ['operations', 'entry', 'cell', 'region', 'global'];

/**
 * What is to be removed, in order. `present`: every stack with our prefix in the regions. Throws `DEPLOY_REFUSED` for one that
 * is not ours, and for production without `production: true`: what the stacks' own tags say counts, not the configuration.
 */
export function planDestroy(
  steps: readonly DeployStep[],
  {
    present,
    production,
  }: { readonly present: readonly (StackPlace & { readonly state: StackState })[]; readonly production: boolean },
): readonly Removal[] {
  for (const { stack, region, state } of present) {
    if (state.stage === null && standingOf(state) !== 'absent') {
      throw refused(
        `The stack ${stack} in ${region} carries none of our tags (holdfast:stage), so it is not ours to remove. Nothing was removed.`,
      );
    }
    if (state.stage === 'production' && !production) {
      throw refused(
        `The stack ${stack} in ${region} is of the stage "production". Nothing was removed. If you mean it, repeat with --production; its tables are kept all the same.`,
      );
    }
  }
  const planned = [...steps].reverse().map(({ stack, region, layer }) => ({ stack, region, layer }));
  const isPlanned = ({ stack, region }: StackPlace) =>
    planned.some((each) => each.stack === stack && each.region === region);
  const others = present
    .filter((each) => !isPlanned(each))
    .map(({ stack, region }) => ({ stack, region, layer: layerOf(stack) }));
  return LAYERS.flatMap((layer) => [...others, ...planned].filter((each) => each.layer === layer));
}

export async function runDestroy(run: DestroyRun): Promise<DestroyReport> {
  const outcomes: RemovalOutcome[] = [];
  let heldBy: string | null = null;
  for (const layer of LAYERS) {
    for (const removal of run.removals.filter((each) => each.layer === layer)) {
      run.onRemoval(removal, { index: outcomes.length, count: run.removals.length });
      const outcome = heldBy === null ? await remove(removal, run) : kept(removal, heldBy);
      outcomes.push(outcome);
      run.onOutcome(outcome);
    }
    heldBy ??= outcomes.find(({ result }) => result === 'failed' || result === 'unknown')?.removal.stack ?? null;
  }
  const results = new Set(outcomes.map(({ result }) => result));
  return { state: results.has('failed') ? 'failed' : results.has('unknown') ? 'unknown' : 'done', outcomes };
}

async function remove(removal: Removal, { stacks, clock }: DestroyRun): Promise<RemovalOutcome> {
  try {
    const before = await look(removal, { stacks, clock });
    if (before.status === null) return { removal, result: 'absent', detail: null };
    await untilAtRest(removal, { stacks, clock });
    await deleteStack(removal, { stacks, clock });
    return { removal, result: 'removed', detail: null };
  } catch (thrown) {
    const { code, message } = toPlatformError(thrown);
    return { removal, result: code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'failed', detail: message };
  }
}

function kept(removal: Removal, heldBy: string): RemovalOutcome {
  return { removal, result: 'not-started', detail: `stays until ${heldBy} is gone` };
}

function layerOf(stack: string): Removal['layer'] {
  return LAYERS.find((layer) => stack.startsWith(`${STACK_PREFIX}${layer}`)) ?? 'cell';
}

function refused(message: string): PlatformError {
  return new PlatformError({ code: 'DEPLOY_REFUSED', kind: 'caller', effect: 'none', message });
}
