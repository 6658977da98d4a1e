/** The contenders on Node: proxies of the npm registry, from an installation of their own, and the backend behind all. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProject } from '../../local/project-root.ts';
import { startNodeChild } from '../../local/supervisor/node-child.ts';
import { processLog } from '../../local/supervisor/process-logs.ts';
import type { Scope } from '../scope.ts';
import type { Contender, Skipped } from './contender.ts';

const PEERS = [
  { name: 'fast-proxy', script: 'fast-proxy.mjs' },
  { name: 'http-proxy', script: 'http-proxy.mjs' },
  { name: '@fastify/http-proxy', script: 'fastify-http-proxy.mjs' },
];

export interface Program {
  readonly name: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a program that reports as every process of the platform does. Default flags of Node for all alike. */
export async function startProgram(scope: Scope, program: Program): Promise<{ pid: number; port: number }> {
  const { name, script } = program;
  const env = {
    PATH: process.env.PATH ?? '',
    NODE_ENV: 'production',
    HOLDFAST_PROCESS: name,
    ...program.env,
  };
  const log = processLog(scope.dir, name.replace('/', '-'));
  const child = log.withFd((logFd) => startNodeChild({ name, script, nodeFlags: [], env, logFd }));
  scope.own(child);
  return { pid: child.pid, port: await child.ready };
}

export const programPath = (file: string): string => join(findProject().rootDir, 'bench', 'router', 'programs', file);

export function startPeers(scope: Scope, backendUrl: string): Promise<readonly (Contender | Skipped)[]> {
  return Promise.all(
    PEERS.map(async ({ name, script }) => {
      const version = installedVersion(name);
      if (version === null) return { name, reason: 'not installed: run npm ci --prefix bench' };
      const env = { BENCH_BACKEND: backendUrl };
      const running = await startProgram(scope, { name, script: programPath(script), env });
      return { name, kind: 'node' as const, version, ...running };
    }),
  );
}

function installedVersion(name: string): string | null {
  const path = join(findProject().rootDir, 'bench', 'node_modules', name, 'package.json');
  if (!existsSync(path)) return null;
  return String((JSON.parse(readFileSync(path, 'utf8')) as { version?: unknown }).version);
}
