import { describe, expect, it } from '@jest/globals';
import { planDeploy, selectSteps } from '../../../control/deploy/deploy-plan.ts';
import { type DeployReport, runDeploy } from '../../../control/deploy/run-deploy.ts';
import type { Clock } from '../../../core/clock.ts';
import config from '../../../platform.config.ts';
import { inState, lost, ScriptedStacks, verdict } from './scripted-stacks.ts';

const PLAN = planDeploy(config);
const CELL = 'holdfast-cell-c01-us-west-2';
const ONLY_CELL = selectSteps(PLAN, { cell: 'c01', region: 'us-west-2' });

/** Time passes only by sleeping, and an aborted sleep ends. */
function leapingClock(): Clock {
  let nowMs = 0;
  return {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs,
    sleep: async (ms, signal) => {
      // The bound of an operation, which in these tests always ends before it.
      if (ms >= 60 * 60_000)
        return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
      nowMs += ms;
    },
  };
}

function run(stacks: ScriptedStacks, steps = ONLY_CELL): Promise<DeployReport> {
  const nothing = () => undefined;
  const ears = { onStep: nothing, onProgress: nothing, onNote: nothing, onOutcome: nothing };
  return runDeploy({ steps, stacks, clock: leapingClock(), ears });
}

describe('the plan', () => {
  it('is global, regions, cells wave by wave with the standby first, then the entry and operations', () => {
    expect(PLAN.map(({ stack }) => stack)).toEqual([
      'holdfast-global',
      'holdfast-region-us-east-1',
      'holdfast-region-us-west-2',
      'holdfast-cell-c01-us-west-2',
      'holdfast-cell-c01-us-east-1',
      'holdfast-cell-c02-us-east-1',
      'holdfast-cell-c02-us-west-2',
      'holdfast-cell-c03-us-west-2',
      'holdfast-cell-c03-us-east-1',
      'holdfast-entry',
      'holdfast-operations',
    ]);
  });

  it.each([
    { cell: 'c09', region: null, says: 'Allowed: c01, c02, c03' },
    { cell: 'c01', region: 'eu-west-1', says: 'Allowed: us-west-2, us-east-1' },
    { cell: null, region: 'us-east-1', says: '--region goes with --cell' },
  ])('refuses $cell in $region and says what is allowed', ({ cell, region, says }) => {
    expect(() => selectSteps(PLAN, { cell, region })).toThrow(says);
  });
});

describe('a deployment', () => {
  it('creates what is absent, and a second run leaves all of it alone', async () => {
    const stacks = new ScriptedStacks();
    const first = await run(stacks, PLAN);
    expect(first.outcomes.map(({ result }) => result)).toEqual(PLAN.map(() => 'created'));
    const second = await run(stacks, PLAN);
    expect(second.outcomes.map(({ result }) => result)).toEqual(PLAN.map(() => 'unchanged'));
  });

  it('stops at the first failure and says what state each cell is in', async () => {
    const stacks = new ScriptedStacks();
    for (const { stack } of PLAN) stacks.set(stack, inState('CREATE_COMPLETE'));
    const broken = 'holdfast-cell-c01-us-east-1';
    stacks.onDeploy.set(broken, [
      () => {
        stacks.set(broken, inState('UPDATE_ROLLBACK_COMPLETE'));
        throw verdict();
      },
    ]);
    const report = await run(stacks, PLAN);
    expect(report.state).toBe('failed');
    expect(stacks.log.at(-1)).toBe(`deploy ${broken}`);
    expect(report.outcomes.find(({ result }) => result === 'failed')?.detail).toBe('Cart: quota exceeded');
    expect(
      report.cells.map(({ cell, regions }) => [
        cell,
        ...regions.map(({ standing, release }) => `${standing} ${release}`),
      ]),
    ).toEqual([
      ['c01', 'deployed r1', 'as-before r0'],
      ['c02', 'as-before r0', 'as-before r0'],
      ['c03', 'as-before r0', 'as-before r0'],
    ]);
  });

  it.each([
    { status: 'ROLLBACK_COMPLETE', does: [`delete ${CELL}`, `deploy ${CELL}`], result: 'created' },
    { status: 'CREATE_FAILED', does: [`delete ${CELL}`, `deploy ${CELL}`], result: 'created' },
    { status: 'UPDATE_ROLLBACK_FAILED', does: [`roll back ${CELL}`, `deploy ${CELL}`], result: 'updated' },
    { status: 'UPDATE_FAILED', does: [`roll back ${CELL}`, `deploy ${CELL}`], result: 'updated' },
    { status: 'REVIEW_IN_PROGRESS', does: [`deploy ${CELL}`], result: 'created' },
    { status: 'DELETE_FAILED', does: [], result: 'failed' },
    { status: 'A_NEW_STATUS', does: [], result: 'failed' },
  ])('finds $status, does $does', async ({ status, does, result }) => {
    const stacks = new ScriptedStacks().set(CELL, inState(status));
    const report = await run(stacks);
    expect(stacks.log).toEqual(does);
    expect(report.outcomes[0]?.result).toBe(result);
  });

  it('waits for an operation that an earlier run began, and says so', async () => {
    const moving = inState('UPDATE_IN_PROGRESS');
    const stacks = new ScriptedStacks().set(CELL, moving, moving, moving, inState('UPDATE_COMPLETE'));
    const report = await run(stacks);
    expect(report.outcomes[0]).toMatchObject({
      result: 'unchanged',
      repaired: expect.stringContaining('UPDATE_IN_PROGRESS'),
    });
  });

  it('looks again after an answer was lost, instead of guessing', async () => {
    const stacks = new ScriptedStacks();
    stacks.onDeploy.set(CELL, [
      () => {
        stacks.set(CELL, inState('CREATE_IN_PROGRESS'), inState('UPDATE_COMPLETE'));
        throw lost('OUTCOME_UNKNOWN');
      },
    ]);
    const report = await run(stacks);
    expect(stacks.log).toEqual([`deploy ${CELL}`, `deploy ${CELL}`]);
    expect(report).toMatchObject({ state: 'done', outcomes: [{ result: 'created' }] });
  });

  it('does not know when answers are lost again and again, and claims nothing', async () => {
    const stacks = new ScriptedStacks();
    const lose = () => {
      throw lost('OUTCOME_UNKNOWN');
    };
    stacks.onDeploy.set(CELL, [lose, lose]);
    expect(await run(stacks)).toMatchObject({ state: 'unknown', outcomes: [{ result: 'unknown' }] });
  });

  it('bears looks that fail for a while', async () => {
    const stacks = new ScriptedStacks();
    stacks.blindLooks = 3;
    expect(await run(stacks)).toMatchObject({ state: 'done' });
  });

  it('does not touch a stack of our name that is not ours', async () => {
    const stacks = new ScriptedStacks().set(CELL, inState('CREATE_COMPLETE', { stage: null }));
    const report = await run(stacks);
    expect(stacks.log).toEqual([]);
    expect(report.outcomes[0]?.detail).toContain('none of our tags');
  });
});
