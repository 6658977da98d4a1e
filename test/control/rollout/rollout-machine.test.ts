/** The rollout machine's promises, on a fake clock: order, bake, gates, the way back, who may begin, who may take it back. */
import { describe, expect, it } from '@jest/globals';
import { UNKNOWN_MS_MAX } from '../../../control/rollout/rollout-limits.ts';
import type { RolloutPlan } from '../../../control/rollout/rollout-plan.ts';
import { LOG_LINES_MAX } from '../../../control/rollout/rollout-record.ts';
import { C1, C2, C3, Orchestrator, PLAN, RolloutWorld, STEPS } from './rollout-world.ts';

async function runOn(world: RolloutWorld, plan: RolloutPlan = PLAN) {
  const orchestrator = new Orchestrator(world, 'first');
  return orchestrator.drive(orchestrator.machine.run(plan));
}
const stepsOf = (...cells: readonly string[]) => cells.flatMap((cell) => STEPS.map((step) => `${step} ${cell}`));
const has = (world: RolloutWorld, cell: typeof C1) => world.taken.get(cell)?.length === STEPS.length;

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
    world.gate = () => (has(world, C3) ? 'closed' : 'open');
    const ended = await runOn(world);
    expect(ended).toMatchObject({ record: { state: 'rolled-back', trouble: { cause: 'gate' } } });
    expect(world.effects.slice(-4)).toEqual(['undo c03', 'undo c02', 'undo c01', 'withdraw']);
    expect(world.state()).toMatchObject({ c01: [], c02: [], c03: [], settled: ['', 'withdrawn'] });
  });

  it('goes back between two steps of a cell when what clients see is bad, before the side that still has the old one is replaced', async () => {
    const world = new RolloutWorld();
    world.gate = () => (world.taken.get(C1)?.includes('switch') ? 'closed' : 'open');
    await runOn(world);
    expect(world.effects).toEqual(['standby c01', 'switch c01', 'undo c01', 'withdraw']);
  });

  it('breaks a step off when what clients see becomes bad while it lasts, and waits until it has let go', async () => {
    const world = new RolloutWorld();
    world.stepMs = 9_000;
    let isBad = false;
    world.gate = () => (isBad ? 'closed' : 'open');
    const orchestrator = new Orchestrator(world, 'first');
    const work = orchestrator.drive(orchestrator.machine.run(PLAN));
    await world.clock.advance(4_000);
    isBad = true;
    expect(await work).toMatchObject({
      record: {
        state: 'rolled-back',
        trouble: { cause: 'gate', detail: expect.stringContaining('during standby c01') },
      },
    });
    expect(world.effects).toEqual(['standby c01', 'undo c01', 'withdraw']);
    expect(world.taken.size).toBe(0);
    expect(world.violations).toEqual([]);
  });

  it('waits for a gate that knows nothing for a moment, and bakes on until it is open', async () => {
    const world = new RolloutWorld();
    let sinceMs: number | null = null;
    world.gate = () => {
      if (!has(world, C1)) return 'open';
      sinceMs ??= world.clock.monotonicMs();
      return world.clock.monotonicMs() - sinceMs < UNKNOWN_MS_MAX / 2 ? 'unknown' : 'open';
    };
    expect(await runOn(world)).toMatchObject({ record: { state: 'done' } });
    expect(world.violations).toEqual([]);
  });

  it('takes a gate that knows nothing for longer than its bound for closed', async () => {
    const world = new RolloutWorld();
    world.gate = () => (has(world, C1) ? 'unknown' : 'open');
    const ended = await runOn(world);
    expect(ended).toMatchObject({ record: { state: 'rolled-back', trouble: { cause: 'gate' } } });
    expect(world.effects).toEqual([...stepsOf(C1), 'undo c01', 'withdraw']);
  });

  it('repeats a step of unknown outcome, and goes back when it stays unknown', async () => {
    const world = new RolloutWorld();
    world.stepResult = (cell) => (cell === C2 ? 'unknown' : 'done');
    const ended = await runOn(world);
    expect(ended).toMatchObject({
      record: { state: 'rolled-back', trouble: { cause: 'step', detail: expect.stringContaining('3 tries') } },
    });
    expect(world.effects.filter((effect) => effect === 'standby c02')).toHaveLength(3);
  });

  it('stops when a cell can not be brought back, keeps its place, and goes on with the way back when resumed', async () => {
    const world = new RolloutWorld();
    world.gate = () => (has(world, C1) ? 'closed' : 'open');
    world.undoResult = () => 'failed';
    expect(await runOn(world)).toMatchObject({ record: { state: 'stopped', trouble: { cause: 'gate' } } });
    expect(await runOn(world)).toMatchObject({ state: 'threw', error: { code: 'ROLLOUT_IN_PROGRESS' } });
    world.undoResult = () => 'done';
    const second = new Orchestrator(world, 'second');
    expect(await second.drive(second.machine.resume())).toMatchObject({ record: { state: 'rolled-back' } });
    expect(world.taken.size).toBe(0);
  });

  it('keeps a bounded log and the newest copy of each rollout', async () => {
    const world = new RolloutWorld();
    for (const what of ['r2', 'r3', 'r4']) await runOn(world, { ...PLAN, what, bakeMs: 0 });
    const kept = await world.records.history(2, { withinMs: 1_000 });
    expect(kept.map(({ number, what, state }) => [number, what, state])).toEqual([
      [3, 'r4', 'done'],
      [2, 'r3', 'done'],
    ]);
    expect(kept.every(({ log }) => log.length <= LOG_LINES_MAX)).toBe(true);
  });

  it('tells the timeline what a person wants to see beside a graph, each once', async () => {
    const world = new RolloutWorld();
    world.gate = () => (has(world, C3) ? 'closed' : 'open');
    const orchestrator = new Orchestrator(world, 'first');
    await orchestrator.drive(orchestrator.machine.run(PLAN));
    expect(orchestrator.timeline.map(({ id, phase }) => `${phase}: ${id}`)).toEqual([
      'begins: rollout 1 begun',
      'reaches: rollout 1 wave 1 has it and bakes',
      'reaches: rollout 1 reaches c02',
      'reaches: rollout 1 reaches c03',
      'reaches: rollout 1 wave 2 has it and bakes',
      'reaches: rollout 1 goes back',
      'ends: rollout 1 rolled-back',
    ]);
    // Whom it had reached, and that nobody has it at the end.
    const reached = orchestrator.timeline.map(({ scope }) => scope.cells.length);
    expect([reached.at(-3), reached.at(-1)]).toEqual([3, 0]);
  });
});

describe('a rollout is not begun', () => {
  it.each(['closed', 'unknown'] as const)('while a gate is %s', async (state) => {
    const world = new RolloutWorld();
    world.gate = () => state;
    expect(await runOn(world)).toMatchObject({ state: 'threw', error: { code: 'ROLLOUT_REFUSED', effect: 'none' } });
    expect(world.isBegun).toBe(false);
  });

  it('by two at once: one of them is refused', async () => {
    const world = new RolloutWorld();
    const [first, second] = [new Orchestrator(world, 'first'), new Orchestrator(world, 'second')];
    const ended = await Promise.all([first, second].map((each) => each.drive(each.machine.run(PLAN))));
    const errors = ended.flatMap((each) => (each.state === 'threw' ? [each.error] : []));
    expect(errors).toMatchObject([{ code: 'ROLLOUT_IN_PROGRESS' }]);
    expect(world.violations).toEqual([]);
    expect(world.effects).toEqual([...stepsOf(C1, C2, C3), 'settle']);
  });

  it.each([
    [{ forced: ['failovers'] }, /can't be forced/],
    [{ forced: ['freeze'], why: ' ' }, /only with a reason/],
    [{ waves: [] }, /at least one wave/],
    [{ waves: [[C1], []] }, /at least one cell/],
    [{ bakeMs: -1 }, /A bake of -1 ms/],
    [{ bakeMs: Number.NaN }, /A bake of NaN ms/],
  ])('as %j', async (change, message) => {
    const world = new RolloutWorld();
    expect(await runOn(world, { ...PLAN, ...change })).toMatchObject({
      state: 'threw',
      error: { code: 'INVALID_INPUT', message: expect.stringMatching(message) },
    });
    expect(world.isBegun).toBe(false);
  });
});

describe('somebody else', () => {
  it('can not resume a rollout whose orchestrator lives', async () => {
    const world = new RolloutWorld();
    const [first, second] = [new Orchestrator(world, 'first'), new Orchestrator(world, 'second')];
    const work = first.drive(first.machine.run(PLAN));
    await world.clock.advance(2_000);
    const refused = await second.machine.resume().catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'ROLLOUT_IN_PROGRESS' });
    expect(await work).toMatchObject({ record: { state: 'done' } });
  });

  it('goes on where an orchestrator is cut off from the arbiter, and finds nothing of it still in motion', async () => {
    const world = new RolloutWorld();
    world.stepMs = 30_000;
    const [first, second] = [new Orchestrator(world, 'first'), new Orchestrator(world, 'second')];
    const work = first.drive(first.machine.run(PLAN));
    await world.clock.advance(3_000);
    first.isCut = true;
    world.stepMs = 1_000;
    expect(await second.drive(second.machine.resume())).toMatchObject({ record: { state: 'done' } });
    expect(await work).toMatchObject({ state: 'threw', error: { code: 'ARBITER_UNAVAILABLE' } });
    expect(world.violations).toEqual([]);
  });

  it('may abort it: its orchestrator finds the wish at its next beat, and takes everything back', async () => {
    const world = new RolloutWorld();
    const [first, second] = [new Orchestrator(world, 'first'), new Orchestrator(world, 'second')];
    const work = first.drive(first.machine.run(PLAN));
    await world.clock.advance(12_000);
    const aborted = await second.machine.abort({ by: 'bob', why: 'wrong one' });
    expect(aborted).toMatchObject({
      state: 'aborted',
      trouble: { cause: 'abort', detail: 'aborted by bob: wrong one' },
    });
    expect(await work).toMatchObject({ record: { state: 'aborted' } });
    expect(world.taken.size).toBe(0);
    expect(world.violations).toEqual([]);
  });

  it('takes it back alone when its orchestrator is gone', async () => {
    const world = new RolloutWorld();
    const first = new Orchestrator(world, 'first', { at: 20, how: 'kill' });
    await first.drive(first.machine.run(PLAN));
    const second = new Orchestrator(world, 'second');
    const ended = await second.drive(second.machine.abort({ by: 'bob', why: 'wrong one' }));
    expect(ended).toMatchObject({ record: { state: 'aborted' } });
    expect(world.state()).toMatchObject({ c01: [], c02: [], c03: [], settled: ['', 'withdrawn'] });
    expect(world.violations).toEqual([]);
  });

  it('finds nothing to abort or to resume when none is under way', async () => {
    const world = new RolloutWorld();
    const orchestrator = new Orchestrator(world, 'first');
    for (const work of [orchestrator.machine.resume(), orchestrator.machine.abort({ by: 'bob', why: 'x' })]) {
      expect(await orchestrator.drive(work)).toMatchObject({ state: 'threw', error: { code: 'ROLLOUT_REFUSED' } });
    }
  });
});
