/**
 * A drill on a deployed platform: the workload, checkers and report of any drill, the operator's own failover, and faults that
 * can be put back by anybody. Whatever happens, Ctrl-C too, what was stopped is started again before this ends; if even that
 * fails, the list of it is on disk and `holdfast drill heal --target aws` goes on from there.
 */
import { join } from 'node:path';
import { LIVE, regionFunctionName } from '../../core/aws-names.ts';
import { invalid, PlatformError } from '../../core/errors.ts';
import { randomInt } from '../../core/rng.ts';
import type { Stage } from '../../core/topology-aws.ts';
import { CATALOG } from '../../drills/catalog/index.ts';
import type { DrillOptions } from '../../drills/drill-options.ts';
import { runExperiment } from '../../drills/runner.ts';
import { openDevIssuer } from '../../local/issuer.ts';
import { drillFailover } from '../drill-failover.ts';
import { underDrillMark } from '../drill-mark.ts';
import { reportDirOf } from '../drill-reports.ts';
import type { Machine } from '../failover-operator.ts';
import { openOperatorPorts } from '../operator-ports.ts';
import { SEED_MAX } from '../option-parsers.ts';
import type { DrillOutcome, QuarantineOperator } from '../services.ts';
import { type AwsGateway, openAwsGateway, type Upstream } from './aws-gateway.ts';
import { awsPlatform } from './aws-platform.ts';
import type { AwsEndpoint, AwsReach } from './aws-reach.ts';
import { cellTargets, PAYMENTS_TARGET, paymentsTarget } from './drill-targets.ts';
import { type Stopped, StoppedCompute } from './stopped-compute.ts';

/** Those that make sense where links can't be cut and stores can't be killed. */
export const AWS_DRILLS = ['switchover', 'region-lost', 'zombie-writer'] as const;

export interface AwsDrillRequest {
  readonly name: string;
  readonly seed: number | null;
  readonly options: Partial<DrillOptions>;
  readonly onProgress: (text: string) => void;
  /** Answers of the operator: that a deployed platform is disturbed, and that it is one of production. */
  readonly confirmed: boolean;
  readonly production: boolean;
}

export interface AwsDrillParts {
  readonly reach: AwsReach;
  readonly machine: Machine;
  readonly stateDir: string;
  readonly quarantine: () => Promise<QuarantineOperator>;
  readonly endpointOf: (of: AwsEndpoint) => string | undefined;
}

/** Functions start cold, stores are far, and the load is held for half a minute at a time. */
const DRILL_AWS_MS_MAX = 45 * 60_000;
/** An operator may sit far away, and functions start cold: slower than one machine, by much. */
const FAR: Partial<DrillOptions> = {
  keepStores: true,
  fineProbe: { intervalMs: 200, deadlineMs: 3_000, openMax: 16 },
  coarseProbe: { intervalMs: 1_000, deadlineMs: 8_000, openMax: 8 },
  shopperRate: 10,
  shopperDeadlineMs: 8_000,
  detectWithinMs: 60_000,
  warmUpMs: 10_000,
  steadyMs: 15_000,
  holdMs: 15_000,
};

export async function runAwsDrill(parts: AwsDrillParts, request: AwsDrillRequest): Promise<DrillOutcome> {
  const experiment = CATALOG.find(({ name }) => name === request.name);
  if (!experiment || !AWS_DRILLS.some((name) => name === request.name))
    throw invalid(`The drill ${request.name} can't be run on AWS. Allowed: ${AWS_DRILLS.join(', ')}.`);
  const { machine, stateDir, reach } = parts;
  const { stage, identity } = reach.topology.aws;
  requireConsent(request, stage);
  if (identity !== null)
    throw refused(
      `The platform takes the tokens of ${identity.issuer} only, and a drill makes its own tenants with the development issuer.`,
    );
  const stopped = stoppedCompute(parts);
  const left = await stopped.left();
  if (left.length > 0) throw leftBehind(left);
  const seed = request.seed ?? randomInt(machine.rng, SEED_MAX);
  const reportDir = reportDirOf({ stateDir, drill: request.name, seed, atMs: machine.clock.wallMs() });
  const issuer = await openDevIssuer(stateDir);
  const { gateway, ground } = await openGround(parts);
  const failover = drillFailover({ reach, machine, quarantine: parts.quarantine });
  try {
    const mark = { reach, machine, why: `drill ${request.name}`, forMs: DRILL_AWS_MS_MAX };
    const report = await underDrillMark(mark, () =>
      healingAlways(stopped, () =>
        runExperiment(experiment, {
          ...{ name: request.name, seed, reportDir, failover, clock: machine.clock, onProgress: request.onProgress },
          platform: awsPlatform({ ...ground, stopped, topology: reach.topology }),
          automation: NO_AUTOMATION,
          tokens: { issueToken: (tenant) => issuer.issueToken({ tenant }) },
          options: { ...FAR, ...(request.name === 'zombie-writer' ? { variant: 'host' } : {}), ...request.options },
          replay: `holdfast drill run ${request.name} --target aws --confirm --seed ${seed}`,
        }),
      ),
    );
    return { report, dir: reportDir };
  } finally {
    failover.close();
    await gateway.close();
  }
}

export function stoppedCompute({ reach, stateDir }: Pick<AwsDrillParts, 'reach' | 'stateDir'>): StoppedCompute {
  return new StoppedCompute({ functions: reach.functions, path: join(stateDir, 'aws-stopped.json') });
}

function requireConsent({ confirmed, production }: AwsDrillRequest, stage: Stage): void {
  if (!confirmed)
    throw refused(
      'It disturbs a deployed platform: its tenants see what the drill does. Say --confirm if you mean it.',
    );
  if (stage === 'production' && !production)
    throw refused('platform.config.ts says that this is production. Say --production too if you mean it.');
}

/** Ctrl-C heals first and ends then; a second one finds the same work under way. */
async function healingAlways<T>(stopped: StoppedCompute, work: () => Promise<T>): Promise<T> {
  const interrupted = () => {
    void stopped.restoreAll().then(
      () => process.exit(130),
      (thrown: unknown) => {
        console.error(thrown instanceof Error ? thrown.message : thrown);
        process.exit(130);
      },
    );
  };
  for (const signal of SIGNALS) process.on(signal, interrupted);
  try {
    return await work();
  } finally {
    await stopped.restoreAll();
    for (const signal of SIGNALS) process.off(signal, interrupted);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function openGround(parts: AwsDrillParts) {
  const { reach, endpointOf } = parts;
  const { regions } = reach.topology;
  const [first] = regions;
  if (first === undefined) throw invalid('The topology has no region.');
  const routers = Object.fromEntries(
    await Promise.all(
      regions.map(async (region) => [region, await functionUrl(reach, { region, name: regionFunctionName('router') })]),
    ),
  );
  const payments = await functionUrl(reach, { region: first, name: regionFunctionName('payments') });
  const targets = new Map<string, Upstream>([
    ...(await cellTargets({ topology: reach.topology, arbiter: openArbiter(parts), endpointOf })),
    paymentsTarget({ region: first, url: payments }),
  ]);
  const gateway: AwsGateway = await openAwsGateway({ targets, credentials: () => reach.credentials() });
  const urlOf = (name: string) => {
    const router = name.startsWith('router@') ? routers[name.slice('router@'.length)] : undefined;
    return router ?? gateway.urlOf(encodeURIComponent(name));
  };
  return { gateway, ground: { routers, payments: gateway.urlOf(PAYMENTS_TARGET), urlOf, isTurnedAway } };
}

function openArbiter({ reach, machine }: AwsDrillParts) {
  const [region] = reach.topology.regions;
  if (region === undefined) throw invalid('The topology has no region.');
  return { ...openOperatorPorts({ reach, region, ...machine }), clock: machine.clock };
}

async function functionUrl(reach: AwsReach, { region, name }: { region: string; name: string }): Promise<string> {
  return reach
    .functions(region)
    .urlOf(name, LIVE)
    .catch((cause: unknown) => Promise.reject(notDeployed({ region, name, cause })));
}

/** Lambda answers 429 by itself for a function that may not run; ours would name a cell or a code. */
async function isTurnedAway(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/products?limit=1`, { signal: AbortSignal.timeout(TURNED_AWAY_MS_MAX) });
    const text = await response.text();
    return response.status === 429 && !text.includes('"code"');
  } catch {
    // Whoever does not answer has not turned anybody away.
    return false;
  }
}

const TURNED_AWAY_MS_MAX = 2_000;

/** Nobody decides by himself on AWS: there is no control process there. */
const NO_AUTOMATION = {
  mode: async () => ({ mode: 'manual', enabled: false }) as const,
  setMode: () => Promise.reject(refused('Automation has no control process on AWS.')),
  status: async () => [],
  moves: async () => [],
};

function refused(message: string): PlatformError {
  return new PlatformError({ code: 'UNSUPPORTED', kind: 'caller', effect: 'none', message });
}

function leftBehind(left: readonly Stopped[]): PlatformError {
  const names = left.map(({ name, region }) => `${name} in ${region}`).join(', ');
  return refused(
    `A drill before this one left functions stopped: ${names}. Run "holdfast drill heal --target aws" first.`,
  );
}

function notDeployed(of: { readonly region: string; readonly name: string; readonly cause: unknown }): PlatformError {
  const seen = of.cause instanceof Error ? of.cause.name : String(of.cause);
  return new PlatformError({
    code: 'PLATFORM_NOT_RUNNING',
    kind: 'caller',
    effect: 'none',
    message: `${of.name} has no URL in ${of.region} (${seen}). Deploy first: holdfast deploy --target aws.`,
    cause: of.cause,
  });
}
