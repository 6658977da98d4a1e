/** Where the time away goes: detection by clients, each step of the coordinator, and from its end to the first write. Pure. */
import type { DrillReport, FailoverRecord } from '../../drills/report/drill-report.ts';
import { median, significant } from '../statistics.ts';

/** Medians over all moves of the runs, ms, in the order in which they happen. */
export function medianSteps(reports: readonly DrillReport[]): Readonly<Record<string, number>> {
  const times = new Map<string, number[]>();
  for (const { name, ms } of reports.flatMap(stepsOf)) times.set(name, [...(times.get(name) ?? []), ms]);
  return Object.fromEntries([...times].map(([name, ms]) => [name, significant(median(ms))]));
}

interface Step {
  readonly name: string;
  readonly ms: number;
}

function stepsOf(report: DrillReport): readonly Step[] {
  const faultAtMs = report.faults[0]?.injectedAtMs ?? null;
  return report.failovers
    .filter(({ outcome }) => outcome === 'done')
    .flatMap((move) => {
      const own = move.steps.map(({ name, startMs, endMs }) => ({ name, ms: endMs - startMs }));
      // A planned move has no fault to be noticed, and its cell no time to recovery.
      return move.kind === 'failover' && faultAtMs !== null ? around(own, { move, report, faultAtMs }) : own;
    });
}

function around(
  own: readonly Step[],
  { move, report, faultAtMs }: { move: FailoverRecord; report: DrillReport; faultAtMs: number },
): readonly Step[] {
  const rtoMs = report.cells.find(({ cell }) => cell === move.cell)?.rtoMs ?? null;
  const firstWrite = rtoMs === null ? [] : [{ name: 'first write', ms: faultAtMs + rtoMs - move.endedAtMs }];
  return [{ name: 'detection', ms: move.askedAtMs - faultAtMs }, ...own, ...firstWrite];
}
