/** What a drill leaves behind for the report: everything that happened, before anybody judged it. */
import type { EndState } from '../history/end-state.ts';
import type { FailoverRecord, FaultRecord, SteadyStateProbe, TimelineEntry } from './drill-report.ts';

export interface DrillRun {
  readonly drill: string;
  readonly seed: number;
  readonly hypothesis: string;
  /** What would have broken it off; `null`: it did not get as far as knowing the platform. */
  readonly abortCondition: string | null;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly replay: string;
  readonly timeline: readonly TimelineEntry[];
  readonly faults: readonly FaultRecord[];
  readonly failovers: readonly FailoverRecord[];
  readonly steadyState: Readonly<Record<'before' | 'during' | 'after', SteadyStateProbe | null>>;
  /** Cells that the fault hits, or that are switched over: those for which recovery is measured. */
  readonly cellsHit: readonly string[];
  /** Of those, the ones that must go on under a new epoch; `null`: all. */
  readonly newEpochs: readonly string[] | null;
  /** A fault without effect is told and does not make the verdict unknown. */
  readonly toleratesIdleFaults: boolean;
  /** The instant that recovery and loss are counted from; `null` when the drill did not get that far. */
  readonly faultAtMs: number | null;
  /** Before this much later, the next ownership change begins: the gap of writes is looked for up to here. */
  readonly recoveryUntilMs: number | null;
  readonly end: EndState | null;
  /** What the cells' own counters say they refused; `null`: not read, the clients' count stands. */
  readonly fenceRefused: number | null;
  /** Promises of the hypothesis that the checkers do not look at. */
  readonly expectations: readonly Expectation[];
  /** Why nothing can be concluded, where that is so: the drill was not run, was aborted, or broke. */
  readonly inconclusive: readonly string[];
}

export interface Expectation {
  readonly held: boolean;
  /** A sentence that says what was seen when it did not hold. */
  readonly otherwise: string;
}

/** Below this, the load did not run, and a pass would be a pass of nothing. */
export const ACKNOWLEDGED_MIN = 100;
