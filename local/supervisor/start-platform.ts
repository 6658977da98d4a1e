/**
 * Starts the platform on this machine and resolves when all of it serves. Whatever fails on the way, everything that was
 * started until then is ended before the failure is thrown.
 *
 *   engine, ports, data directory → links listen → engines → hosts, all at once → control API → state file
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import { systemRng } from '../../core/rng.ts';
import type { Topology } from '../../core/topology.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';
import { engineName } from '../engine/engine-command.ts';
import { engineVersion } from '../engine/engine-version.ts';
import { machineProbes } from '../engine/machine-probes.ts';
import { type Engine, type EngineKind, resolveEngine } from '../engine/resolve-engine.ts';
import { DEV_ISSUER, openDevIssuer } from '../issuer.ts';
import { FaultLink } from '../links/fault-link.ts';
import type { PlatformControl, ProcessKind } from '../platform-control.ts';
import { findProject, type Project } from '../project-root.ts';
import { readState, removeState, writeState } from '../state-file.ts';
import { type ChildEnvContext, childEnv } from './child-env.ts';
import { type ControlApi, serveControlApi } from './control-api.ts';
import { type DataDir, openDataDir } from './data-dir.ts';
import { installExitHandlers } from './exit-handlers.ts';
import { assertPortsFree } from './free-ports.ts';
import { type HostScripts, hostScripts, processLauncher } from './launch.ts';
import { ManagedProcess } from './managed-process.ts';
import { RunningPlatform } from './platform.ts';
import { type PlatformPlan, planPlatform, routerName } from './platform-plan.ts';
import { processLog } from './process-logs.ts';
import { RESTART_POLICY } from './restart-policy.ts';

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
const ENGINES: readonly ProcessKind[] = ['arbiter', 'store'];
const HOSTS: readonly ProcessKind[] = ['cell', 'control', 'router', 'payments'];

export async function startPlatform(options: StartPlatformOptions): Promise<Platform> {
  const topology = sized(options);
  const project = findProject();
  const engine = resolveEngine(machineProbes(project.rootDir), options.engine);
  await assertNotRunning(options.stateDir);
  const routerPorts = await fixedRouterPorts(topology, options.portBase ?? 0);
  const dataDir = await openDataDir({
    engine: engineName(engine),
    ...(options.dataDir === undefined ? {} : { path: options.dataDir }),
  });
  const site = new Site({ options, topology, project, engine, dataDir, routerPorts });
  const removeHandlers = options.signals === 'leave' ? () => undefined : installExitHandlers(site, systemClock);
  site.onEnded(removeHandlers);
  try {
    return await site.start();
  } catch (thrown) {
    await site.end();
    throw thrown;
  }
}

interface SiteInput {
  readonly options: StartPlatformOptions;
  readonly topology: Topology;
  readonly project: Project;
  readonly engine: Engine;
  readonly dataDir: DataDir;
  readonly routerPorts: ReadonlyMap<string, number>;
}

/** What has been set up so far, so that it can be taken down from any point. */
class Site {
  readonly #input: SiteInput;
  readonly #secret = randomBytes(24).toString('hex');
  #running: RunningPlatform | null = null;
  #api: ControlApi | null = null;
  #ended: Promise<void> | null = null;
  #afterEnd: () => void = () => undefined;

  constructor(input: SiteInput) {
    this.#input = input;
  }

  onEnded(call: () => void): void {
    this.#afterEnd = call;
  }

  async start(): Promise<Platform> {
    const { options, dataDir, engine } = this.#input;
    const startedAtMs = systemClock.wallMs();
    const running = await this.#assemble(startedAtMs);
    if (engine.kind !== 'endpoint') await running.start(ENGINES);
    await running.start(HOSTS);
    const api = await serveControlApi(running, this.#secret);
    this.#api = api;
    if (options.stateDir !== undefined) {
      const { routers } = await running.view();
      await writeState(options.stateDir, {
        pid: process.pid,
        startedAtMs,
        controlUrl: api.url,
        secret: this.#secret,
        routers,
        dataDir: dataDir.path,
      });
    }
    return {
      controlUrl: api.url,
      secret: this.#secret,
      dataDir: dataDir.path,
      view: () => running.view(),
      act: (name, action) => running.act(name, action),
      setFault: (name, fault) => running.setFault(name, fault),
      heal: (name) => running.heal(name),
      stop: () => this.end(),
    };
  }

  end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  killNow(): void {
    this.#running?.killNow();
  }

  async #end(): Promise<void> {
    const { options, dataDir } = this.#input;
    try {
      if (options.stateDir !== undefined) await removeState(options.stateDir, process.pid);
      await this.#api?.close();
      await this.#running?.end();
    } finally {
      await dataDir.release();
      this.#afterEnd();
    }
  }

  async #assemble(startedAtMs: number): Promise<RunningPlatform> {
    const { options, topology, project, engine, dataDir } = this.#input;
    const plan = withoutEngines(planPlatform(topology), engine);
    const links = await openLinks(plan);
    const issuer = await openDevIssuer(options.stateDir ?? dataDir.path);
    const internalSecret = randomBytes(24).toString('hex');
    const context: ChildEnvContext = {
      topology,
      linkUrl: (name) => links.get(name)?.url ?? '',
      internalSecret,
      jwks: issuer.jwks,
      issuer: DEV_ISSUER,
      dataPath: (...parts) => join(dataDir.path, ...parts),
      port: (name) => this.#input.routerPorts.get(name) ?? 0,
    };
    const processes = this.#manage({ plan, context, scripts: { ...hostScripts(project.rootDir), ...options.scripts } });
    const running = new RunningPlatform({
      plan,
      processes,
      links,
      facts: {
        pid: process.pid,
        startedAtMs,
        engine: engineName(engine),
        versions: { holdfast: project.version, node: process.versions.node, engine: engineVersion(engine) },
        topology,
        dataDir: dataDir.path,
        internalSecret,
      },
    });
    this.#running = running;
    if (engine.kind === 'endpoint') {
      for (const { to } of plan.links) if (isEngineName(to)) running.pointLinksTo(to, engine);
    }
    return running;
  }

  #manage(parts: { plan: PlatformPlan; context: ChildEnvContext; scripts: HostScripts }): Map<string, ManagedProcess> {
    const { dataDir, engine } = this.#input;
    return new Map(
      parts.plan.processes.map((planned) => {
        const log = processLog(join(dataDir.path, 'logs'), planned.name);
        const managed = new ManagedProcess({
          planned,
          clock: systemClock,
          policy: RESTART_POLICY,
          launch: processLauncher({
            planned,
            engine,
            log,
            script: (kind) => parts.scripts[kind],
            env: () => childEnv(planned, parts.context),
            storeDir: join(dataDir.path, 'stores', planned.name),
          }),
          onPort: (port) =>
            this.#running?.pointLinksTo(planned.name, port === null ? null : { host: '127.0.0.1', port }),
          logTail: log.tail,
        });
        return [planned.name, managed];
      }),
    );
  }
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

async function fixedRouterPorts(topology: Topology, portBase: number): Promise<ReadonlyMap<string, number>> {
  if (portBase === 0) return new Map();
  const lastBase = PORT_MAX - topology.regions.length + 1;
  if (!Number.isSafeInteger(portBase) || portBase < 1 || portBase > lastBase) {
    throw invalid(
      `Not a port to begin with: ${shown(portBase)}. Allowed: an integer from 1 to ${lastBase}, or 0 for free ports.`,
    );
  }
  const ports = topology.regions.map((_, index) => portBase + index);
  await assertPortsFree(ports);
  return new Map(topology.regions.map((region, index) => [routerName(region), portBase + index]));
}

async function openLinks(plan: PlatformPlan): Promise<Map<string, FaultLink>> {
  const links = plan.links.map(({ name }) => ({ name, link: new FaultLink({ clock: systemClock, rng: systemRng }) }));
  await Promise.all(links.map(({ link }) => link.listen()));
  return new Map(links.map(({ name, link }) => [name, link]));
}

/** Engines that somebody else runs are no processes of ours. */
function withoutEngines(plan: PlatformPlan, engine: Engine): PlatformPlan {
  if (engine.kind !== 'endpoint') return plan;
  return { ...plan, processes: plan.processes.filter(({ kind }) => !ENGINES.includes(kind)) };
}

function isEngineName(name: string): boolean {
  return name === 'arbiter' || name.endsWith('.store');
}
