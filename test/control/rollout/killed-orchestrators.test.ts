/**
 * Orchestrators that are killed or stopped at every call they make, forwards and backwards. Each call to the arbiter, to a gate and
 * to the executor is such a point, before and after its effect; so are the beats between them.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import '../../property-settings.ts';
import type { RolloutRecord } from '../../../control/rollout/rollout-record.ts';
import { C1, C3, type Ended, Orchestrator, PLAN, RolloutWorld, STEPS } from './rollout-world.ts';

interface Direction {
  readonly name: string;
  readonly prepare: (world: RolloutWorld) => void;
  /** However often it was interrupted. */
  readonly end: { readonly state: string; readonly world: unknown };
}

const EVERYWHERE = { c01: STEPS, c02: STEPS, c03: STEPS, settled: ['settled', ''] };
const NOWHERE = { c01: [], c02: [], c03: [], settled: ['', 'withdrawn'] };
const DIRECTIONS: readonly Direction[] = [
  { name: 'forwards', prepare: () => undefined, end: { state: 'done', world: EVERYWHERE } },
  {
    name: 'back from the last wave, whose gate closes',
    prepare: (world) => {
      // Once bad, bad: also for whoever looks after cells were undone.
      let bad = false;
      world.gate = (cells) => {
        bad ||= cells.includes(C3) && world.taken.get(C3)?.length === STEPS.length;
        return bad ? 'closed' : 'open';
      };
    },
    end: { state: 'rolled-back', world: NOWHERE },
  },
  {
    name: 'back from the first cell, whose step fails',
    prepare: (world) => {
      world.stepResult = (cell, step) => (cell === C1 && step === 'switch' ? 'failed' : 'done');
    },
    end: { state: 'rolled-back', world: NOWHERE },
  },
];

/** Kills one after the other at the given points, then lets one live. */
async function through(world: RolloutWorld, kills: readonly number[]): Promise<Ended | { state: 'paused' }> {
  for (const [index, at] of [...kills, null].entries()) {
    const strike = at === null ? null : ({ at, how: 'kill' } as const);
    const orchestrator = new Orchestrator(world, `o${index}`, strike);
    const ended = await orchestrator.drive(goOn(world, orchestrator));
    if (ended.state !== 'killed') return ended;
  }
  throw new Error('the last one can not be killed');
}

/** What a person does who finds no orchestrator: begins it if nothing was written, else resumes it. */
function goOn(world: RolloutWorld, { machine }: Orchestrator): Promise<RolloutRecord> {
  return world.isBegun ? machine.resume() : machine.run(PLAN);
}

async function countPoints(direction: Direction): Promise<number> {
  const world = new RolloutWorld();
  direction.prepare(world);
  const orchestrator = new Orchestrator(world, 'count');
  await orchestrator.drive(orchestrator.machine.run(PLAN));
  return orchestrator.points;
}

function expectEnd(world: RolloutWorld, ended: unknown, { end }: Direction): void {
  expect(world.violations).toEqual([]);
  // Whoever was killed after the last write left nothing to do.
  const over = { state: 'threw', error: expect.objectContaining({ code: 'ROLLOUT_REFUSED' }) };
  if ((ended as Ended).state === 'threw') expect(ended).toMatchObject(over);
  expect(world.state()).toEqual(end.world);
}

describe.each(DIRECTIONS)('a rollout that goes $name', (direction) => {
  it('comes to the same end wherever its orchestrator is killed', async () => {
    const points = await countPoints(direction);
    expect(points).toBeGreaterThanOrEqual(30);
    for (let at = 1; at <= points; at++) {
      const world = new RolloutWorld();
      direction.prepare(world);
      const ended = await through(world, [at]);
      expectEnd(world, ended, direction);
      expect((await world.current())?.state).toBe(direction.end.state);
    }
  }, 120_000);

  it('comes to the same end whatever kills one orchestrator after the other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 6 }), async (kills) => {
        const world = new RolloutWorld();
        direction.prepare(world);
        expectEnd(world, await through(world, kills), direction);
        expect((await world.current())?.state).toBe(direction.end.state);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it('is not disturbed by an orchestrator that was stopped anywhere and goes on when another one has ended it', async () => {
    const points = await countPoints(direction);
    for (let at = 1; at <= points; at++) {
      const world = new RolloutWorld();
      direction.prepare(world);
      const stopped = new Orchestrator(world, 'stopped', { at, how: 'pause' });
      const work = stopped.machine.run(PLAN);
      await stopped.drive(work);
      if (!world.isBegun) continue;
      expect(stopped.isPaused).toBe(true);
      const second = new Orchestrator(world, 'second');
      const ended = await second.drive(goOn(world, second));
      expectEnd(world, ended, direction);
      const effects = [...world.effects];
      stopped.continue();
      const late = await stopped.drive(work);
      expect(world.effects).toEqual(effects);
      expect(world.state()).toEqual(direction.end.world);
      expect(late).toMatchObject(
        (await world.current())?.orchestrator.startsWith('stopped')
          ? { state: 'ended' }
          : { state: 'threw', error: { code: 'ROLLOUT_IN_PROGRESS' } },
      );
    }
  }, 240_000);
});

describe('an orchestrator that was stopped before it wrote anything', () => {
  it('begins nothing on what it saw when somebody else was first', async () => {
    const world = new RolloutWorld();
    // The third call is the first write: it has seen that no rollout is under way, and that the gates are open.
    const stopped = new Orchestrator(world, 'stopped', { at: 3, how: 'pause' });
    const work = stopped.machine.run(PLAN);
    await stopped.drive(work);
    expect(world.isBegun).toBe(false);
    const second = new Orchestrator(world, 'second');
    await second.drive(second.machine.run(PLAN));
    const effects = [...world.effects];
    stopped.continue();
    expect(await stopped.drive(work)).toMatchObject({ state: 'threw', error: { code: 'ROLLOUT_REFUSED' } });
    expect(world.effects).toEqual(effects);
  });
});
