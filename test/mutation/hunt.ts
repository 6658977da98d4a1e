/** Looks for the first seed that breaks an invariant; bundled once for each mutation. */
import { OPEN_INVARIANTS } from '../simulation/open-bugs.ts';
import { runSchedule } from '../simulation/run-schedule.ts';
import { drawSchedule } from '../simulation/schedule.ts';

export const HUNT_STEPS = 6;

export interface Caught {
  readonly seed: number;
  readonly invariant: string;
  readonly message: string;
}

export async function hunt(range: { readonly first: number; readonly seeds: number }): Promise<Caught | null> {
  for (let seed = range.first; seed < range.first + range.seeds; seed++) {
    const { violation } = await runSchedule(drawSchedule(seed, { stepsMax: HUNT_STEPS }));
    // What a known bug breaks anyway shows nothing about a guard.
    if (violation && !OPEN_INVARIANTS.has(violation.invariant))
      return { seed, invariant: violation.invariant, message: violation.message };
  }
  return null;
}

export { GUARDS } from './guards.ts';
