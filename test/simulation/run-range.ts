/** Runs a range of seeds and sums up; what a worker of the pool does with one task, and what crosses the process border. */
import { FOUND } from './found-schedules.ts';
import { runSchedule } from './run-schedule.ts';
import { drawSchedule } from './schedule.ts';

export interface SeedRange {
  readonly first: number;
  readonly seeds: number;
  readonly steps: number;
  /** Before the seeds the schedules that were kept: a guard that one of them needs is missed at once. */
  readonly kept?: boolean;
}

export interface Failure {
  readonly seed: number;
  readonly invariant: string;
  readonly message: string;
  /** The name of the kept schedule, which has no seed of its own: `seed` is 0. */
  readonly kept?: string;
}

export interface Totals {
  seeds: number;
  events: number;
  virtualMs: number;
  acknowledged: number;
  /** Of the acknowledged, not in the final line but in a quarantine. */
  setAside: number;
  cpuSeconds: number;
}

export interface RangeReport {
  readonly totals: Totals;
  readonly failures: readonly Failure[];
  /** In how many seeds each kind of trouble occurred. */
  readonly coverage: Readonly<Record<string, number>>;
}

export const noTotals = (): Totals => ({
  seeds: 0,
  events: 0,
  virtualMs: 0,
  acknowledged: 0,
  setAside: 0,
  cpuSeconds: 0,
});

export async function runRange({ first, seeds, steps, kept }: SeedRange): Promise<RangeReport> {
  const totals = noTotals();
  const failures: Failure[] = [];
  const coverage: Record<string, number> = {};
  const startedCpu = process.cpuUsage();
  for (const { name, schedule } of kept ? FOUND : []) {
    const { violation } = await runSchedule(schedule);
    if (!violation) continue;
    failures.push({ seed: 0, invariant: violation.invariant, message: violation.message, kept: name });
  }
  for (let seed = first; seed < first + seeds; seed++) {
    const result = await runSchedule(drawSchedule(seed, { stepsMax: steps }));
    totals.seeds++;
    totals.events += result.events;
    totals.virtualMs += result.virtualMs;
    totals.acknowledged += result.acknowledged;
    totals.setAside += result.setAside;
    for (const kind of result.coverage) coverage[kind] = (coverage[kind] ?? 0) + 1;
    const { violation } = result;
    if (violation) failures.push({ seed, invariant: violation.invariant, message: violation.message });
  }
  const { user, system } = process.cpuUsage(startedCpu);
  totals.cpuSeconds = (user + system) / 1e6;
  return { totals, failures, coverage };
}

/** Adds `more` to the sums; the order of ranges plays no part, failures are sorted at the end. */
export function addReport(sum: RangeReport, more: RangeReport): RangeReport {
  const totals = noTotals();
  for (const name of Object.keys(totals) as (keyof Totals)[]) totals[name] = sum.totals[name] + more.totals[name];
  const coverage: Record<string, number> = { ...sum.coverage };
  for (const [kind, count] of Object.entries(more.coverage)) coverage[kind] = (coverage[kind] ?? 0) + count;
  const failures = [...sum.failures, ...more.failures].sort((a, b) => a.seed - b.seed);
  return { totals, failures, coverage };
}
