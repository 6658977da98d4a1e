/**
 * The mark that a drill leaves in the arbiter while it disturbs a platform that others use: a rollout that begins then could not tell
 * its own faults from the drill's. It ends with the drill; if that is killed, by its own bound.
 */
import { userInfo } from 'node:os';
import { tableMarkStore } from '../control/adapters/table-mark-store.ts';
import { lifted, marked, standing } from '../control/rollout/gates/marks.ts';
import { type DrillTold, drillLines } from '../control/timeline/operator-lines.ts';
import type { Clock } from '../core/clock.ts';
import { PlatformError } from '../core/errors.ts';
import type { TimelineEntry } from '../core/timeline/timeline.ts';
import type { Topology } from '../core/topology.ts';
import type { DrillReport } from '../drills/report/drill-report.ts';
import type { Machine } from './failover-operator.ts';
import type { OperatorPorts } from './operator-ports.ts';
import type { OperatorReach } from './operator-reach.ts';
import { reachArbiter } from './reach-arbiter.ts';

const ARBITER_MS_MAX = 1_000;
/** Longer than any drill takes, its preparation and its end state included; a soak adds its minutes. */
export const DRILL_MS_MAX = 15 * 60_000;

export interface DrillMark {
  readonly reach: OperatorReach;
  readonly machine: Machine;
  readonly why: string;
  readonly forMs: number;
}

/**
 * Tells the timeline of the drill and, at its end, of the faults that it injected: what `told` makes of the result. Throws
 * `ROLLOUT_IN_PROGRESS` while another drill's mark stands: two drills at once prove nothing.
 */
export async function underDrillMark<T>(
  { reach, machine, why, forMs }: DrillMark,
  work: () => Promise<T>,
  told: (result: T) => DrillTold,
): Promise<T> {
  const limit = { withinMs: ARBITER_MS_MAX + reach.coldMs };
  const ports = await reachArbiter(reach, {
    machine,
    probe: ({ automation }) => automation.document(limit),
    without: 'Without it no drill is run on a platform that others use: it could not be announced.',
  });
  const { clock } = machine;
  try {
    return await whileMarked({ ports, topology: reach.topology, clock, why, forMs, limit }, work, told);
  } finally {
    ports.close();
  }
}

interface Marking {
  readonly ports: Pick<OperatorPorts, 'arbiter' | 'timeline'>;
  readonly topology: Topology;
  readonly clock: Clock;
  readonly why: string;
  readonly forMs: number;
  readonly limit: { readonly withinMs: number };
}

/** The same, in reach of the arbiter. */
export async function whileMarked<T>(
  { ports: { arbiter, timeline }, topology, clock, why, forMs, limit }: Marking,
  work: () => Promise<T>,
  told: (result: T) => DrillTold,
): Promise<T> {
  const marks = tableMarkStore({ arbiter, clock });
  const before = await marks.read('drill', limit);
  const held = standing(before, clock.wallMs());
  if (held) throw occupied(held);
  const by = userInfo().username;
  const mine = marked(before, { by, why, nowMs: clock.wallMs(), forMs });
  if (!(await marks.write('drill', mine, limit))) throw occupied(mine.held);
  const linesOf = (drill: DrillTold | null) => drillLines(mine, { by, atMs: clock.wallMs(), topology, drill });
  const tell = (lines: readonly TimelineEntry[]) => Promise.all(lines.map((line) => timeline.append(line)));
  await tell([linesOf(null).begins]);
  let drill: DrillTold | null = null;
  try {
    const result = await work();
    drill = told(result);
    return result;
  } finally {
    const { faults, ends } = linesOf(drill);
    await tell([...faults, ends]);
    // Only over our own; and what can't be lifted now runs out by itself.
    await marks.write('drill', lifted(mine), limit).catch(() => false);
  }
}

/** What a report has for the timeline. */
export function toldBy({
  verdict,
  startedAt,
  faults,
}: Pick<DrillReport, 'verdict' | 'startedAt' | 'faults'>): DrillTold {
  return { verdict, startedAtMs: Date.parse(startedAt), faults };
}

function occupied(held: { readonly by: string; readonly why: string; readonly untilMs: number } | null): PlatformError {
  const who = held
    ? `${held.by}: ${held.why}, until ${new Date(held.untilMs).toISOString()} at the latest`
    : 'somebody';
  return new PlatformError({
    code: 'ROLLOUT_IN_PROGRESS',
    kind: 'caller',
    effect: 'none',
    message: `A drill disturbs this platform already (${who}). Wait for it; a mark whose drill was killed runs out by itself.`,
  });
}
