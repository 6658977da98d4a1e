/** Makes a failing schedule smaller: leaves out one fault or move after the other while the same invariant still breaks. */
import { runSchedule } from './run-schedule.ts';
import type { Schedule } from './schedule.ts';

/** Runs that the search may take; a schedule has a dozen things at most, and each is tried a few times. */
const RUNS_MAX = 150;

export async function minimise(schedule: Schedule, invariant: string): Promise<Schedule> {
  let smallest = schedule;
  let runs = 0;
  for (let progress = true; progress && runs < RUNS_MAX; ) {
    progress = false;
    for (const candidate of smallerOnes(smallest)) {
      if (++runs > RUNS_MAX) break;
      const { violation } = await runSchedule(candidate);
      if (violation?.invariant !== invariant) continue;
      smallest = candidate;
      progress = true;
      break;
    }
  }
  return smallest;
}

function smallerOnes(schedule: Schedule): readonly Schedule[] {
  const { faults, moves } = schedule;
  return [
    ...moves.map((_, index) => ({ ...schedule, moves: moves.filter((__, other) => other !== index) })),
    ...faults.map((_, index) => ({ ...schedule, faults: faults.filter((__, other) => other !== index) })),
    ...(schedule.fenceShards > 1 ? [{ ...schedule, fenceShards: 1 }] : []),
  ];
}
