/**
 * Run + history → report. Invariant: pass needs every checker to pass, every fault to have taken effect, every promise to
 * have held and a load that ran; whatever could not be looked at makes the verdict unknown, whatever was seen wrong makes it fail.
 */
import { judgeHistory } from '../checkers/judge.ts';
import { type CheckResult, type Verdict, worstOf } from '../checkers/verdict.ts';
import type { History } from '../history/call.ts';
import type { HistorySeal, ReadResult } from '../history/read-history.ts';
import { blastRadiusOf } from './blast-radius.ts';
import type { CellOutcome, DrillReport } from './drill-report.ts';
import { ACKNOWLEDGED_MIN, type DrillRun } from './drill-run.ts';
import { longestWriteGapMs, ownerAt, recoveryMs } from './figures.ts';
import { headlineOf } from './headline.ts';

const EMPTY: History = { calls: [], events: [] };

export function assembleReport(options: { run: DrillRun; read: ReadResult; seal: HistorySeal }): DrillReport {
  const { run, read, seal } = options;
  const history = read.ok ? read.history : EMPTY;
  const checkers = read.ok && run.end !== null ? judgeHistory({ history, end: run.end, faultAtMs: run.faultAtMs }) : [];
  const cells = run.faultAtMs === null ? [] : [...run.cellsHit].sort().map((cell) => outcomeOf({ cell, run, history }));
  const verdicts = judge({ run, read, checkers, cells, history });
  const report: Omit<DrillReport, 'headline'> = {
    ...identityOf(run),
    verdict: verdicts.verdict,
    reasons: verdicts.reasons,
    ...measured({ run, history, checkers, cells }),
    cells,
    checkers,
    history: seal,
  };
  return { ...report, headline: headlineOf(report) };
}

function identityOf(run: DrillRun) {
  const { drill, seed, hypothesis, abortCondition, startedAt, durationMs, options, versions, replay } = run;
  const { steadyState, faults, failovers, timeline } = run;
  const sorted = [...timeline].sort((a, b) => a.t - b.t);
  return {
    drill,
    seed,
    hypothesis,
    abortCondition,
    startedAt,
    durationMs,
    options,
    versions,
    replay,
    steadyState,
    faults,
    failovers,
    timeline: sorted,
  };
}

interface Evidence {
  readonly run: DrillRun;
  readonly history: History;
  readonly checkers: readonly CheckResult[];
  readonly cells: readonly CellOutcome[];
}

function measured({ run, history, checkers, cells }: Evidence) {
  const figure = (checker: string, name: string) =>
    checkers.find((result) => result.checker === checker)?.figures[name] ?? 0;
  const outcomes = (type: string) => history.calls.filter((call) => call.outcome === type).length;
  const stores = run.end?.cells ?? [];
  return {
    rtoMs: worst(cells.map((cell) => cell.rtoMs)),
    writesAwayMs: worst(cells.map((cell) => cell.writesAwayMs)),
    rpo: { lost: figure('acknowledged-durable', 'lost'), ageMs: figure('acknowledged-durable', 'ageMs') },
    acknowledged: outcomes('ok'),
    failed: outcomes('fail'),
    unknown: outcomes('info'),
    acknowledgedDegraded: figure('acknowledged-durable', 'degradedAcknowledged'),
    staleAccepted: figure('no-stale-write', 'staleAccepted'),
    staleAcknowledged: figure('no-stale-write', 'staleAcknowledged'),
    quarantined: stores.some((cell) => cell.quarantine === null) ? null : figure('no-stale-write', 'quarantined'),
    fenceRefused: run.fenceRefused ?? figure('no-stale-write', 'refused'),
    blastRadius: blastRadiusOf(history, { faultAtMs: run.faultAtMs }),
  };
}

/** The cell that was away longest; unknown when one of them never came back. */
function worst(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 || known.length < values.length ? null : Math.max(...known);
}

function outcomeOf({ cell, run, history }: { cell: string; run: DrillRun; history: History }): CellOutcome {
  const faultAtMs = run.faultAtMs ?? 0;
  const untilMs = run.recoveryUntilMs ?? Number.POSITIVE_INFINITY;
  const before = ownerAt({ history, cell, atMs: faultAtMs });
  const after = ownerAt({ history, cell, atMs: untilMs });
  return {
    cell,
    owner: { before: before?.region ?? null, after: after?.region ?? null },
    epoch: { before: before?.epoch ?? null, after: after?.epoch ?? null },
    rtoMs: recoveryMs({ history, cell, faultAtMs, epochBefore: before?.epoch ?? null }),
    writesAwayMs: longestWriteGapMs({ history, cell, fromMs: faultAtMs, toMs: untilMs }),
  };
}

function judge(of: Evidence & { read: ReadResult }): { verdict: Verdict; reasons: readonly string[] } {
  const unknown = whyUnknown(of);
  const failed = whyFailed(of);
  const checked = of.checkers.map((result) => result.verdict);
  const checkers = of.checkers.filter((result) => result.verdict !== 'pass').map(reasonOf);
  // Only a fault that took effect can break a promise; what a checker sees is wrong in any case.
  const idle = idleFaults(of.run).length > 0;
  const promises: readonly Verdict[] = failed.length > 0 ? [idle ? 'unknown' : 'fail'] : [];
  const verdict = worstOf([...checked, ...promises, ...(unknown.length > 0 ? (['unknown'] as const) : [])]);
  return { verdict, reasons: idle ? [...unknown, ...checkers, ...failed] : [...failed, ...checkers, ...unknown] };
}

/** Faults that never took effect, where that counts against the drill. */
function idleFaults(run: DrillRun) {
  return run.toleratesIdleFaults ? [] : run.faults.filter((fault) => fault.effectiveAtMs === null);
}

function whyUnknown({ run, read, history }: Evidence & { read: ReadResult }): readonly string[] {
  // What was never begun needs no list of everything that is missing in consequence.
  if (run.inconclusive.length > 0 && history.calls.length === 0) return run.inconclusive;
  const { before, during, after } = run.steadyState;
  const acknowledged = history.calls.filter((call) => call.outcome === 'ok').length;
  const idle = idleFaults(run);
  return [
    ...run.inconclusive,
    ...(read.ok ? [] : [`The history can't be judged: line ${read.line}: ${read.reason}.`]),
    ...(read.ok && run.end === null ? ['The end state was not read.'] : []),
    ...(before?.held === false ? [`No steady state before the fault: ${before.detail}`] : []),
    ...(during?.tooFew ? [`Too few probes during the fault to judge by: ${during.detail}`] : []),
    ...(after?.tooFew ? [`Too few probes after the heal to judge by: ${after.detail}`] : []),
    ...(before?.held && run.faultAtMs === null ? ['No fault was injected and nothing was moved.'] : []),
    ...idle.map((fault) => `The fault never took effect: ${fault.kind} of ${fault.targets.join(', ')}.`),
    ...(acknowledged < ACKNOWLEDGED_MIN
      ? [`The load did not run: ${acknowledged} operations were acknowledged, at least ${ACKNOWLEDGED_MIN} are needed.`]
      : []),
  ];
}

function whyFailed({ run, cells }: Evidence): readonly string[] {
  const { during, after } = run.steadyState;
  return [
    ...run.failovers
      .filter((one) => one.outcome !== 'done')
      .map((one) => `The ${one.kind} of ${one.cell} was ${one.outcome}.`),
    ...(run.end === null
      ? []
      : cells
          .filter((cell) => cell.rtoMs === null && (run.newEpochs?.includes(cell.cell) ?? true))
          .map((cell) => `${cell.cell} acknowledged no write under a new epoch after the fault.`)),
    ...(during?.held === false && !during.tooFew ? [`No steady state during the fault: ${during.detail}`] : []),
    ...(after?.held === false && !after.tooFew ? [`No steady state after the heal: ${after.detail}`] : []),
    ...run.expectations.filter((one) => !one.held).map((one) => one.otherwise),
  ];
}

function reasonOf(result: CheckResult): string {
  const first = result.findings[0]?.message ?? result.notes[0] ?? '';
  const more = result.findingsTotal > 1 ? ` (and ${result.findingsTotal - 1} more)` : '';
  return `${result.checker}: ${first}${more}`;
}
