/**
 * The drills there are, and how one is run on this machine: on a platform of its own, on free ports and with data that is
 * gone afterwards, or on the running one. Whatever comes of the drill, its own platform is ended.
 */
import { resolve } from 'node:path';
import { randomInt } from '../core/rng.ts';
import { CATALOG } from '../drills/catalog/index.ts';
import { checkEvidence } from '../drills/report/check-evidence.ts';
import { runDrill } from '../drills/runner.ts';
import { openDevIssuer } from '../local/issuer.ts';
import type { PlatformControl } from '../local/platform-control.ts';
import { startPlatform } from '../local/supervisor/start-platform.ts';
import topology from '../platform.config.ts';
import { drillAutomation } from './drill-automation.ts';
import { drillFailover } from './drill-failover.ts';
import { newestReport, readDrillReport, reportDirOf } from './drill-reports.ts';
import type { Machine } from './failover-operator.ts';
import { SEED_MAX } from './option-parsers.ts';
import type { DrillBook, DrillOutcome, DrillRunOptions } from './services.ts';

export interface DrillBookOptions {
  readonly stateDir: string;
  readonly machine: Machine;
}

export function openDrillBook(options: DrillBookOptions): DrillBook {
  return {
    drills: CATALOG.map(({ name, summary, variants = [] }) => ({ name, summary, variants })),
    run: (request) => (request.attach ? runAttached(options, request, request.attach) : runAlone(options, request)),
    check: async (dir) => {
      const found = dir === null ? await newestReport(options.stateDir) : resolve(dir);
      return { ...(await checkEvidence(found)), dir: found };
    },
    read: (dir) => readDrillReport({ stateDir: options.stateDir, dir }),
  };
}

function runAttached(
  options: DrillBookOptions,
  request: DrillRunOptions,
  platform: PlatformControl,
): Promise<DrillOutcome> {
  // The running platform takes tokens of the issuer whose key lies in its state directory.
  return runOn(options, request, { platform, issuerDir: options.stateDir });
}

async function runAlone(options: DrillBookOptions, request: DrillRunOptions): Promise<DrillOutcome> {
  request.onProgress('starting a platform of its own');
  const platform = await startPlatform({ topology });
  try {
    return await runOn(options, request, { platform, issuerDir: platform.dataDir });
  } finally {
    request.onProgress('ending its platform');
    await platform.stop();
  }
}

async function runOn(
  { stateDir, machine }: DrillBookOptions,
  request: DrillRunOptions,
  stage: { readonly platform: PlatformControl; readonly issuerDir: string },
): Promise<DrillOutcome> {
  const { name, onProgress } = request;
  const seed = request.seed ?? randomInt(machine.rng, SEED_MAX);
  const issuer = await openDevIssuer(stage.issuerDir);
  const view = await stage.platform.view();
  const failover = drillFailover(view, machine);
  const automation = drillAutomation(view, machine);
  const dir = reportDirOf({ stateDir, drill: name, seed, atMs: machine.clock.wallMs() });
  try {
    const report = await runDrill({
      ...{ name, seed, platform: stage.platform, failover, automation, reportDir: dir, onProgress },
      clock: machine.clock,
      tokens: { issueToken: (tenant) => issuer.issueToken({ tenant }) },
      options: request.options,
    });
    return { report, dir };
  } finally {
    failover.close();
  }
}
