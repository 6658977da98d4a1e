/** Starts `supervisor-process.ts` in a process of its own and waits until it says that its platform is ready. */
import { type ChildProcess, fork } from 'node:child_process';

export interface ForkedSupervisor {
  readonly supervisor: ChildProcess;
  readonly routers: Readonly<Record<string, string>>;
  readonly dataDir: string;
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
}

/** With a temporary directory of its own: any start clears up what dead platforms left in the one that all share. */
export function forkSupervisor(
  script: string,
  options: Readonly<Record<string, unknown>> & { readonly stateDir: string },
): ChildProcess {
  const env = { PATH: process.env.PATH, TMPDIR: options.stateDir };
  return fork(script, [JSON.stringify(options)], { execArgv: [], env });
}

/** Rejects when it exits instead; what it had to say is on the test's own output. */
export function untilReady(supervisor: ChildProcess): Promise<ForkedSupervisor> {
  return new Promise((resolve, reject) => {
    supervisor.once('message', (told) => resolve({ supervisor, ...(told as Omit<ForkedSupervisor, 'supervisor'>) }));
    supervisor.once('exit', (code) => reject(new Error(`The supervisor exited with ${code} before it was ready.`)));
  });
}
