/**
 * `init`: what a cold start of each function costs before its first invocation. Each round loads the bundle that is deployed in
 * a new process, with the environment that its stack sets and the SDK from the checkout as the runtime would have it, and counts
 * processor time, which other work on the machine disturbs less than the clock on the wall.
 */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { textTable } from '../../cli/text-table.ts';
import { bundleFunctions } from '../../infra/bundle.ts';
import { findProject } from '../../local/project-root.ts';
import platform from '../../platform.config.ts';
import type { BenchRequest, Measured } from '../bench.ts';
import { summarise } from '../statistics.ts';
import { functionEnvironments } from './function-environments.ts';

const ROUNDS = 7;
const LOAD_MS_MAX = 30_000;
const COLUMNS = [
  { title: 'function' },
  { title: 'bytes', align: 'right' },
  { title: 'init, ms of CPU (median)', align: 'right' },
  { title: 'least', align: 'right' },
] as const;
const run = promisify(execFile);

const LOAD = `const before = process.cpuUsage();
await import(process.env.BUNDLE);
const { user, system } = process.cpuUsage(before);
process.stdout.write(String((user + system) / 1000));
process.exit(0);`;

export async function measureInit({ quick, rounds, onProgress }: BenchRequest): Promise<Measured> {
  const count = rounds ?? (quick ? 1 : ROUNDS);
  const bundles = await bundleFunctions({ rootDir: findProject().rootDir, topology: platform });
  const environmentOf = functionEnvironments(bundles);
  const results = [];
  for (const [name, { dir }] of bundles.functions) {
    onProgress(name);
    const path = join(dir, 'index.mjs');
    const cpuMs: number[] = [];
    for (let round = 0; round < count; round++) cpuMs.push(await loadOnce(path, environmentOf.get(name) ?? {}));
    results.push({ function: name, bytes: statSync(path).size, initCpuMs: summarise(cpuMs) });
  }
  const rows = results.map(({ function: name, bytes, initCpuMs }) => [
    ...[name, `${bytes}`, `${Math.round(initCpuMs.median)}`, `${Math.round(initCpuMs.min)}`],
  ]);
  return { settings: { rounds: count }, versions: {}, results, text: textTable(COLUMNS, rows) };
}

async function loadOnce(path: string, environment: Readonly<Record<string, string>>): Promise<number> {
  const env = { ...environment, BUNDLE: pathToFileURL(path).href, PATH: process.env.PATH ?? '' };
  const options = { env, timeout: LOAD_MS_MAX };
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', LOAD], options);
  return Number(stdout);
}
