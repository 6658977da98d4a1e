/** What a mutant is bundled from: the list, and the means to look for the first seed that breaks an invariant. */
export { Pool } from '../simulation/pool.ts';
export { runRange } from '../simulation/run-range.ts';
export { STEPS_DEFAULT } from '../simulation/schedule.ts';
export { DRILL_MUTANTS } from './drill-mutants.ts';
export { GUARDS } from './guards.ts';
