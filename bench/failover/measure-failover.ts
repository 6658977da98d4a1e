/**
 * `failover`: how long writes are away, by path and lease. Each run is a drill on a platform of its own, judged by its
 * checkers: a run that nothing can be said about is counted, and gives no figure.
 */
import { join } from 'node:path';
import { drillAutomation } from '../../cli/drill-automation.ts';
import { localDrillFailover } from '../../cli/local-drill-failover.ts';
import { textTable } from '../../cli/text-table.ts';
import { systemClock } from '../../core/clock.ts';
import { systemRng } from '../../core/rng.ts';
import { type Topology, validateTopology } from '../../core/topology.ts';
import { RENEWALS_MISSED_MIN } from '../../core/topology-automation.ts';
import type { DrillReport } from '../../drills/report/drill-report.ts';
import { runDrill } from '../../drills/runner.ts';
import { openDevIssuer } from '../../local/issuer.ts';
import { startPlatform } from '../../local/supervisor/start-platform.ts';
import topology from '../../platform.config.ts';
import type { BenchRequest, Measured } from '../bench.ts';
import { type Scope, withScope } from '../scope.ts';
import { type Summary, significant, summarise } from '../statistics.ts';
import { FAILOVER_PATHS, type FailoverPath } from './failover-paths.ts';
import { medianSteps } from './failover-steps.ts';

const SEEDS = 3;
const TTLS_MS = [1_000, 3_000];
/** Shorter than a drill's own: the figures rest on the moments around the move, not on the calm before and after. */
const SHORTENED = { warmUpMs: 500, steadyMs: 1_000, holdMs: 1_000 };

interface Run {
  readonly path: FailoverPath;
  readonly ttlMs: number;
  readonly seed: number;
  readonly report: DrillReport;
}

export function measureFailover({ quick, rounds, onProgress }: BenchRequest): Promise<Measured> {
  const seeds = rounds ?? (quick ? 1 : SEEDS);
  const ttlsMs = quick ? TTLS_MS.slice(0, 1) : TTLS_MS;
  const cases = ttlsMs.flatMap((ttlMs) => FAILOVER_PATHS.map((path) => ({ path, ttlMs })));
  return withScope(async (scope) => {
    const runs: Run[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      for (const { path, ttlMs } of cases) {
        onProgress(`${path.name}, lease ${ttlMs} ms, seed ${seed} of ${seeds}`);
        runs.push({ path, ttlMs, seed, report: await drillOnce(scope, { path, ttlMs, seed }) });
      }
    }
    const results = cases.map((of) => resultOf(of, runs));
    return {
      settings: { seeds, ttlsMs, drillOptions: SHORTENED, platform: 'one of its own for each run' },
      versions: { ...runs[0]?.report.versions },
      results,
      text: textOf(results),
    };
  });
}

async function drillOnce(
  scope: Scope,
  { path, ttlMs, seed }: { readonly path: FailoverPath; readonly ttlMs: number; readonly seed: number },
): Promise<DrillReport> {
  const platform = await startPlatform({ topology: withLease(topology, ttlMs), signals: 'leave' });
  const ended = scope.onEnd(() => platform.stop());
  try {
    const issuer = await openDevIssuer(platform.dataDir);
    const view = await platform.view();
    const machine = { clock: systemClock, rng: systemRng };
    const failover = localDrillFailover(view, machine);
    try {
      return await runDrill({
        ...{ name: path.drill, seed, platform, failover, automation: drillAutomation(view, machine) },
        reportDir: join(scope.dir, `${path.name}-${ttlMs}-${seed}`),
        tokens: { issueToken: (tenant) => issuer.issueToken({ tenant }) },
        options: { ...SHORTENED, ...path.options },
        onProgress: () => undefined,
      });
    } finally {
      failover.close();
    }
  } finally {
    await platform.stop();
    ended();
  }
}

/** Renewals at a quarter of the lease, as in the default configuration. */
function withLease(base: Topology, ttlMs: number): Topology {
  const renewEveryMs = Math.floor(ttlMs / 4);
  const automation = { ...base.automation, detectAfterMs: RENEWALS_MISSED_MIN * renewEveryMs };
  return validateTopology({ ...base, lease: { ttlMs, renewEveryMs }, automation });
}

function resultOf({ path, ttlMs }: { path: FailoverPath; ttlMs: number }, runs: readonly Run[]) {
  const own = runs.filter((run) => run.path === path && run.ttlMs === ttlMs);
  const away = own.flatMap(({ report }) => path.awayMs(report));
  const sum = (pick: (report: DrillReport) => number) => own.reduce((total, { report }) => total + pick(report), 0);
  const count = (verdict: DrillReport['verdict']) => own.filter(({ report }) => report.verdict === verdict).length;
  return {
    path: path.name,
    what: path.what,
    ttlMs,
    awayMs: away.length > 0 ? summarise(away) : null,
    limitMs: significant(path.limitMs(ttlMs)),
    stepsMs: medianSteps(own.map(({ report }) => report)),
    acknowledged: sum((report) => report.acknowledged),
    lost: sum((report) => report.rpo.lost),
    staleAccepted: sum((report) => report.staleAccepted),
    verdicts: { pass: count('pass'), fail: count('fail'), unknown: count('unknown') },
    /** Of every run that did not pass, so that a figure is never read without them. */
    reasons: own
      .filter(({ report }) => report.verdict !== 'pass')
      .map(({ seed, report }) => ({ seed, reasons: report.reasons })),
  };
}

function textOf(results: readonly ReturnType<typeof resultOf>[]): string {
  const right = { align: 'right' as const };
  const columns = [
    { title: 'PATH' },
    { title: 'LEASE ms', ...right },
    ...['MEDIAN ms', 'MIN', 'MAX', 'LIMIT', 'ACKNOWLEDGED', 'LOST'].map((title) => ({ title, ...right })),
    { title: 'RUNS' },
  ];
  const shown = (away: Summary | null) => (away ? [away.median, away.min, away.max].map(String) : ['–', '–', '–']);
  const rows = results.map((each) => [
    `${each.path} (${each.what})`,
    String(each.ttlMs),
    ...shown(each.awayMs),
    ...[each.limitMs, each.acknowledged, each.lost].map(String),
    `${each.verdicts.pass} passed, ${each.verdicts.fail} failed, ${each.verdicts.unknown} unknown`,
  ]);
  const steps = results.map(({ path, ttlMs, stepsMs }) => {
    const each = Object.entries(stepsMs).map(([name, ms]) => `${name} ${ms}`);
    return `${path}, lease ${ttlMs} ms, medians of its steps: ${each.join(', ')}`;
  });
  return [textTable(columns, rows), ...steps].join('\n');
}
