/** The ways in which a cell's writes move, as drills: which drill, on which options, and what it says about time away. */
import type { DrillOptions } from '../../drills/drill-options.ts';
import type { DrillReport } from '../../drills/report/drill-report.ts';

export interface FailoverPath {
  readonly name: string;
  readonly what: string;
  readonly drill: string;
  readonly options: Partial<DrillOptions>;
  /** One figure for each cell or move of the run, ms. */
  awayMs(report: DrillReport): readonly number[];
  /** What we promise at this lease, ms. */
  limitMs(ttlMs: number): number;
}

export const FAILOVER_PATHS: readonly FailoverPath[] = [
  {
    name: 'fenced',
    what: 'compute killed, old store reachable',
    drill: 'region-lost',
    options: { keepStores: true },
    awayMs: rtoOfCells,
    limitMs: () => 500,
  },
  {
    name: 'region-lost',
    what: 'everything of the region killed',
    drill: 'region-lost',
    options: {},
    awayMs: rtoOfCells,
    limitMs: (ttlMs) => 1.1 * ttlMs + 300,
  },
  {
    name: 'switchover',
    what: 'planned, under load, there and back',
    drill: 'switchover',
    options: {},
    awayMs: gapOfMoves,
    limitMs: () => 300,
  },
];

/** From the kill to the first write that the new owner acknowledged, detection by clients included. */
function rtoOfCells(report: DrillReport): readonly number[] {
  return report.cells.flatMap(({ rtoMs }) => (rtoMs === null ? [] : [rtoMs]));
}

/** The longest time between two acknowledged writes around each move. */
function gapOfMoves(report: DrillReport): readonly number[] {
  return report.timeline.flatMap(({ kind, what, durationMs }) =>
    kind === 'served' && what.includes('longest time') && durationMs !== undefined ? [durationMs] : [],
  );
}
