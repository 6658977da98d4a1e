/** The simulation in `npm test`: seeds for some ten seconds, what was found before, and that a seed repeats itself. */
import { describe, expect, it } from '@jest/globals';
import { FOUND } from './found-schedules.ts';
import { OPEN_INVARIANTS } from './open-bugs.ts';
import { runSchedule } from './run-schedule.ts';
import { drawSchedule } from './schedule.ts';

const SEEDS = 120;
const STEPS = 6;

describe('the simulation', () => {
  it(`finds no violation in ${SEEDS} seeds`, async () => {
    const found: string[] = [];
    let acknowledged = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result = await runSchedule(drawSchedule(seed, { stepsMax: STEPS }));
      acknowledged += result.acknowledged;
      const { violation } = result;
      if (violation && !OPEN_INVARIANTS.has(violation.invariant)) found.push(`seed ${seed}: ${violation.message}`);
    }
    expect(found).toEqual([]);
    expect(acknowledged).toBeGreaterThan(SEEDS);
  });

  it('runs a seed the same way each time', async () => {
    for (const seed of [1, 7, 42]) {
      const [once, again] = [
        await runSchedule(drawSchedule(seed, { stepsMax: STEPS })),
        await runSchedule(drawSchedule(seed, { stepsMax: STEPS })),
      ];
      expect(once.events).toBeGreaterThan(100);
      expect([again.hash, again.events]).toEqual([once.hash, once.events]);
    }
  });

  it('tells two seeds apart', async () => {
    const [one, other] = [
      await runSchedule(drawSchedule(1, { stepsMax: STEPS })),
      await runSchedule(drawSchedule(2, { stepsMax: STEPS })),
    ];
    expect(one.hash).not.toBe(other.hash);
  });
});

describe('what the simulation found', () => {
  for (const { name, what, invariant, state, schedule } of FOUND) {
    const still = state === 'open' ? 'still breaks' : 'no longer breaks';
    it(`${still}: ${name} (${what})`, async () => {
      const { violation } = await runSchedule(schedule);
      expect(violation?.invariant ?? null).toBe(state === 'open' ? invariant : null);
    });
  }
});
