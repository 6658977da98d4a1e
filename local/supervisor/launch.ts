/** How a planned process becomes a child: which program, with which flags. */
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { invariant } from '../../core/errors.ts';
import { startEngineChild } from '../engine/engine-child.ts';
import type { Engine } from '../engine/resolve-engine.ts';
import type { ProcessKind } from '../platform-control.ts';
import { startNodeChild } from './node-child.ts';
import type { PlannedProcess } from './platform-plan.ts';
import type { ProcessLog } from './process-logs.ts';
import type { RunningChild } from './running-child.ts';

export type HostKind = Exclude<ProcessKind, 'store' | 'arbiter'>;
export type HostScripts = Readonly<Record<HostKind, string>>;

/** The bundles that `local/build.mjs` makes. */
export function hostScripts(rootDir: string): HostScripts {
  const dist = (path: string) => join(rootDir, 'dist', path);
  return {
    cell: dist('local/hosts/cell-host.js'),
    router: dist('router/node/main.js'),
    control: dist('control/main.js'),
    payments: dist('services/payments/main.js'),
  };
}

/**
 * A young generation of 2 MB a half-space instead of 16: a cell under load then stays some 20 MB smaller (measured), which is
 * what keeps three cells below 1.2 GB. Routers are spared: they are few, and every request passes one.
 */
const SMALL_YOUNG_GENERATION = ['--max-semi-space-size=2'];
/**
 * As much as a service's function gets on AWS. Without it a process that leaks would take gigabytes of the machine before it
 * died or the gate on memory saw it; a cell that drains a journal of 720,000 commits stays below 200 MB.
 */
const BOUNDED_HEAP = ['--max-old-space-size=512'];
const NODE_FLAGS: Readonly<Record<HostKind, readonly string[]>> = {
  cell: [...SMALL_YOUNG_GENERATION, ...BOUNDED_HEAP],
  control: [...SMALL_YOUNG_GENERATION, ...BOUNDED_HEAP],
  payments: [...SMALL_YOUNG_GENERATION, ...BOUNDED_HEAP],
  router: BOUNDED_HEAP,
};

export interface LaunchOptions {
  readonly planned: PlannedProcess;
  readonly engine: Engine;
  readonly log: ProcessLog;
  /** Asked at every start: a process may run another release than before. */
  readonly script: (kind: HostKind) => Promise<string>;
  readonly env: () => Readonly<Record<string, string>>;
  readonly storeDir: string;
}

export function processLauncher(options: LaunchOptions): () => Promise<RunningChild> {
  const { planned, engine, log } = options;
  const { kind, name } = planned;
  if (kind === 'store' || kind === 'arbiter') {
    invariant(engine.kind !== 'endpoint', 'an engine is started only where nobody else runs it');
    return () => startEngineChild({ name, engine, dir: options.storeDir, log, clock: systemClock });
  }
  return async () => {
    const script = await options.script(kind);
    return log.withFd((logFd) =>
      startNodeChild({ name, script, nodeFlags: NODE_FLAGS[kind], env: options.env(), logFd }),
    );
  };
}
