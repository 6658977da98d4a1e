/**
 * A drill on a deployed platform: the workload, checkers and report of any drill, the operator's own failover, and faults that
 * can be put back by anybody. Whatever happens, Ctrl-C too, what was stopped is started again and what AWS FIS was told to do
 * is ended before this ends; if even that fails, `holdfast drill heal --target aws` goes on from there.
 */
import { invalid } from '../../core/errors.ts';
import { CADENCES } from '../../core/keeper-cadence.ts';
import { randomInt } from '../../core/rng.ts';
import type { Topology } from '../../core/topology.ts';
import { CATALOG } from '../../drills/catalog/index.ts';
import type { DrillOptions } from '../../drills/drill-options.ts';
import type { Experiment } from '../../drills/experiment.ts';
import { runExperiment } from '../../drills/runner.ts';
import { openDevIssuer } from '../../local/issuer.ts';
import { drillFailover } from '../drill-failover.ts';
import { toldBy, underDrillMark } from '../drill-mark.ts';
import { reportDirOf } from '../drill-reports.ts';
import type { Machine } from '../failover-operator.ts';
import { type OperatorPorts, openOperatorPorts } from '../operator-ports.ts';
import { SEED_MAX } from '../option-parsers.ts';
import type { DrillOutcome, QuarantineOperator } from '../services.ts';
import { drillFaults, healingAlways, refused, requireNothingLeft } from './aws-drill-faults.ts';
import { openGround } from './aws-drill-ground.ts';
import { awsPlatform } from './aws-platform.ts';
import type { AwsEndpoint, AwsReach } from './aws-reach.ts';
import { aimOf, FIS_DRILL_NAMES, FIS_SUMMARIES, fisExperiment } from './fis-drills.ts';
import { FisEffects } from './fis-effects.ts';

/** Of the catalogue: those that make sense where links can't be cut and stores can't be killed. */
const OF_THE_CATALOGUE = ['switchover', 'region-lost', 'zombie-writer'] as const;

/** What `drill list --target aws` shows. */
export const AWS_DRILLS: readonly { readonly name: string; readonly summary: string }[] = [
  ...CATALOG.filter(({ name }) => OF_THE_CATALOGUE.some((one) => one === name)),
  ...FIS_SUMMARIES,
].map(({ name, summary }) => ({ name, summary }));

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
  // AWS FIS tells functions by and by: from its start to the first failure may be minutes.
  detectWithinMs: 180_000,
  warmUpMs: 10_000,
  steadyMs: 15_000,
  holdMs: 15_000,
  experimentMsMax: 900_000,
};

export async function runAwsDrill(parts: AwsDrillParts, request: AwsDrillRequest): Promise<DrillOutcome> {
  const { machine, stateDir, reach } = parts;
  const experiment = experimentOf(request.name, reach.topology);
  requireConsent(request, reach.topology);
  await requireNothingLeft(parts);
  const seed = request.seed ?? randomInt(machine.rng, SEED_MAX);
  const reportDir = reportDirOf({ stateDir, drill: request.name, seed, atMs: machine.clock.wallMs() });
  const issuer = await openDevIssuer(stateDir);
  const { gateway, ground } = await openGround(parts);
  const looking = openLooking(parts, ground);
  const failover = drillFailover({ reach, machine, quarantine: parts.quarantine });
  const faults = drillFaults(parts, (one) => looking.effects.seen(one));
  try {
    const platform = awsPlatform({ ...ground, stopped: faults.stopped, topology: withRealLease(reach.topology) });
    const mark = { reach, machine, why: `drill ${request.name}`, forMs: DRILL_AWS_MS_MAX };
    const work = () =>
      healingAlways(faults, () =>
        runExperiment(experiment, {
          ...{ name: request.name, seed, reportDir, failover, clock: machine.clock, onProgress: request.onProgress },
          platform: { ...platform, experiments: faults.experiments },
          automation: NO_AUTOMATION,
          tokens: { issueToken: (tenant) => issuer.issueToken({ tenant }) },
          options: { ...FAR, ...(request.name === 'zombie-writer' ? { variant: 'host' } : {}), ...request.options },
          replay: `holdfast drill run ${request.name} --target aws --confirm --seed ${seed}`,
        }),
      );
    const report = await underDrillMark(mark, work, toldBy);
    return { report, dir: reportDir };
  } finally {
    failover.close();
    looking.close();
    await gateway.close();
  }
}

function experimentOf(name: string, topology: Topology): Experiment {
  const ofFis = fisExperiment(name, topology);
  const { stays } = CADENCES[topology.aws.keepers];
  if (name === 'arbiter-cut-off' && stays)
    throw refused(
      'With fast keepers a lease is over long before AWS FIS is: the region would stop, as it should. "drill run arbiter-lost" shows that on one machine.',
    );
  const known = OF_THE_CATALOGUE.some((one) => one === name) ? CATALOG.find((one) => one.name === name) : undefined;
  const found = ofFis ?? known;
  if (found) return found;
  const allowed = [...OF_THE_CATALOGUE, ...FIS_DRILL_NAMES].join(', ');
  throw invalid(`The drill ${name} can't be run on AWS. Allowed: ${allowed}.`);
}

function requireConsent({ confirmed, production }: AwsDrillRequest, { aws }: Topology): void {
  if (!confirmed)
    throw refused(
      'It disturbs a deployed platform: its tenants see what the drill does. Say --confirm if you mean it.',
    );
  if (aws.stage === 'production' && !production)
    throw refused('platform.config.ts says that this is production. Say --production too if you mean it.');
  if (aws.identity !== null)
    throw refused(
      `The platform takes the tokens of ${aws.identity.issuer} only, and a drill makes its own tenants with the development issuer.`,
    );
}

/** How the tables and functions are looked at to see what an experiment does. */
function openLooking({ reach, machine }: AwsDrillParts, { urlOf }: { readonly urlOf: (name: string) => string }) {
  const { topology } = reach;
  const opened = new Map<string, OperatorPorts>();
  const portsOf = (region: (typeof topology.regions)[number]): OperatorPorts => {
    const ports = opened.get(region) ?? openOperatorPorts({ reach, region, ...machine });
    opened.set(region, ports);
    return ports;
  };
  const effects = new FisEffects({
    aimOf: (experiment) => aimOf(topology, experiment),
    urlOf: (cell, region) => urlOf(`${cell}@${region}`),
    functions: reach.functions,
    arbiter: (region) => portsOf(region).arbiter,
    store: (cell, region) => portsOf(region).store({ cell, region }),
    clock: machine.clock,
  });
  const close = () => {
    for (const ports of opened.values()) ports.close();
  };
  return { effects, close };
}

/** What drills wait for is the lease that the keepers really keep. */
function withRealLease(topology: Topology): Topology {
  return { ...topology, lease: CADENCES[topology.aws.keepers].figures(topology.lease) };
}

/** Nobody decides by himself on AWS: there is no control process there. */
const NO_AUTOMATION = {
  mode: async () => ({ mode: 'manual', enabled: false }) as const,
  setMode: () => Promise.reject(refused('Automation has no control process on AWS.')),
  status: async () => [],
  moves: async () => [],
};
