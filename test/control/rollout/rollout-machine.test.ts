/** The rollout machine's promises, on a fake clock: order, bake, gates, the way back, and who may not begin. */
import { describe, expect, it } from '@jest/globals';
import type { RolloutPlan } from '../../../control/rollout/rollout-plan.ts';
import { C1, C2, C3, Orchestrator, PLAN, RolloutWorld, STEPS } from './rollout-world.ts';

async function runOn(world: RolloutWorld, plan: RolloutPlan = PLAN) {
  const orchestrator = new Orchestrator(world, 'first');
  return orchestrator.drive(orchestrator.machine.run(plan));
}
const stepsOf = (...cells: readonly string[]) => cells.flatMap((cell) => STEPS.map((step) => `${step} ${cell}`));

describe('a rollout', () => {
  it('takes every step of one cell after the other, bakes after each wave, and settles', async () => {
    const world = new RolloutWorld();
    const ended = await runOn(world);
    expect(ended).toMatchObject({ state: 'ended', record: { state: 'done', number: 1, trouble: null } });
    expect(world.effects).toEqual([...stepsOf(C1, C2, C3), 'settle']);
    expect(world.violations).toEqual([]);
  });

  it('goes back when a gate closes while a wave bakes, the cell that was reached last first', async () => {
    const world = new RolloutWorld();
    world.gate = (cells) => (cells.includes(C3) && world.taken.get(C3)?.length === STEPS.length ? 'closed' : 'open');
    const ended = await runOn(world);
    expect(ended).toMatchObject({ record: { state: 'rolled-back', trouble: { cause: 'gate' } } });
    expect(world.effects.slice(-4)).toEqual(['undo c03', 'undo c02', 'undo c01', 'withdraw']);
    expect(world.state()).toMatchObject({ c01: [], c02: [], c03: [], settled: ['', 'withdrawn'] });
  });
});
