/** The report of a drill, as `report.json` holds it. The first group of members is a contract that other tools read. */
import type { CheckResult, Verdict } from '../checkers/verdict.ts';
import type { HistorySeal } from '../history/read-history.ts';
import type { BlastRadius } from './blast-radius.ts';

export interface FaultRecord {
  readonly kind: 'crash' | 'stop' | 'throttle' | 'cut' | 'slow' | 'lossy' | 'reset' | 'experiment' | 'forged';
  /** Names of the processes or links. */
  readonly targets: readonly string[];
  /** When the first injection was asked for. Durations count from here, so they err towards too long. */
  readonly injectedAtMs: number;
  /** When every process was seen to be hit, or every link had the fault and traffic met it on one; `null`: no effect was seen. */
  readonly effectiveAtMs: number | null;
  readonly healedAtMs: number | null;
  /** What was seen of the effect. */
  readonly evidence: string;
}

export interface TimelineEntry {
  readonly t: number;
  readonly kind: 'steady-state' | 'load' | 'fault' | 'detected' | 'failover' | 'served' | 'heal' | 'judge';
  readonly what: string;
  readonly cell?: string;
  readonly durationMs?: number;
}

export interface SteadyStateProbe {
  readonly held: boolean;
  /** It did not hold only because there were too few probes, nearly all of which were acknowledged: nobody can say. */
  readonly tooFew?: boolean;
  readonly detail: string;
}

export interface FailoverStep {
  readonly name: string;
  /** Milliseconds since the failover was asked for. */
  readonly startMs: number;
  readonly endMs: number;
  readonly detail?: string;
}

export interface FailoverRecord {
  readonly cell: string;
  readonly kind: 'switchover' | 'failover' | 'failback';
  readonly askedAtMs: number;
  readonly endedAtMs: number;
  readonly outcome: 'done' | 'refused' | 'failed';
  readonly steps: readonly FailoverStep[];
  /** The decision record of the coordinator, as it is. */
  readonly decision: unknown;
}

export interface CellOutcome {
  readonly cell: string;
  readonly owner: { readonly before: string | null; readonly after: string | null };
  readonly epoch: { readonly before: number | null; readonly after: number | null };
  /** Fault instant → first acknowledged write of a later epoch that was invoked after it. `null`: none, or not hit. */
  readonly rtoMs: number | null;
  /** The longest time between two acknowledged probe writes that has the fault in it. */
  readonly writesAwayMs: number | null;
}

export interface DrillReport {
  readonly drill: string;
  readonly seed: number;
  readonly verdict: Verdict;
  readonly rtoMs: number | null;
  readonly rpo: { readonly lost: number; readonly ageMs: number };
  readonly acknowledged: number;
  readonly unknown: number;
  readonly staleAccepted: number;
  readonly staleAcknowledged: number;
  readonly quarantined: number | null;
  readonly blastRadius: BlastRadius;
  readonly steadyState: Readonly<Record<'before' | 'during' | 'after', SteadyStateProbe | null>>;
  readonly faults: readonly FaultRecord[];
  readonly timeline: readonly TimelineEntry[];
  readonly versions: Readonly<Record<string, string>>;

  readonly failed: number;
  /** Writes that the old owner refused because of its epoch or lease; of the cells' own counters where they were read. */
  readonly fenceRefused: number;
  readonly writesAwayMs: number | null;
  readonly acknowledgedDegraded: number;
  /** One sentence for people. */
  readonly headline: string;
  readonly hypothesis: string;
  /** What would have broken the experiment off; `null`: it did not get as far as knowing the platform. */
  readonly abortCondition: string | null;
  /** Why the verdict is not pass. */
  readonly reasons: readonly string[];
  readonly cells: readonly CellOutcome[];
  readonly failovers: readonly FailoverRecord[];
  readonly checkers: readonly CheckResult[];
  readonly startedAt: string;
  readonly durationMs: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly history: HistorySeal;
  /** Of `end-state.json`, written with the report. */
  readonly endStateSha256?: string;
  readonly replay: string;
}
