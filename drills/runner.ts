/** Runs a drill by name on a platform that runs already, and writes its report. What the CLI calls. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../core/clock.ts';
import { invalid } from '../core/errors.ts';
import { shown } from '../core/ids.ts';
import { abortConditionOf } from './abort-watch.ts';
import { CATALOG } from './catalog/index.ts';
import { type Conducted, conduct } from './drill.ts';
import { DRILL_DEFAULTS, type DrillOptions } from './drill-options.ts';
import type { Experiment } from './experiment.ts';
import type { Lab } from './lab.ts';
import { openLab } from './open-lab.ts';
import type { AutomationPort } from './ports/automation-port.ts';
import type { FailoverPort } from './ports/failover-port.ts';
import type { OperatorPort } from './ports/operator-port.ts';
import type { PlatformPort } from './ports/platform-port.ts';
import type { ReleasePort } from './ports/release-port.ts';
import type { DrillReport } from './report/drill-report.ts';
import type { DrillRun } from './report/drill-run.ts';
import { HISTORY_FILE, writeReport } from './report/write-report.ts';
import type { TenantPort } from './workload/tenants.ts';

export interface DrillRequest {
  /** One of `CATALOG`. */
  readonly name: string;
  readonly seed: number;
  readonly platform: PlatformPort;
  readonly failover: FailoverPort;
  readonly automation: AutomationPort;
  /** Absent: no drill that asks for one can be run. */
  readonly operator?: OperatorPort;
  /** The same. */
  readonly releases?: ReleasePort;
  readonly tokens: TenantPort;
  /** Made by the drill; must not exist with a history in it. */
  readonly reportDir: string;
  readonly options?: Partial<DrillOptions>;
  readonly onProgress: (text: string) => void;
  readonly clock: Clock;
  /** How a person runs it again; default: by its name in the catalogue. */
  readonly replay?: string;
}

/** Resolves with a report whatever came of it; throws `INVALID_INPUT` for a drill that does not exist. */
export async function runDrill(
  request: Omit<DrillRequest, 'clock'> & { readonly clock?: Clock },
): Promise<DrillReport> {
  const experiment = CATALOG.find((one) => one.name === request.name);
  if (!experiment) {
    const names = CATALOG.map((one) => one.name).join(', ');
    throw invalid(`No drill is called ${shown(request.name)}. Allowed: ${names}.`);
  }
  return runExperiment(experiment, { ...request, clock: request.clock ?? systemClock });
}

/** An experiment that stands in no catalogue, too. `replay`: how a person runs it again. */
export async function runExperiment(experiment: Experiment, request: DrillRequest): Promise<DrillReport> {
  const { clock } = request;
  const given = { ...DRILL_DEFAULTS, ...experiment.options, ...request.options };
  const options = { ...given, variant: chosenVariant(experiment, { variant: given.variant, seed: request.seed }) };
  await mkdir(request.reportDir, { recursive: true });
  const begun = { startedAt: new Date(clock.wallMs()).toISOString(), beganMs: clock.monotonicMs() };
  return runOn(experiment, { ...request, options, ...begun });
}

/** Throws `INVALID_INPUT` for a variant that the drill does not have. */
export function chosenVariant({ name, variants = [] }: Experiment, of: { variant: string | null; seed: number }) {
  if (of.variant === null) return variants[of.seed % Math.max(1, variants.length)] ?? null;
  if (variants.includes(of.variant)) return of.variant;
  const allowed = variants.length === 0 ? 'none; leave --variant out' : variants.join(', ');
  throw invalid(`The drill ${name} has no variant ${shown(of.variant)}. Allowed: ${allowed}.`);
}

interface Begun extends DrillRequest {
  readonly options: DrillOptions;
  readonly startedAt: string;
  readonly beganMs: number;
}

async function runOn(experiment: Experiment, request: Begun): Promise<DrillReport> {
  const { clock, reportDir: dir, onProgress } = request;
  const stop = new AbortController();
  const historyPath = join(dir, HISTORY_FILE);
  let lab: Lab | null = null;
  try {
    onProgress('finding tenants and stocking their shops');
    lab = await openLab({ ...request, historyPath, signal: stop.signal });
    const conducted = await conduct(experiment, lab, {
      historyPath,
      onProgress,
      abort: (reason) => stop.abort(reason),
    });
    onProgress('judging');
    const run = runOf({ experiment, request, lab, conducted, durationMs: clock.monotonicMs() - request.beganMs });
    return await writeReport({ dir, run, seal: conducted.seal });
  } catch (thrown) {
    // Not run, or broken off by a bug of the drill: a report that says so is worth more than a stack trace.
    const reason = `The drill could not be run: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    const durationMs = clock.monotonicMs() - request.beganMs;
    const run = runOf({ experiment, request, lab, conducted: null, durationMs });
    const seal = (await lab?.recorder.close().catch(() => null)) ?? { lines: 0, sha256: '' };
    return await writeReport({ dir, run: { ...run, inconclusive: [reason, ...run.inconclusive] }, seal });
  } finally {
    await lab?.http.close();
  }
}

function runOf(of: {
  experiment: Experiment;
  request: Begun;
  lab: Lab | null;
  conducted: Conducted | null;
  durationMs: number;
}): DrillRun {
  const { experiment, request, lab, conducted } = of;
  const notes = lab?.notes;
  return {
    drill: experiment.name,
    seed: request.seed,
    hypothesis: lab ? experiment.hypothesis(lab) : experiment.summary,
    abortCondition: lab && abortConditionOf(lab),
    startedAt: request.startedAt,
    durationMs: Math.round(of.durationMs),
    options: { ...request.options },
    versions: { ...lab?.sight.versions, node: process.versions.node, engine: lab?.sight.engine ?? 'unknown' },
    replay: request.replay ?? replayOf(experiment, request),
    timeline: notes?.timeline ?? [],
    faults: lab?.nemesis.records ?? [],
    failovers: notes?.failovers ?? [],
    steadyState: conducted?.steadyState ?? { before: null, during: null, after: null },
    cellsHit: notes?.cellsHit ?? [],
    newEpochs: notes?.newEpochs ?? null,
    toleratesIdleFaults: notes?.toleratesIdleFaults ?? false,
    faultAtMs: notes?.faultAtMs ?? null,
    recoveryUntilMs: notes?.recoveryUntilMs ?? null,
    end: conducted?.endState?.end ?? null,
    fenceRefused: notes?.fenceRefused ?? null,
    expectations: notes?.expectations ?? [],
    inconclusive: notes?.inconclusive ?? [],
  };
}

/** Only what was set: defaults may get better. */
function replayOf(experiment: Experiment, { seed, options }: Begun): string {
  const { region, cell, variant, keepStores } = options;
  const flags = [
    `--seed ${seed}`,
    ...(region === null ? [] : [`--region ${region}`]),
    ...(cell === null ? [] : [`--cell ${cell}`]),
    ...(variant === null ? [] : [`--variant ${variant}`]),
    ...(keepStores ? ['--keep-stores'] : []),
  ];
  return `npm run drill -- ${experiment.name} ${flags.join(' ')}`;
}
