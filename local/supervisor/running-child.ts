/** A child as the supervisor handles it, whether it is one of ours (`node-child.ts`) or an engine (`engine-child.ts`). */
import type { ChildProcess } from 'node:child_process';
import { PlatformError } from '../../core/errors.ts';

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningChild {
  readonly pid: number;
  /** Resolves with the port it listens on once it serves; rejects with `PROCESS_FAILED` when it won't. */
  readonly ready: Promise<number>;
  /** Resolves when the process is gone. Never rejects. */
  readonly exited: Promise<ChildExit>;
  /** Asks it to go; `drainMs`: after it has finished what is under way, for as long as that. */
  requestShutdown(options?: { readonly drainMs: number }): void;
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
}

export function exitOf(child: ChildProcess): Promise<ChildExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    // Only when the process could not be made at all; then there is no 'exit'.
    child.once('error', () => resolve({ code: null, signal: null }));
  });
}

export function describeExit({ code, signal }: ChildExit): string {
  if (signal) return `ended by ${signal}`;
  return code === null ? 'could not be started' : `exited with code ${code}`;
}

export function processFailed(message: string, cause?: unknown): PlatformError {
  return new PlatformError({
    code: 'PROCESS_FAILED',
    kind: 'dependency',
    effect: 'none',
    message,
    ...(cause === undefined ? {} : { cause }),
  });
}
