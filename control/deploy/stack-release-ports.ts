/**
 * A release on AWS as the executor of releases sees it: one region of a cell is one stack, and to replace it is to deploy that stack
 * from the assembly of the release. Where a stack stands is read off CloudFormation, so any orchestrator can go on.
 */
import type { Clock } from '../../core/clock.ts';
import { invariant, PlatformError } from '../../core/errors.ts';
import type { CellId, RegionName } from '../../core/ids.ts';
import type { Topology } from '../../core/topology.ts';
import type { CellSide, Place, ReleasePorts } from '../rollout/release/release-ports.ts';
import { ARBITER_MS_MAX } from '../rollout/rollout-limits.ts';
import { admitted, type TokenFence } from '../rollout/token-fence.ts';
import { type CellStep, planDeploy } from './deploy-plan.ts';
import type { StepOutcome } from './run-deploy.ts';
import { type StackState, standingOf } from './stack-standing.ts';
import type { StackPlace, Stacks } from './stacks.ts';

export interface StackReleaseOptions extends Pick<ReleasePorts, 'exercise' | 'move' | 'notes'> {
  readonly topology: Topology;
  readonly stacks: Pick<Stacks, 'state'>;
  /** Deploys one stack from the kept assembly of a release. Throws `NOT_FOUND` when that is not here. */
  readonly deploy: (release: string, step: CellStep) => Promise<StepOutcome>;
  /** Who holds the cell's lease; `null`: nobody. */
  readonly holder: (cell: CellId) => Promise<RegionName | null>;
  /** Whether the store there answers and owes its peer little: then the peer may be relied on. */
  readonly keepsUp: (place: Place) => Promise<boolean>;
  readonly fence: TokenFence;
  readonly clock: Clock;
}

/** The executor looks again and again; CloudFormation answers a few looks a second for the whole account. */
const STATE_KEPT_MS = 3_000;

export function stackReleasePorts(options: StackReleaseOptions): ReleasePorts {
  const { topology, fence, exercise, move, notes } = options;
  const steps = planDeploy(topology).filter((step): step is CellStep => step.layer === 'cell');
  const stepAt = ({ cell, region }: Place): CellStep => {
    const found = steps.find((step) => step.cell === cell && step.region === region);
    invariant(found !== undefined, `${cell} has a stack in ${region}`);
    return found;
  };
  const stateOf = keptState(options);
  return {
    ...{ exercise, move, notes },
    cells: topology.cells.map(({ id }) => id),
    look: async (cell) => {
      const spec = topology.cells.find(({ id }) => id === cell);
      invariant(spec !== undefined, `${cell} stands in the topology`);
      const side = async (region: RegionName): Promise<CellSide> => {
        const state = await stateOf.read(stepAt({ cell, region }));
        const ready = standingOf(state) === 'serving';
        const peer = ready && (await options.keepsUp({ cell, region })) ? 'ok' : 'suspect';
        // Functions are warm once they were called: the exercise before the move sees to that.
        return { region, release: state.release, ready, warm: ready, peer };
      };
      const sides = await Promise.all([side(spec.home), side(spec.standby)]);
      return { holder: await options.holder(cell), home: spec.home, sides };
    },
    replace: async ({ release, token, ...at }) => {
      const step = stepAt(at);
      await admitted(fence, { place: step.stack, token }, { withinMs: ARBITER_MS_MAX });
      stateOf.forget(step);
      const outcome = await options.deploy(release, step).finally(() => stateOf.forget(step));
      if (outcome.result === 'failed' || outcome.result === 'unknown') throw notReplaced(outcome);
    },
    // What newcomers get is what the topology's next deployment synthesises.
    settle: async () => undefined,
  };
}

function keptState({ stacks, clock }: StackReleaseOptions) {
  const kept = new Map<string, { readonly atMs: number; readonly state: Promise<StackState> }>();
  return {
    read: (place: StackPlace) => {
      const nowMs = clock.monotonicMs();
      const known = kept.get(place.stack);
      if (known && nowMs - known.atMs < STATE_KEPT_MS) return known.state;
      const state = stacks.state(place);
      kept.set(place.stack, { atMs: nowMs, state });
      return state;
    },
    forget: ({ stack }: StackPlace) => void kept.delete(stack),
  };
}

function notReplaced({ step, result, detail }: StepOutcome): PlatformError {
  return new PlatformError({
    code: result === 'unknown' ? 'OUTCOME_UNKNOWN' : 'DEPLOY_FAILED',
    kind: 'dependency',
    // CloudFormation has rolled a failed update back; whether it has is looked at again before anything else is done.
    effect: result === 'unknown' ? 'unknown' : 'none',
    message: `${step.stack} in ${step.region}: ${detail ?? result}`,
  });
}
