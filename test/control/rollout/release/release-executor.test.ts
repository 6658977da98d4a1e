/** The executor of a release on a platform in memory: the order, the refusals, and a kill at every call that it makes. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RELEASE_STEPS } from '../../../../control/rollout/release/release-executor.ts';
import { FakeClock } from '../../../../core/fake-clock.ts';
import { EAST, type Flaws, limitOf, NEW, OLD, ReleaseWorld, take, undo, WEST } from './release-world.ts';

let clock: FakeClock;
let stopTime: AbortController;

beforeEach(() => {
  clock = new FakeClock();
  stopTime = new AbortController();
  void (async () => {
    // Whatever waits goes on as soon as nothing else can.
    while (!stopTime.signal.aborted) {
      await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(1_000);
    }
  })();
});
afterEach(() => stopTime.abort());

const newWorld = (flaws: Flaws = {}) => new ReleaseWorld(clock, flaws);

async function takeAll(world: ReleaseWorld): Promise<readonly string[]> {
  const states: string[] = [];
  for (const step of RELEASE_STEPS) {
    expect(await take(world.executor(), step)).toMatchObject({ outcome: 'done' });
    states.push(`${step}: ${world.state}`);
  }
  return states;
}

describe('a release comes to a cell', () => {
  it('standby first, then the cell moves to it, then the side that was active, then home', async () => {
    const world = newWorld();
    expect(await takeAll(world)).toEqual([
      'standby: old* new',
      'warm-up: old* new',
      'switchover: old new*',
      'trial: old new*',
      'former: new new*',
      'home: new* new',
    ]);
    expect(world.broken).toEqual([]);
  });

  it('and the cell ends where it was, also when that is away from home', async () => {
    const world = newWorld();
    world.holder = WEST;
    expect((await takeAll(world)).slice(-2)).toEqual(['former: new* new', 'home: new new*']);
  });

  it('that it has already: nothing is replaced', async () => {
    const world = newWorld();
    for (const region of [EAST, WEST]) world.side(region).release = NEW;
    await takeAll(world);
    expect(world.done).toEqual([]);
  });

  it('asks again for a move that is refused for a moment', async () => {
    const world = newWorld({ movesRefused: 3 });
    await takeAll(world);
    expect(world.state).toBe('new* new');
  });

  it('is what newcomers get once it is everywhere, and leaves no note behind', async () => {
    const world = newWorld();
    await takeAll(world);
    const executor = world.executor();
    expect(await executor.settle(limitOf(executor))).toMatchObject({ outcome: 'done' });
    expect([world.settled, world.note]).toEqual([NEW, null]);
  });
});

describe('a cell is left as it is', () => {
  it.each([
    ['whose standby is down', (world: ReleaseWorld) => Object.assign(world.side(WEST), { ready: false })],
    ['whose standby is not heard', (world: ReleaseWorld) => Object.assign(world.side(EAST), { peer: 'gone' })],
  ] as const)('%s', async (_, hurt) => {
    const world = newWorld();
    hurt(world);
    expect(await take(world.executor(), 'standby')).toMatchObject({
      outcome: 'failed',
      note: expect.stringContaining('no healthy standby'),
    });
    expect(world.state).toBe('old* old');
  });

  it('that nobody holds', async () => {
    const world = newWorld();
    world.holder = null;
    expect(await take(world.executor(), 'standby')).toMatchObject({ outcome: 'failed' });
    expect(world.state).toBe('old old');
  });

  it('when somebody moved it back before the former side was replaced', async () => {
    const world = newWorld();
    for (const step of ['standby', 'warm-up', 'switchover']) await take(world.executor(), step);
    world.holder = EAST;
    expect(await take(world.executor(), 'former')).toMatchObject({ outcome: 'failed' });
    expect([world.state, world.broken]).toEqual(['old* new', []]);
  });

  it('with a release that does not get ready, and the one before is put back', async () => {
    const world = newWorld({ neverReady: [NEW] });
    expect(await take(world.executor(), 'standby')).toMatchObject({ outcome: 'failed', note: 'not ready' });
    expect(await undo(world.executor())).toMatchObject({ outcome: 'done' });
    expect([world.state, world.side(WEST).ready]).toEqual(['old* old', true]);
  });

  it('with a release that fails an answer while nobody depends on it', async () => {
    const world = newWorld({ failsAnswers: [NEW] });
    await take(world.executor(), 'standby');
    expect(await take(world.executor(), 'warm-up')).toMatchObject({
      outcome: 'failed',
      note: expect.stringContaining('500 INTERNAL'),
    });
    expect(world.holder).toBe(EAST);
  });

  it('when it can not be moved', async () => {
    const world = newWorld({ moveFails: true });
    for (const step of ['standby', 'warm-up']) await take(world.executor(), step);
    expect(await take(world.executor(), 'switchover')).toMatchObject({ outcome: 'failed' });
    expect(world.state).toBe('old* new');
  });
});

describe('a release is taken back', () => {
  it('by moving to the old one first, where a side still has it', async () => {
    const world = newWorld();
    for (const step of ['standby', 'warm-up', 'switchover']) await take(world.executor(), step);
    world.done.splice(0);
    expect(await undo(world.executor())).toMatchObject({ outcome: 'done' });
    expect(world.done).toEqual([`to ${EAST}`, `${WEST}: old`]);
    expect([world.state, world.broken]).toEqual(['old* old', []]);
  });

  it('from a cell that nobody touched by doing nothing', async () => {
    const world = newWorld();
    expect(await undo(world.executor())).toMatchObject({ outcome: 'done', note: 'it was not touched' });
    expect(world.state).toBe('old* old');
  });

  it('only of its own: the note of another release says nothing of this one', async () => {
    const world = newWorld();
    await takeAll(world);
    expect(await undo(world.executor('another'))).toMatchObject({ outcome: 'done' });
    expect(world.state).toBe('new* new');
  });

  it('to what each side had, also when they were not the same', async () => {
    const world = newWorld();
    world.side(WEST).release = 'older';
    await takeAll(world);
    await undo(world.executor());
    expect(world.state).toBe('old* older');
  });
});

describe('an orchestrator that is killed', () => {
  /** Runs until the kill; the next process repeats the step that was under way. */
  async function forward(world: ReleaseWorld): Promise<void> {
    for (const step of RELEASE_STEPS) {
      const first = await take(world.executor(), step, undefined, 1);
      if (first.outcome === 'unknown')
        expect(await take(world.executor(), step, undefined, 2)).toMatchObject({ outcome: 'done' });
    }
  }

  async function callsOf(work: (world: ReleaseWorld) => Promise<unknown>): Promise<number> {
    const world = newWorld();
    await work(world);
    return world.calls;
  }

  it('at any call of any step, before or after its effect, leaves what the next one brings to the same end', async () => {
    const count = await callsOf(takeAll);
    expect(count).toBeGreaterThan(15);
    for (let call = 1; call <= count; call++) {
      for (const after of [false, true]) {
        const world = newWorld();
        world.killAt = { call, after };
        await forward(world);
        expect([call, after, world.state, world.broken, world.note?.before]).toEqual([
          ...[call, after, 'new* new', []],
          { [EAST]: OLD, [WEST]: OLD },
        ]);
      }
    }
  });

  it('at any call of any step can be taken back by the next one, which may be killed at any call too', async () => {
    const count = await callsOf(takeAll);
    const undoes = new Set<string>();
    for (let call = 1; call <= count; call++) {
      const world = newWorld();
      world.killAt = { call, after: true };
      for (const step of RELEASE_STEPS) if ((await take(world.executor(), step)).outcome !== 'done') break;
      const from = world.state;
      for (let later = 1; later <= 40; later++) {
        world.killAt = { call: world.calls + later, after: later % 2 === 0 };
        if ((await undo(world.executor(), 2)).outcome === 'done') break;
      }
      undoes.add(from);
      expect([call, from, world.state, world.broken]).toEqual([call, from, 'old* old', []]);
    }
    // Every stage of the way there was a stage of a way back.
    expect([...undoes].sort()).toEqual(['new new*', 'new* new', 'old new*', 'old* new', 'old* old']);
  });
});
