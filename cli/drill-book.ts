/**
 * The drills there are, and how one is run on this machine: on a platform of its own, on free ports and with data that is
 * gone afterwards, or on the running one. Whatever comes of the drill, its own platform is ended.
 */
import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { DrillTold } from '../control/timeline/operator-lines.ts';
import { randomInt } from '../core/rng.ts';
import { CATALOG } from '../drills/catalog/index.ts';
import { checkEvidence } from '../drills/report/check-evidence.ts';
import { chosenVariant, type DrillRequest, runDrill } from '../drills/runner.ts';
import { runSoak } from '../drills/soak/run-soak.ts';
import { openDevIssuer } from '../local/issuer.ts';
import type { PlatformControl, PlatformView } from '../local/platform-control.ts';
import { startPlatform } from '../local/supervisor/start-platform.ts';
import topology from '../platform.config.ts';
import { drillAutomation } from './drill-automation.ts';
import { DRILL_MS_MAX, toldBy, underDrillMark } from './drill-mark.ts';
import { drillOperator, operatorFolder } from './drill-operator.ts';
import { drillReleases } from './drill-releases.ts';
import { newestReport, readDrillReport, reportDirOf } from './drill-reports.ts';
import type { Machine } from './failover-operator.ts';
import { localDrillFailover } from './local-drill-failover.ts';
import { linkReach } from './operator-reach.ts';
import { SEED_MAX } from './option-parsers.ts';
import type { DrillBook, DrillOutcome, DrillRunOptions, SoakOptions } from './services.ts';

export interface DrillBookOptions {
  readonly stateDir: string;
  readonly machine: Machine;
}

export function openDrillBook(options: DrillBookOptions): DrillBook {
  return {
    drills: CATALOG.map(({ name, summary, variants = [] }) => ({ name, summary, variants })),
    run: async (request) => {
      const seed = request.seed ?? randomInt(options.machine.rng, SEED_MAX);
      const stage = { ...options, what: request.name, lastsMs: DRILL_MS_MAX, keepers: keepersFor(request, seed) };
      const work = (set: Stage) => runOne(options, { ...request, seed }, set);
      return onStage(stage, request, { work, told: ({ report }) => toldBy(report) });
    },
    soak: (request) =>
      onStage({ ...options, what: 'soak', lastsMs: DRILL_MS_MAX + request.minutes * 60_000 }, request, {
        work: (stage) => soakOn(options, request, stage),
        // Each of its rounds has a report of its own, with every fault.
        told: ({ report: { verdict } }) => ({ verdict, startedAtMs: options.machine.clock.wallMs(), faults: [] }),
      }),
    check: async (dir) => {
      const found = dir === null ? await newestReport(options.stateDir) : resolve(dir);
      return { ...(await checkEvidence(found)), dir: found };
    },
    read: (dir) => readDrillReport({ stateDir: options.stateDir, dir }),
  };
}

type Stage = Pick<DrillRequest, 'platform' | 'failover' | 'automation' | 'operator' | 'releases' | 'tokens' | 'clock'>;
type Wish = Pick<DrillRunOptions, 'attach' | 'onProgress'>;

interface StageOptions extends DrillBookOptions {
  readonly what: string;
  /** At most, on a platform that others use. */
  readonly lastsMs: number;
  /** Of a platform of its own. */
  readonly keepers?: PlatformView['keepers'];
}

/** On the running platform, under a mark that others see, or on one that lives as long as the work. */
async function onStage<T>(
  options: StageOptions,
  wish: Wish,
  { work, told }: { readonly work: (stage: Stage) => Promise<T>; readonly told: (result: T) => DrillTold },
): Promise<T> {
  const { attach } = wish;
  if (attach) {
    const reach = linkReach(await attach.view(), options.machine.clock);
    const mark = { reach, machine: options.machine, why: `drill ${options.what}`, forMs: options.lastsMs };
    // The running platform takes tokens of the issuer whose key lies in its state directory.
    const { stateDir } = options;
    const ground = { platform: attach, issuerDir: stateDir, workDir: dirname(stateDir) };
    return underDrillMark(mark, () => withPorts({ ...options, ...ground }, work), told);
  }
  wish.onProgress('starting a platform of its own');
  const platform = await startPlatform({ topology, ...(options.keepers ? { keepers: options.keepers } : {}) });
  try {
    const workDir = await operatorFolder({ view: await platform.view(), platform });
    return await withPorts({ ...options, platform, issuerDir: platform.dataDir, workDir }, work);
  } finally {
    wish.onProgress('ending its platform');
    await platform.stop();
  }
}

async function withPorts<T>(
  of: DrillBookOptions & { readonly platform: PlatformControl; readonly issuerDir: string; readonly workDir: string },
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const { platform, machine } = of;
  const issuer = await openDevIssuer(of.issuerDir);
  const view = await platform.view();
  const failover = localDrillFailover(view, machine);
  const automation = drillAutomation(view, machine);
  const operator = drillOperator({ view, machine, workDir: of.workDir });
  const tokens = { issueToken: (tenant: string) => issuer.issueToken({ tenant }) };
  try {
    const releases = drillReleases(view);
    return await work({ platform, failover, automation, operator, releases, tokens, clock: machine.clock });
  } finally {
    operator.close();
    failover.close();
  }
}

function keepersFor({ name, options }: DrillRunOptions, seed: number): 'fast' | 'pinned' {
  const experiment = CATALOG.find((each) => each.name === name);
  const variant = experiment ? chosenVariant(experiment, { variant: options.variant ?? null, seed }) : null;
  return experiment?.keepersFor?.(variant) ?? 'fast';
}

async function runOne(
  of: DrillBookOptions,
  request: DrillRunOptions & { readonly seed: number },
  stage: Stage,
): Promise<DrillOutcome> {
  const { name, seed, onProgress, options } = request;
  const dir = reportDirOf({ stateDir: of.stateDir, drill: name, seed, atMs: stage.clock.wallMs() });
  const report = await runDrill({ ...stage, name, seed, reportDir: dir, onProgress, options });
  return { report, dir };
}

async function soakOn(of: DrillBookOptions, request: SoakOptions, stage: Stage) {
  const { minutes, onlyRound, onProgress } = request;
  const seed = request.seed ?? randomInt(of.machine.rng, SEED_MAX);
  const dir = reportDirOf({ stateDir: of.stateDir, drill: 'soak', seed, atMs: stage.clock.wallMs() });
  const report = await runSoak({ ...stage, seed, minutes, onlyRound, reportDir: dir, onProgress });
  await writeFile(join(dir, 'soak.json'), `${JSON.stringify(report, null, 2)}\n`);
  return { report, dir };
}
