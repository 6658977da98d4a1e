/**
 * The platform in an account as drills see and hurt it: a cell's functions in a region are its host, a table is its store, and
 * to crash or to stop a host is to run none of its functions. Links can't be hurt there, and are not shown. A fault is shown
 * only once a request from outside was turned away: what Lambda's API says that it did is no effect.
 */
import { cellFunctionName, regionFunctionName } from '../../core/aws-names.ts';
import { PlatformError } from '../../core/errors.ts';
import type { RegionName } from '../../core/ids.ts';
import type { Topology } from '../../core/topology.ts';
import { SERVICES } from '../../core/topology-aws.ts';
import type { PlatformPort, PlatformSight, ProcessAction, ProcessSight } from '../../drills/ports/platform-port.ts';
import type { FunctionAt, StoppedCompute } from './stopped-compute.ts';

/** All that runs for a cell in a region. */
const CELL_FUNCTIONS = [...SERVICES, 'keeper', 'replicator', 'relay'];

export interface AwsPlatformOptions {
  readonly topology: Topology;
  readonly routers: Readonly<Record<string, string>>;
  /** Where a process is asked, by its name; through the signing gateway where it takes a signature. */
  readonly urlOf: (process: string) => string;
  readonly payments: string;
  readonly stopped: StoppedCompute;
  /** Whether a request to this address is turned away before anything of ours runs. */
  readonly isTurnedAway: (url: string) => Promise<boolean>;
}

export function awsPlatform(options: AwsPlatformOptions): PlatformPort {
  const { topology, stopped } = options;
  const down = new Map<string, 'crashed' | 'stopped'>();
  return {
    view: async () =>
      sightOf(options, await Promise.all(namesOf(topology).map((of) => processOf(options, { of, down })))),
    act: async (name, action) => {
      const functions = functionsOf(topology, name);
      if (functions.length === 0) throw notPossible(`${action} ${name}`);
      const into = STATES[action];
      if (into) await stopped.stop(functions);
      else await stopped.restore(functions);
      if (into) down.set(name, into);
      else down.delete(name);
    },
    throttle: async (name) => Promise.reject(notPossible(`throttle ${name}`)),
    setFault: async (link) => Promise.reject(notPossible(`disturb ${link}`)),
    heal: async (link) => Promise.reject(notPossible(`heal ${link}`)),
  };
}

const STATES: Readonly<Record<ProcessAction, 'crashed' | 'stopped' | null>> = {
  ...{ crash: 'crashed', stop: 'stopped' },
  ...{ start: null, continue: null },
};

interface Named extends Pick<ProcessSight, 'name' | 'kind' | 'cell'> {
  readonly region: RegionName;
}

function namesOf({ regions, cells }: Topology): readonly Named[] {
  return [
    ...cells.flatMap(({ id: cell, home, standby }) =>
      [home, standby].flatMap((region): Named[] => [
        { name: `${cell}@${region}`, kind: 'cell', cell, region },
        { name: `${cell}@${region}.store`, kind: 'store', cell, region },
      ]),
    ),
    ...regions.map((region): Named => ({ name: `router@${region}`, kind: 'router', region })),
  ];
}

/** What has to be stopped for a process to be gone. Stores have nothing that could be stopped. */
export function functionsOf(topology: Topology, name: string): readonly FunctionAt[] {
  const process = namesOf(topology).find((one) => one.name === name);
  if (process?.kind === 'router') return [{ region: process.region, name: regionFunctionName('router') }];
  if (process?.kind !== 'cell') return [];
  return CELL_FUNCTIONS.map((fn) => ({ region: process.region, name: cellFunctionName(process.cell ?? '', fn) }));
}

async function processOf(
  { topology, urlOf, stopped, isTurnedAway }: AwsPlatformOptions,
  { of, down }: { readonly of: Named; readonly down: ReadonlyMap<string, 'crashed' | 'stopped'> },
): Promise<ProcessSight> {
  const url = urlOf(of.name);
  const state = down.get(of.name);
  if (state === undefined) return { ...of, pid: null, state: 'ready', url };
  const gone = (await isTurnedAway(url)) && (await stopped.areStopped(functionsOf(topology, of.name)));
  return { ...of, pid: null, ...(gone ? { state, url: null } : { state: 'ready', url }) };
}

function sightOf(
  { topology, routers, payments }: AwsPlatformOptions,
  processes: readonly ProcessSight[],
): PlatformSight {
  return {
    ...{ engine: 'dynamodb', versions: {}, topology, routers, payments, processes, links: [] },
    // On AWS a signature stands in its place, which the gateway makes.
    internalSecret: 'none',
  };
}

function notPossible(what: string): PlatformError {
  return new PlatformError({
    code: 'UNSUPPORTED',
    kind: 'caller',
    effect: 'none',
    message: `Nobody can ${what} on AWS from here. Allowed: crash, stop, continue and start of cells and routers.`,
  });
}
