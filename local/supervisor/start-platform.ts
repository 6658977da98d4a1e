/**
 * Starts the platform on this machine and resolves when all of it serves. What can be refused is refused before anything is
 * started; whatever fails later, everything that was started until then is ended before the failure is thrown.
 *
 *   engine, ports, data directory → links listen → engines → hosts, all at once → control API → state file
 */
import { systemClock } from '../../core/clock.ts';
import { invalid, invariant } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import { systemRng } from '../../core/rng.ts';
import type { Topology } from '../../core/topology.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';
import { assertRegionsApart } from '../engine/endpoint-check.ts';
import { machineProbes } from '../engine/machine-probes.ts';
import { type Engine, type EngineKind, resolveEngine } from '../engine/resolve-engine.ts';
import type { PlatformControl, PlatformView } from '../platform-control.ts';
import { findProject } from '../project-root.ts';
import { readState } from '../state-file.ts';
import { installExitHandlers } from './exit-handlers.ts';
import { assertPortsFree, freePortsToKeep } from './free-ports.ts';
import type { HostScripts } from './launch.ts';
import { routerName } from './platform-plan.ts';
import { Site } from './site.ts';

export interface StartPlatformOptions {
  readonly topology: Topology;
  /** Kept, and opened again at the next start. Without it: a temporary directory, removed at the end. */
  readonly dataDir?: string;
  /** Default: whatever `resolveEngine` finds first. */
  readonly engine?: EngineKind;
  /** Routers listen on `portBase`, `portBase + 1` … in the topology's order of regions. 0 or nothing: free ports. */
  readonly portBase?: number;
  /** Default: as many as the topology has. */
  readonly cells?: number;
  /** Default: `fast`, as `topology.lease` says. `pinned`: leases never run out, as `aws.keepers` can have it. */
  readonly keepers?: PlatformView['keepers'];
  /** Where `state.json` and the development issuer's key go, usually `<cwd>/.holdfast`. Without it: no state file, a key of its own. */
  readonly stateDir?: string;
  /** `handle` (default): SIGINT, SIGTERM and uncaught errors end the platform, then the process (130, 143, 1). */
  readonly signals?: 'handle' | 'leave';
  /** Other programs in the place of ours; for tests of the supervisor. */
  readonly scripts?: Partial<HostScripts>;
}

export interface Platform extends PlatformControl {
  readonly controlUrl: string;
  readonly secret: string;
  readonly dataDir: string;
  /** Ends every process, removes what was temporary. Safe to call twice. */
  stop(): Promise<void>;
}

/** Each cell is four processes on this machine. */
export const LOCAL_CELLS_MAX = 16;
const PORT_MAX = 65_535;

export async function startPlatform(options: StartPlatformOptions): Promise<Platform> {
  const topology = sized(options);
  const project = findProject();
  const engine = resolveEngine(machineProbes(project.rootDir), options.engine);
  await assertNotRunning(options.stateDir);
  await checkEndpoint(engine, topology);
  const ports = await portsOfRouters(topology, options.portBase ?? 0);
  const routerPorts = new Map(topology.regions.map((region, index) => [routerName(region), ports[index] ?? 0]));
  const site = new Site({ options, topology, project, engine, routerPorts });
  if (options.signals !== 'leave') site.afterEnd(installExitHandlers(site, systemClock));
  try {
    return await site.start();
  } catch (thrown) {
    await site.end();
    throw thrown;
  }
}

async function checkEndpoint(engine: Engine, { regions: [here, there] }: Topology): Promise<void> {
  if (engine.kind !== 'endpoint') return;
  invariant(here !== undefined && there !== undefined, 'a topology has two regions');
  await assertRegionsApart(engine, [here, there]);
}

function sized({ topology, cells }: StartPlatformOptions): Topology {
  const count = cells ?? topology.cells.length;
  if (!Number.isSafeInteger(count) || count < 1 || count > LOCAL_CELLS_MAX) {
    throw invalid(
      `Not a number of cells for one machine: ${shown(count)}. Allowed: an integer from 1 to ${LOCAL_CELLS_MAX}.`,
    );
  }
  return cells === undefined ? topology : defaultTopology({ cells: count, base: topology });
}

async function assertNotRunning(stateDir: string | undefined): Promise<void> {
  const state = stateDir === undefined ? null : await readState(stateDir);
  if (state === null) return;
  throw invalid(
    `A platform is already running from this folder (pid ${state.pid}, data in ${state.dataDir}). End it first, or start in another folder.`,
    { pid: state.pid },
  );
}

/** In the order of the regions. Chosen once: a router that dies and comes back is where clients know it. */
async function portsOfRouters({ regions }: Topology, portBase: number): Promise<readonly number[]> {
  if (portBase === 0) return freePortsToKeep(regions.length, systemRng);
  const lastBase = PORT_MAX - regions.length + 1;
  if (!Number.isSafeInteger(portBase) || portBase < 1 || portBase > lastBase) {
    throw invalid(
      `Not a port to begin with: ${shown(portBase)}. Allowed: an integer from 1 to ${lastBase}, or 0 for free ports.`,
    );
  }
  const ports = regions.map((_, index) => portBase + index);
  await assertPortsFree(ports);
  return ports;
}
