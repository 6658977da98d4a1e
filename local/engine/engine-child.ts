/**
 * An engine as a child. It has no channel to say that it is ready, so we ask: it counts as ready when the process lives, the
 * DynamoDB API answers on its port, and the listener there is this very process.
 */
import { mkdirSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import { freePort } from '../supervisor/free-ports.ts';
import { spawnGuarded } from '../supervisor/guarded-spawn.ts';
import type { ProcessLog } from '../supervisor/process-logs.ts';
import { type ChildExit, describeExit, exitOf, processFailed, type RunningChild } from '../supervisor/running-child.ts';
import { answersDynamo } from './dynamo-call.ts';
import { engineCommand, type RunnableEngine } from './engine-command.ts';
import { portOwner } from './port-owner.ts';

/** Native: 40 ms. DynamoDB Local: 3–5 s alone, and seven of them share the cores. */
const READY_MS_MAX = 60_000;
/** Between two questions; the engine itself gives no sign. */
const ASK_EVERY_MS = 10;

export interface EngineChildOptions {
  readonly name: string;
  readonly engine: RunnableEngine;
  readonly dir: string;
  readonly log: ProcessLog;
  readonly clock: Clock;
}

export async function startEngineChild(options: EngineChildOptions): Promise<RunningChild> {
  const { name, engine, dir, log, clock } = options;
  mkdirSync(dir, { recursive: true });
  const port = await freePort();
  const child = log.withFd((logFd) =>
    spawnGuarded({
      ...engineCommand(engine, { dir, port }),
      env: { PATH: process.env.PATH ?? '' },
      cwd: dir,
      logFd,
      channel: 'none',
    }),
  );
  const pid = child.pid ?? 0;
  let exit: ChildExit | null = null;
  const exited = exitOf(child).then((seen) => {
    exit = seen;
    return seen;
  });
  const ready = untilReady({ name, pid, port, clock, exit: () => exit });
  // Whoever awaits `ready` hears of the failure; if nobody does, the exit tells.
  ready.catch(() => undefined);
  return {
    pid,
    ready,
    exited,
    requestShutdown: () => {
      child.kill('SIGTERM');
    },
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

interface Readiness {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  readonly clock: Clock;
  readonly exit: () => ChildExit | null;
}

async function untilReady({ name, pid, port, clock, exit }: Readiness): Promise<number> {
  const giveUpAtMs = clock.monotonicMs() + READY_MS_MAX;
  for (;;) {
    const answers = await answersDynamo({ host: '127.0.0.1', port });
    const gone = exit();
    if (gone) throw processFailed(`${name} ${describeExit(gone)} before it served on port ${port}`);
    if (answers) {
      if (portOwner({ pid, port }) !== 'foreign') return port;
      throw processFailed(`${name} (pid ${pid}) does not own port ${port}: another program answers there`);
    }
    if (clock.monotonicMs() > giveUpAtMs)
      throw processFailed(`${name} did not answer on port ${port} for ${READY_MS_MAX} ms`);
    await clock.sleep(ASK_EVERY_MS);
  }
}
