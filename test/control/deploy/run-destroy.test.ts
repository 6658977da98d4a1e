import { describe, expect, it } from '@jest/globals';
import { planDeploy } from '../../../control/deploy/deploy-plan.ts';
import { planDestroy, runDestroy } from '../../../control/deploy/run-destroy.ts';
import { systemClock } from '../../../core/clock.ts';
import { regionName } from '../../../core/ids.ts';
import config from '../../../platform.config.ts';
import { inState, ScriptedStacks } from './scripted-stacks.ts';

const PLAN = planDeploy(config);
const region = regionName('us-east-1');
const clock = { ...systemClock, sleep: async () => undefined };

function run(stacks: ScriptedStacks, removals = planDestroy(PLAN, { present: [], production: false })) {
  return runDestroy({ removals, stacks, clock, onRemoval: () => undefined, onOutcome: () => undefined });
}

describe('a removal', () => {
  it('goes backwards, and takes a cell along that has left the topology', () => {
    const present = [{ stack: 'holdfast-cell-c07-us-east-1', region, state: inState('CREATE_COMPLETE') }];
    const removals = planDestroy(PLAN, { present, production: false }).map(({ stack }) => stack);
    expect(removals.slice(0, 4)).toEqual([
      'holdfast-operations',
      'holdfast-entry',
      'holdfast-cell-c07-us-east-1',
      'holdfast-cell-c03-us-east-1',
    ]);
    expect(removals.at(-1)).toBe('holdfast-global');
  });

  it('refuses production, unless it is asked for it', () => {
    const present = [{ stack: 'holdfast-global', region, state: inState('CREATE_COMPLETE', { stage: 'production' }) }];
    expect(() => planDestroy(PLAN, { present, production: false })).toThrow('--production');
    expect(planDestroy(PLAN, { present, production: true })).toHaveLength(PLAN.length);
  });

  it('refuses as a whole when a stack of our name is not ours', () => {
    const present = [{ stack: 'holdfast-global', region, state: inState('CREATE_COMPLETE', { stage: null }) }];
    expect(() => planDestroy(PLAN, { present, production: true })).toThrow('not ours');
  });

  it('removes what is there after a half-finished deployment', async () => {
    const stacks = new ScriptedStacks();
    stacks.set('holdfast-global', inState('CREATE_COMPLETE'));
    stacks.set('holdfast-cell-c01-us-west-2', inState('ROLLBACK_COMPLETE'));
    const report = await run(stacks);
    expect(report.state).toBe('done');
    expect(stacks.log).toEqual(['delete holdfast-cell-c01-us-west-2', 'delete holdfast-global']);
  });

  it('leaves what others stand on, and goes on with the other cells, when one resists', async () => {
    const stacks = new ScriptedStacks();
    for (const { stack } of PLAN) stacks.set(stack, inState('CREATE_COMPLETE'));
    stacks.stubborn.add('holdfast-cell-c02-us-east-1');
    const { state, outcomes } = await run(stacks);
    const of = (result: string) =>
      outcomes.filter((each) => each.result === result).map(({ removal }) => removal.stack);
    expect(state).toBe('failed');
    expect(of('failed')).toEqual(['holdfast-cell-c02-us-east-1']);
    expect(of('not-started')).toEqual(['holdfast-region-us-west-2', 'holdfast-region-us-east-1', 'holdfast-global']);
    expect(of('removed')).toHaveLength(7);
    expect(outcomes.find((each) => each.result === 'failed')?.detail).toContain('not empty');
  });
});
