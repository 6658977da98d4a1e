/**
 * A child that is one of our own hosts. It reports over its IPC channel, and what it says is checked: a `ready` counts only
 * with the pid that we started and the name that we gave.
 */
import { shown } from '../../core/ids.ts';
import { spawnGuarded } from './guarded-spawn.ts';
import { describeExit, exitOf, processFailed, type RunningChild } from './running-child.ts';

/** Loading a host takes half a second of processor time; eleven of them on two busy cores stay below this. */
const READY_MS_MAX = 30_000;

export interface NodeChildOptions {
  readonly name: string;
  readonly script: string;
  readonly nodeFlags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFd: number;
}

export type ChildMessage =
  | { readonly type: 'ready'; readonly pid: number; readonly port: number; readonly name: string }
  | { readonly type: 'failed'; readonly message: string };

/** `null` for what is no message of the contract. */
export function parseChildMessage(value: unknown): ChildMessage | null {
  if (typeof value !== 'object' || value === null) return null;
  const given = value as Readonly<Record<string, unknown>>;
  if (given.type === 'failed' && typeof given.message === 'string') return { type: 'failed', message: given.message };
  const { pid, port, name } = given;
  if (given.type !== 'ready' || typeof pid !== 'number' || typeof port !== 'number' || typeof name !== 'string')
    return null;
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? { type: 'ready', pid, port, name } : null;
}

export function startNodeChild(options: NodeChildOptions): RunningChild {
  const child = spawnGuarded({
    command: process.execPath,
    args: [...options.nodeFlags, options.script],
    env: options.env,
    logFd: options.logFd,
    channel: 'ipc',
  });
  const pid = child.pid ?? 0;
  const exited = exitOf(child);
  const ready = new Promise<number>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(processFailed(`${options.name} was not ready after ${READY_MS_MAX} ms`)),
      READY_MS_MAX,
    );
    const settle = (outcome: () => void) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      outcome();
    };
    const onMessage = (value: unknown) => {
      const message = parseChildMessage(value);
      if (!message) return;
      if (message.type === 'failed') return settle(() => reject(processFailed(message.message)));
      if (message.pid === pid && message.name === options.name) return settle(() => resolve(message.port));
      settle(() => reject(processFailed(strangerMessage(options.name, pid, message))));
    };
    child.on('message', onMessage);
    child.once('error', (error) => settle(() => reject(processFailed(`${options.name}: ${error.message}`, error))));
    void exited.then((exit) => settle(() => reject(processFailed(`${options.name} ${describeExit(exit)}`))));
  });
  // Whoever awaits `ready` hears of the failure; if nobody does, the exit tells.
  ready.catch(() => undefined);
  return {
    pid,
    ready,
    exited,
    requestShutdown: (options = { drainMs: 0 }) => {
      // A channel that is closed already means that the child is going.
      if (child.connected) child.send({ type: 'shutdown', ...options }, () => undefined);
    },
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

function strangerMessage(name: string, pid: number, message: { readonly pid: number; readonly name: string }): string {
  return `${name} (pid ${pid}) reported ready as ${shown(message.name)}, pid ${message.pid}; expected its own name and pid`;
}
