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
import {
  cellEnvironment,
  keeperEnvironment,
  publisherEnvironment,
  routerEnvironment,
} from '../../infra/environment.ts';
import { FUNCTIONS, type FunctionName } from '../../infra/functions.ts';
import { findProject } from '../../local/project-root.ts';
import platform from '../../platform.config.ts';
import type { BenchRequest, Measured } from '../bench.ts';
import { summarise } from '../statistics.ts';

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
  const { functions } = await bundleFunctions({ rootDir: findProject().rootDir, topology: platform });
  const results = [];
  for (const [name, { dir }] of functions) {
    onProgress(name);
    const path = join(dir, 'index.mjs');
    const cpuMs: number[] = [];
    for (let round = 0; round < count; round++) cpuMs.push(await loadOnce(path, environmentOf(name)));
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

/** What the stacks set, and Lambda itself: a module reads its settings while it loads. */
function environmentOf(name: FunctionName): Readonly<Record<string, string>> {
  const [cell] = platform.cells;
  if (!cell) throw new RangeError('A topology has a cell.');
  const region = cell.home;
  const { scope } = FUNCTIONS.find((spec) => spec.name === name) ?? { scope: 'region' };
  const map = { topology: platform, region, bucketName: 'holdfast-map', edgeMapArn: null };
  const devIssuer = { issuer: 'http://localhost/issuer', jwks: PUBLIC_KEY };
  return {
    AWS_LAMBDA_FUNCTION_NAME: 'holdfast',
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'none',
    AWS_SECRET_ACCESS_KEY: 'none',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...(scope === 'cell' ? cellEnvironment({ topology: platform, cell, region }) : {}),
    ...(name === 'keeper' ? keeperEnvironment({ topology: platform, serviceUrls: SERVICE_URLS, release: 'r1' }) : {}),
    ...(name === 'checkout' || name === 'relay' ? { PAYMENTS_URL: 'https://abc.lambda-url.us-east-1.on.aws/' } : {}),
    ...(name === 'router' ? routerEnvironment({ ...map, devIssuer }) : {}),
    ...(name === 'publisher' ? publisherEnvironment(map) : {}),
  };
}

/** It verifies nothing here; the router wants to have one. */
const PUBLIC_KEY =
  '{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"bench","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}';

const SERVICE_URLS = '{"cart":"https://a.test","catalog":"https://b.test","checkout":"https://c.test"}';
