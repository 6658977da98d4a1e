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
import { cellStackName, regionStackName } from '../../core/aws-names.ts';
import { synthesise } from '../../infra/app.ts';
import { type Bundles, bundleFunctions } from '../../infra/bundle.ts';
import type { FunctionName } from '../../infra/functions.ts';
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
  const bundles = await bundleFunctions({ rootDir: findProject().rootDir, topology: platform });
  const environmentOf = environments(bundles);
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

async function loadOnce(path: string, environment: Environment): Promise<number> {
  const env = { ...environment, BUNDLE: pathToFileURL(path).href, PATH: process.env.PATH ?? '' };
  const options = { env, timeout: LOAD_MS_MAX };
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', LOAD], options);
  return Number(stdout);
}

/**
 * What the stacks set, read off the templates, and what Lambda itself sets: a module reads its settings while it loads. What is only
 * known once it is deployed is a URL here.
 */
function environments(bundles: Bundles): ReadonlyMap<FunctionName, Environment> {
  const [cell] = platform.cells;
  if (!cell) throw new RangeError('A topology has a cell.');
  const devIssuer = { issuer: 'http://localhost/issuer', jwks: PUBLIC_KEY };
  const stacks = [cellStackName(cell.id, cell.home), regionStackName(cell.home)].flatMap(
    (only) => synthesise(platform, { bundles, devIssuer, validate: false, only }).stacks,
  );
  const functions = stacks.flatMap(({ template }) => Object.values((template as Template).Resources).flatMap(lambdaOf));
  return new Map(
    functions.map(({ FunctionName: name, Environment: { Variables = {} } = {} }) => {
      const set = Object.entries(Variables).map(([variable, value]) => [variable, knownHere(variable, value)]);
      const lambda = { ...OF_LAMBDA, AWS_REGION: cell.home, AWS_LAMBDA_FUNCTION_NAME: name };
      return [name.split('-').at(-1) as FunctionName, { ...lambda, ...Object.fromEntries(set) }];
    }),
  );
}

type Environment = Readonly<Record<string, string>>;
interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: unknown }>>;
}
interface Lambda {
  readonly FunctionName: string;
  readonly Environment?: { readonly Variables?: Readonly<Record<string, unknown>> };
}

const lambdaOf = ({ Type, Properties }: Template['Resources'][string]): readonly Lambda[] => {
  const lambda = Properties as Lambda;
  // The CDK's own, which empties a bucket, has a name that CloudFormation makes up.
  return Type === 'AWS::Lambda::Function' && typeof lambda.FunctionName === 'string' ? [lambda] : [];
};

function knownHere(variable: string, value: unknown): string {
  if (variable === 'HOLDFAST_SERVICE_URLS')
    return JSON.stringify({ cart: URL_HERE, catalog: URL_HERE, checkout: URL_HERE });
  if (variable === 'HOLDFAST_MAP_BUCKET') return 'holdfast-map';
  return typeof value === 'string' && !value.startsWith('{{resolve') ? value : URL_HERE;
}

const URL_HERE = 'https://abc.lambda-url.us-east-1.on.aws';
const OF_LAMBDA = {
  ...{ AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' },
  // The runtime's Node is newer than the one that says this.
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};
/** It verifies nothing here; the router wants to have one. */
const PUBLIC_KEY =
  '{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"bench","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}';
