/** What an experiment works with: the platform under load, the nemesis, the coordinator, and a timeline to write on. */
import type { Clock } from '../core/clock.ts';
import type { DrillOptions } from './drill-options.ts';
import type { HistoryRecorder } from './history/history-recorder.ts';
import type { Nemesis } from './nemesis/nemesis.ts';
import type { AutomationPort } from './ports/automation-port.ts';
import type { FailoverPort } from './ports/failover-port.ts';
import type { OperatorPort } from './ports/operator-port.ts';
import type { PlatformPort, PlatformSight } from './ports/platform-port.ts';
import type { ReleasePort } from './ports/release-port.ts';
import type { FailoverRecord, TimelineEntry } from './report/drill-report.ts';
import type { Expectation } from './report/drill-run.ts';
import type { Entry, Tenant } from './workload/entry.ts';
import type { HttpClient } from './workload/http-client.ts';
import type { Load } from './workload/load.ts';
import type { TenantPort } from './workload/tenants.ts';

/** What an experiment finds out, for the report; it only ever adds. */
export interface LabNotes {
  timeline: TimelineEntry[];
  failovers: FailoverRecord[];
  expectations: Expectation[];
  inconclusive: string[];
  cellsHit: string[];
  /** Of those, the ones that must go on under a new epoch; `null`: all. */
  newEpochs: readonly string[] | null;
  faultAtMs: number | null;
  /** A fault without effect is told and does not make the verdict unknown: whoever draws many counts them. */
  toleratesIdleFaults: boolean;
  /** Which cells must be steady from when on while the fault lasts; `null`: those that were not hit, from the fault on. */
  during: { readonly cells: readonly string[]; readonly fromMs: number } | null;
  /** When the fault began to be healed: what is judged "during" ends here. */
  healAtMs: number | null;
  recoveryUntilMs: number | null;
  fenceRefused: number | null;
}

export interface Lab {
  readonly options: DrillOptions;
  readonly seed: number;
  /** As it was before the drill. */
  readonly sight: PlatformSight;
  /** The region that is hurt, and the one that stands in. */
  readonly region: string;
  readonly peer: string;
  /** Cells that were active in `region` when the drill began. */
  readonly activeCells: readonly string[];
  readonly tenants: readonly Tenant[];
  readonly platform: PlatformPort;
  readonly failover: FailoverPort;
  readonly automation: AutomationPort;
  readonly operator: OperatorPort;
  readonly releases: ReleasePort;
  /** For tenants that a drill adds. */
  readonly tokens: TenantPort;
  readonly nemesis: Nemesis;
  readonly load: Load;
  readonly entry: Entry;
  readonly http: HttpClient;
  readonly recorder: HistoryRecorder;
  readonly clock: Clock;
  /** Aborted when the abort condition is met. */
  readonly signal: AbortSignal;
  readonly notes: LabNotes;
  mark(kind: TimelineEntry['kind'], what: string, more?: { cell?: string; t?: number; durationMs?: number }): void;
}

export function emptyNotes(): LabNotes {
  return {
    timeline: [],
    failovers: [],
    expectations: [],
    inconclusive: [],
    cellsHit: [],
    newEpochs: null,
    toleratesIdleFaults: false,
    faultAtMs: null,
    during: null,
    healAtMs: null,
    recoveryUntilMs: null,
    fenceRefused: null,
  };
}

/** Rejects when the drill is aborted, or when it takes longer than `withinMs`; the message says which wait it was. */
export async function within<T>(
  lab: Pick<Lab, 'clock' | 'signal'>,
  of: { what: string; withinMs: number },
  wait: Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const stop = () => over.abort(lab.signal.reason);
  lab.signal.addEventListener('abort', stop, { once: true });
  if (lab.signal.aborted) stop();
  const limit = lab.clock.sleep(of.withinMs, over.signal).then(() => {
    throw new Error(`${of.what} did not happen within ${of.withinMs} ms.`);
  });
  try {
    return await Promise.race([wait, limit]);
  } finally {
    lab.signal.removeEventListener('abort', stop);
    over.abort();
    // Its rejection is of no interest any more.
    limit.catch(() => undefined);
  }
}

/** Looks again and again until the condition holds (`true`) or the time is over (`false`). Rejects when the drill is aborted. */
export async function until(
  lab: Pick<Lab, 'clock' | 'signal'>,
  of: { readonly withinMs: number },
  holds: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const endMs = lab.clock.monotonicMs() + of.withinMs;
  while (!(await holds())) {
    if (lab.clock.monotonicMs() >= endMs) return false;
    await lab.clock.sleep(POLL_MS, lab.signal);
  }
  return true;
}

const POLL_MS = 100;
