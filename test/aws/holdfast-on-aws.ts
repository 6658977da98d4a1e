/** The command line against the fake endpoint: a process of its own, as a person starts it, with a home folder of its own. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CREDENTIALS } from './aws-request.ts';

const LAUNCHER = fileURLToPath(new URL('../../cli/holdfast.mjs', import.meta.url));
const CDK = fileURLToPath(new URL('../../node_modules/aws-cdk/bin/cdk', import.meta.url));

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
  /** Ctrl-C as soon as this is said on stderr. */
  readonly interruptAt?: RegExp;
}

export function holdfastOnAws(args: readonly string[], surroundings: Surroundings): Promise<Ended> {
  return run([LAUNCHER, ...args], surroundings);
}

/** The CDK's own command line, in the same surroundings. */
export function cdkOnAws(args: readonly string[], surroundings: Surroundings): Promise<Ended> {
  return run([CDK, ...args], surroundings);
}

function run(command: readonly string[], surroundings: Surroundings): Promise<Ended> {
  const { endpoint, cwd, signedIn = true, interruptAt } = surroundings;
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: cwd,
    CDK_HOME: cwd,
    AWS_ENDPOINT_URL: endpoint,
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    ...(signedIn ? CREDENTIALS : {}),
  };
  const child = spawn(process.execPath, command, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  let interrupted = false;
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    text.stderr += chunk.toString();
    if (!interruptAt?.test(text.stderr) || interrupted) return;
    interrupted = true;
    child.kill('SIGINT');
  });
  return new Promise((resolve) => child.on('close', (exitCode) => resolve({ exitCode, ...text })));
}
