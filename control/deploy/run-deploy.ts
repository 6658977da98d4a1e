/**
 * Deploys a plan, stack after stack, and stops at the first that fails: what comes later serves on as it did. Nothing is
 * remembered between runs. Where a run goes on is read off the stacks themselves, so a second run, or one after a crash,
 * skips what is up to date, waits for what still moves, and repairs what the first one left behind.
 */
import type { Clock } from '../../core/clock.ts';
import { isPlatformError, PlatformError, toPlatformError } from '../../core/errors.ts';
import { type CellReport, reportCells } from './cell-report.ts';
import { deleteStack } from './delete-stack.ts';
import type { DeployStep } from './deploy-plan.ts';
import { type StackState, standingOf, treatmentOf } from './stack-standing.ts';
import type { StackProgress, Stacks } from './stacks.ts';
import { look, untilAtRest, type Waiting, withinBound } from './wait-for-stack.ts';

/** The first try, and one more after an answer that was lost: it finds out what became of the first. */
const TRIES_MAX = 2;

export type StepResult = 'created' | 'updated' | 'unchanged' | 'failed' | 'unknown' | 'not-started';

export interface StepOutcome {
  readonly step: DeployStep;
  readonly result: StepResult;
  readonly tookMs: number;
  /** What had to be done about an earlier run first. */
  readonly repaired: string | null;
  /** Why it failed, and what to do. */
  readonly detail: string | null;
}

export interface DeployReport {
  readonly state: 'done' | 'failed' | 'unknown';
  readonly outcomes: readonly StepOutcome[];
  readonly cells: readonly CellReport[];
}

export interface DeployEars {
  readonly onStep: (step: DeployStep, position: { readonly index: number; readonly count: number }) => void;
  readonly onProgress: (step: DeployStep, progress: StackProgress) => void;
  /** Something that was found and is being repaired, or waited for. */
  readonly onNote: (step: DeployStep, note: string) => void;
  readonly onOutcome: (outcome: StepOutcome) => void;
}

export interface DeployRun {
  /** What to deploy, in this order. */
  readonly steps: readonly DeployStep[];
  readonly stacks: Stacks;
  readonly clock: Clock;
  readonly ears: DeployEars;
}

/** Never throws for what a stack does: that stands in the report. */
export async function runDeploy(run: DeployRun): Promise<DeployReport> {
  const { steps, ears } = run;
  const outcomes: StepOutcome[] = [];
  for (const [index, step] of steps.entries()) {
    ears.onStep(step, { index, count: steps.length });
    const outcome = await deployStep(step, run);
    ears.onOutcome(outcome);
    outcomes.push(outcome);
    if (outcome.result === 'failed' || outcome.result === 'unknown') break;
  }
  const last = outcomes.at(-1)?.result;
  const state = last === 'failed' || last === 'unknown' ? last : 'done';
  for (const step of steps.slice(outcomes.length)) {
    outcomes.push({ step, result: 'not-started', tookMs: 0, repaired: null, detail: null });
  }
  return { state, outcomes, cells: await reportCells(outcomes, run.stacks) };
}

export async function deployStep(step: DeployStep, run: DeployRun): Promise<StepOutcome> {
  const startedAtMs = run.clock.monotonicMs();
  const repairs: string[] = [];
  const outcome = (result: StepResult, detail: string | null): StepOutcome => ({
    ...{ step, result, detail },
    tookMs: Math.round(run.clock.monotonicMs() - startedAtMs),
    repaired: repairs.length > 0 ? repairs.join('; ') : null,
  });
  const onRepair = (what: string) => {
    repairs.push(what);
    run.ears.onNote(step, what);
  };
  try {
    return outcome(await tryStep(step, { ...run, onRepair }), null);
  } catch (thrown) {
    const error = toPlatformError(thrown);
    return outcome(error.code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'failed', error.message);
  }
}

interface StepRun extends DeployRun {
  readonly onRepair: (what: string) => void;
}

async function tryStep(step: DeployStep, run: StepRun): Promise<'created' | 'updated' | 'unchanged'> {
  const before = await readyToDeploy(step, run);
  const created = standingOf(before) === 'absent';
  const watch = { onProgress: (progress: StackProgress) => run.ears.onProgress(step, progress) };
  const deploy = () => withinBound(step, run.clock, () => run.stacks.deploy(step, watch));
  for (let tries = 1; ; tries++) {
    try {
      if ((await deploy()) === 'changed') return created ? 'created' : 'updated';
      if (tries === 1) return 'unchanged';
      // The try whose answer was lost had gone through, or there was nothing to do.
      const { release } = await look(step, run);
      return created ? 'created' : release === before.release ? 'unchanged' : 'updated';
    } catch (thrown) {
      const lost = isPlatformError(thrown) && thrown.code === 'OUTCOME_UNKNOWN';
      if (!lost || tries === TRIES_MAX) throw thrown;
      run.onRepair('an answer of AWS was lost on the way: looked again');
      await readyToDeploy(step, run);
    }
  }
}

/** The stack as it stands once it may be deployed to. Throws `DEPLOY_REFUSED` with the remedy. */
async function readyToDeploy(step: DeployStep, run: StepRun): Promise<StackState> {
  const waiting: Waiting = run;
  let state = await look(step, waiting);
  if (standingOf(state) === 'moving') {
    run.onRepair(`waited for an operation that was under way (${state.status})`);
    state = await untilAtRest(step, waiting);
  }
  const treatment = treatmentOf(state, step);
  switch (treatment.take) {
    case 'deploy':
      return state;
    case 'refuse':
      throw refused(treatment.remedy);
    case 'wait':
      throw refused(
        `${step.stack} moves again and again: somebody else works on it. Find out who, then run this again.`,
      );
    case 'recreate':
      run.onRepair(`deleted what an earlier, failed creation left behind (${state.status})`);
      await deleteStack(step, run);
      return look(step, waiting);
    case 'roll-back':
      run.onRepair(`rolled an earlier, failed update back (${state.status})`);
      await withinBound(step, run.clock, () =>
        run.stacks.rollBack(step, { onProgress: (at) => run.ears.onProgress(step, at) }),
      );
      return look(step, waiting);
  }
}

function refused(message: string): PlatformError {
  return new PlatformError({ code: 'DEPLOY_REFUSED', kind: 'caller', effect: 'none', message });
}
