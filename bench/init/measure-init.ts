/**
 * `init`: what a cold start of each function costs before its first invocation. Each round loads the bundle in a new process,
 * with the SDK from the checkout as the runtime would have it, and counts processor time, which other work on the machine
 * disturbs less than the clock on the wall.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { textTable } from '../../cli/text-table.ts';
import { findProject } from '../../local/project-root.ts';
import type { BenchRequest, Measured } from '../bench.ts';
import { summarise } from '../statistics.ts';
import { bundleFunction, FUNCTION_ENTRIES } from './function-bundles.ts';

const ROUNDS = 7;
const LOAD_MS_MAX = 30_000;
const COLUMNS = [
  { title: 'function' },
  { title: 'bytes', align: 'right' },
  { title: 'init, ms of CPU (median)', align: 'right' },
] as const;
const run = promisify(execFile);

const LOAD = `const before = process.cpuUsage();
await import(process.env.BUNDLE);
const { user, system } = process.cpuUsage(before);
process.stdout.write(String((user + system) / 1000));
process.exit(0);`;

export async function measureInit({ quick, rounds, onProgress }: BenchRequest): Promise<Measured> {
  const count = rounds ?? (quick ? 1 : ROUNDS);
  const { rootDir } = findProject();
  // Inside the checkout, so that the SDK resolves.
  const folder = join(rootDir, '.holdfast');
  mkdirSync(folder, { recursive: true });
  const dir = mkdtempSync(join(folder, 'init-'));
  try {
    const results = [];
    for (const entry of FUNCTION_ENTRIES) {
      onProgress(entry);
      const { bytes, text } = await bundleFunction(entry);
      const path = join(dir, `${entry.replaceAll('/', '-')}.mjs`);
      writeFileSync(path, text);
      const cpuMs: number[] = [];
      for (let round = 0; round < count; round++) cpuMs.push(await loadOnce(path));
      results.push({ entry, bytes, initCpuMs: summarise(cpuMs) });
    }
    const rows = results.map(({ entry, bytes, initCpuMs }) => [entry, `${bytes}`, `${Math.round(initCpuMs.median)}`]);
    const text = textTable(COLUMNS, rows);
    return { settings: { rounds: count }, versions: {}, results, text };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function loadOnce(path: string): Promise<number> {
  const env = { ...ENVIRONMENT, BUNDLE: pathToFileURL(path).href, PATH: process.env.PATH ?? '' };
  const options = { env, timeout: LOAD_MS_MAX };
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', LOAD], options);
  return Number(stdout);
}

/** What the stacks would set: a module reads its settings while it loads. */
const ENVIRONMENT = {
  AWS_LAMBDA_FUNCTION_NAME: 'holdfast-c01',
  AWS_REGION: 'us-east-1',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  HOLDFAST_CELL: 'c01',
  HOLDFAST_REGION: 'us-east-1',
  HOLDFAST_PEER: 'us-west-2',
  HOLDFAST_HOME: 'us-east-1',
  HOLDFAST_LEASE_TTL_MS: '300000',
  HOLDFAST_RENEW_EVERY_MS: '60000',
  HOLDFAST_FENCE_SHARDS: '4',
  HOLDFAST_PEER_LOSS: 'continue',
  HOLDFAST_RELEASE: 'r1',
  HOLDFAST_KEEPERS: 'economy',
  HOLDFAST_SERVICE_URLS: '{"cart":"https://a.test","catalog":"https://b.test","checkout":"https://c.test"}',
  PAYMENTS_URL: 'https://abc.lambda-url.us-east-1.on.aws/',
};
