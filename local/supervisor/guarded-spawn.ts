/**
 * Starts a process that cannot outlive the supervisor.
 *
 * Problem: a supervisor that dies by kill -9 says goodbye to nobody, and a child that is stopped, stuck or foreign (a
 * database engine) would not notice. Rule: every child is started by a small `sh` that first leaves a guard behind and
 * then *becomes* the child, so the pid is the child's own. The guard reads a pipe that the supervisor holds:
 *
 *   end of file  → the supervisor is gone: kill -9 the child, stopped or not
 *   a line       → the child has been reaped: the guard just ends (and never kills a pid that was given away again)
 *
 * A session of its own keeps the terminal's Ctrl-C from children; the supervisor ends them in order.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';

const SCRIPT = '(exec 3<&-; IFS= read -r line <&4 || kill -9 $$) & exec "$@" 4<&-';

export interface GuardedSpawn {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** An open file for the child's output. */
  readonly logFd: number;
  /** Whether the child gets a Node IPC channel. */
  readonly channel: 'ipc' | 'none';
}

export function spawnGuarded(options: GuardedSpawn): ChildProcess {
  const { command, args, env, cwd, logFd, channel } = options;
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'holdfast-guard', command, ...args], {
    env,
    ...(cwd ? { cwd } : {}),
    detached: true,
    stdio: ['ignore', logFd, logFd, channel === 'ipc' ? 'ipc' : 'ignore', 'pipe'],
  });
  const guard = child.stdio[4];
  if (guard instanceof Socket) {
    // The guard may be gone before its line arrives; then there is nobody left to tell.
    guard.on('error', () => guard.destroy());
    child.once('exit', () => guard.end('done\n'));
  }
  return child;
}
