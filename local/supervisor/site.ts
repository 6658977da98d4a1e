/**
 * A platform from its first link to its last process: what has been set up so far, so that it can be taken down from any
 * point. Once it has been ended nothing is started any more.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { systemRng } from '../../core/rng.ts';
import type { Topology } from '../../core/topology.ts';
import { engineName } from '../engine/engine-command.ts';
import { engineVersion } from '../engine/engine-version.ts';
import type { Engine } from '../engine/resolve-engine.ts';
import { DEV_ISSUER, openDevIssuer } from '../issuer.ts';
import { FaultLink } from '../links/fault-link.ts';
import type { ProcessKind } from '../platform-control.ts';
import type { Project } from '../project-root.ts';
import { removeState, writeState } from '../state-file.ts';
import { type ChildEnvContext, childEnv } from './child-env.ts';
import { type ControlApi, serveControlApi } from './control-api.ts';
import { type DataDir, openDataDir } from './data-dir.ts';
import { type HostScripts, hostScripts, processLauncher } from './launch.ts';
import { ManagedProcess } from './managed-process.ts';
import { openProcessReleases } from './open-releases.ts';
import { RunningPlatform } from './platform.ts';
import { type PlatformPlan, planPlatform } from './platform-plan.ts';
import { processLog } from './process-logs.ts';
import type { ProcessReleases } from './process-releases.ts';
import { Replacements } from './replacement.ts';
import { RESTART_POLICY } from './restart-policy.ts';
import { processFailed } from './running-child.ts';
import type { Platform, StartPlatformOptions } from './start-platform.ts';

const ENGINES: readonly ProcessKind[] = ['arbiter', 'store'];
const HOSTS: readonly ProcessKind[] = ['cell', 'control', 'router', 'payments'];

export interface SiteInput {
  readonly options: StartPlatformOptions;
  readonly topology: Topology;
  readonly project: Project;
  readonly engine: Engine;
  readonly routerPorts: ReadonlyMap<string, number>;
}

interface ManagedParts {
  readonly plan: PlatformPlan;
  readonly context: ChildEnvContext;
  readonly dataDir: DataDir;
  readonly releases: ProcessReleases | null;
  readonly scripts: HostScripts;
}

interface Assembly extends Pick<ManagedParts, 'dataDir' | 'releases'> {
  readonly startedAtMs: number;
}

export class Site {
  readonly #input: SiteInput;
  readonly #secret = randomBytes(24).toString('hex');
  #dataDir: Promise<DataDir> | null = null;
  #running: RunningPlatform | null = null;
  #api: ControlApi | null = null;
  #ended: Promise<void> | null = null;
  #afterEnd: () => void = () => undefined;

  constructor(input: SiteInput) {
    this.#input = input;
  }

  /** `call` is called once everything has been taken down. */
  afterEnd(call: () => void): void {
    this.#afterEnd = call;
  }

  async start(): Promise<Platform> {
    const { options, engine } = this.#input;
    const startedAtMs = systemClock.wallMs();
    const path = options.dataDir === undefined ? {} : { path: options.dataDir };
    this.#dataDir = openDataDir({ engine: engineName(engine), ...path });
    const dataDir = await this.#dataDir;
    const releases = await this.#openReleases(dataDir);
    const running = await this.#assemble({ startedAtMs, dataDir, releases });
    if (engine.kind !== 'endpoint') await running.start(ENGINES);
    await running.start(HOSTS);
    const api = await serveControlApi(running, this.#secret);
    this.#api = api;
    if (options.stateDir !== undefined) {
      const { routers } = await running.view();
      const told = { controlUrl: api.url, secret: this.#secret, routers, dataDir: dataDir.path };
      await writeState(options.stateDir, { pid: process.pid, startedAtMs, ...told });
    }
    return {
      controlUrl: api.url,
      secret: this.#secret,
      dataDir: dataDir.path,
      view: () => running.view(),
      act: (name, action) => running.act(name, action),
      throttle: (name, runRatio) => running.throttle(name, runRatio),
      replace: (name, order) => running.replace(name, order),
      settleRelease: (order) => running.settleRelease(order),
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
    const { stateDir } = this.#input.options;
    try {
      if (stateDir !== undefined) await removeState(stateDir, process.pid);
      await this.#api?.close();
      await this.#running?.end();
    } finally {
      // It may still be opening; a failure of that is its caller's to hear.
      await this.#dataDir?.then(
        (dataDir) => dataDir.release(),
        () => undefined,
      );
      this.#afterEnd();
    }
  }

  /** Other programs in the place of ours have none. */
  async #openReleases(dataDir: DataDir): Promise<ProcessReleases | null> {
    const { options, project } = this.#input;
    if (options.scripts?.cell !== undefined) return null;
    const places = options.stateDir === undefined ? {} : { stateDir: options.stateDir };
    return openProcessReleases({ project, dataDir: dataDir.path, clock: systemClock, ...places });
  }

  async #assemble({ startedAtMs, dataDir, releases }: Assembly): Promise<RunningPlatform> {
    const { options, topology, project, engine } = this.#input;
    const plan = withoutEngines(planPlatform(topology), engine);
    if (this.#ended) throw processFailed('The platform was ended while it was starting');
    const links = await openLinks(plan);
    const issuer = await openDevIssuer(options.stateDir ?? dataDir.path);
    const internalSecret = randomBytes(24).toString('hex');
    const keepers = options.keepers ?? 'fast';
    const context: ChildEnvContext = {
      topology,
      keepers,
      linkUrl: (name) => links.get(name)?.url ?? '',
      internalSecret,
      jwks: issuer.jwks,
      issuer: DEV_ISSUER,
      dataPath: (...parts) => join(dataDir.path, ...parts),
      port: (name) => this.#input.routerPorts.get(name) ?? 0,
      release: (name) => releases?.of(name) ?? null,
    };
    const processes = this.#manage({
      plan,
      context,
      dataDir,
      releases,
      scripts: { ...hostScripts(project.rootDir), ...options.scripts },
    });
    const running = new RunningPlatform({
      plan,
      processes,
      links,
      replacements: new Replacements(releases),
      facts: {
        pid: process.pid,
        startedAtMs,
        engine: engineName(engine),
        versions: {
          ...{ holdfast: project.version, node: process.versions.node, engine: engineVersion(engine) },
          ...(releases === null ? {} : { release: releases.first }),
        },
        topology,
        keepers,
        dataDir: dataDir.path,
        internalSecret,
      },
    });
    this.#running = running;
    if (this.#ended) {
      // Ended while the links were opened: nobody else knows of them yet.
      await running.end();
      throw processFailed('The platform was ended while it was starting');
    }
    if (engine.kind === 'endpoint') {
      for (const { to } of plan.links) if (isEngineName(to)) running.pointLinksTo(to, engine);
    }
    return running;
  }

  #manage(parts: ManagedParts): Map<string, ManagedProcess> {
    const { engine } = this.#input;
    const { dataDir, releases } = parts;
    return new Map(
      parts.plan.processes.map((planned) => {
        const ownReleases = planned.kind === 'cell' ? releases : null;
        const log = processLog(join(dataDir.path, 'logs'), planned.name);
        const managed = new ManagedProcess({
          planned,
          clock: systemClock,
          policy: RESTART_POLICY,
          launch: processLauncher({
            planned,
            engine,
            log,
            script: async (kind) => (await ownReleases?.scriptFor(planned.name)) ?? parts.scripts[kind],
            env: () => childEnv(planned, parts.context),
            storeDir: join(dataDir.path, 'stores', planned.name),
          }),
          onPort: (port) =>
            this.#running?.pointLinksTo(planned.name, port === null ? null : { host: '127.0.0.1', port }),
          release: () => ownReleases?.of(planned.name) ?? null,
          logTail: log.tail,
        });
        return [planned.name, managed];
      }),
    );
  }
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
