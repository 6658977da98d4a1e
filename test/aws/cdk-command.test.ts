/** The CDK's own command line on the real app, against the fake endpoint: nothing of ours stands between. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cellStackName, ENTRY_STACK, GLOBAL_STACK, OPERATIONS_STACK, regionStackName } from '../../core/aws-names.ts';
import platform from '../../platform.config.ts';
import { CREDENTIALS } from './aws-request.ts';
import { FakeAws } from './fake-aws.ts';

/** Two synths and two deployments, beside other suites. */
const RUN_MS_MAX = 300_000;
const ONE = cellStackName('c01', 'us-east-1');
const EVERYTHING = [
  ...[GLOBAL_STACK, ENTRY_STACK, OPERATIONS_STACK],
  ...platform.regions.map(regionStackName),
  ...platform.cells.flatMap(({ id, home, standby }) => [cellStackName(id, home), cellStackName(id, standby)]),
];

const home = mkdtempSync(join(tmpdir(), 'holdfast-cdk-'));
let aws: FakeAws;
let endpoint: string;
beforeAll(async () => {
  aws = new FakeAws();
  endpoint = await aws.start();
  aws.bootstrap(...platform.regions);
});
afterAll(async () => {
  await aws.stop();
  rmSync(home, { recursive: true, force: true });
});

/** As a person types it; the rules of CloudFormation have a test of their own. */
function cdk(...args: readonly string[]): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  const env = {
    ...{ PATH: process.env.PATH ?? '', HOME: home, CDK_HOME: home, CDK_VALIDATION: 'false' },
    ...{ AWS_ENDPOINT_URL: endpoint, AWS_EC2_METADATA_DISABLED: 'true', CDK_DISABLE_CLI_TELEMETRY: 'true' },
    ...CREDENTIALS,
  };
  const all = [...args, '--output', join(home, 'cdk.out'), '--ci'];
  const child = spawn(join('node_modules', '.bin', 'cdk'), all, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.on('close', (exitCode) => resolve({ exitCode, output })));
}

const createdIn = (region: string) =>
  aws
    .cloudFormation(region)
    .operations.splice(0)
    .map((operation) => operation.replace(/^create /, ''));

describe('npx cdk', () => {
  it(
    'deploy --all makes every stack, each after those that it needs',
    async () => {
      const { exitCode, output } = await cdk('deploy', '--all', '--require-approval', 'never');
      expect({ exitCode, end: exitCode === 0 ? '' : output.slice(-2_000) }).toEqual({ exitCode: 0, end: '' });
      const [east, west] = [createdIn('us-east-1'), createdIn('us-west-2')];
      expect([...east, ...west].toSorted()).toEqual(EVERYTHING.toSorted());
      expect(east[0]).toBe(GLOBAL_STACK);
      expect(east.indexOf(regionStackName('us-east-1'))).toBeLessThan(east.indexOf(ONE));
      expect(west[0]).toBe(regionStackName('us-west-2'));
      expect(aws.unknown).toEqual([]);
    },
    RUN_MS_MAX,
  );

  it(
    'deploy -e deploys one cell in one region, and nothing else',
    async () => {
      for (const region of platform.regions) aws.cloudFormation(region).stacks.clear();
      aws.bootstrap(...platform.regions);
      expect((await cdk('deploy', '-e', ONE, '--require-approval', 'never')).exitCode).toBe(0);
      expect([createdIn('us-east-1'), createdIn('us-west-2')]).toEqual([[ONE], []]);
    },
    RUN_MS_MAX,
  );
});
