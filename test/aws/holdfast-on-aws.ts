/** The command line against the fake endpoint: a process of its own, as a person starts it, with a home folder of its own. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CREDENTIALS } from './aws-request.ts';

const LAUNCHER = fileURLToPath(new URL('../../cli/holdfast.mjs', import.meta.url));

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  /** Of the fake. */
  readonly endpoint: string;
  /** Home and working folder. */
  readonly cwd: string;
  readonly signedIn?: boolean;
}

export function holdfastOnAws(
  args: readonly string[],
  { endpoint, cwd, signedIn = true }: Surroundings,
): Promise<Ended> {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: cwd,
    CDK_HOME: cwd,
    AWS_ENDPOINT_URL: endpoint,
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    ...(signedIn ? CREDENTIALS : {}),
  };
  const child = spawn(process.execPath, [LAUNCHER, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  return new Promise((resolve) => child.on('close', (exitCode) => resolve({ exitCode, ...text })));
}
