import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { planDeploy } from '../../control/deploy/deploy-plan.ts';
import type { DeployReport, StepResult } from '../../control/deploy/run-deploy.ts';
import config from '../../platform.config.ts';
import { writeAssembly } from './assembly-fixture.ts';
import { FakeAws } from './fake-aws.ts';
import { cdkOnAws, type Ended, holdfastOnAws } from './holdfast-on-aws.ts';

/** A dozen processes, most of which load the toolkit; other suites run on the same machine. */
const RUN_MS_MAX = 300_000;
const { regions } = config;
const PLAN = planDeploy(config);

const cwd = mkdtempSync(join(tmpdir(), 'holdfast-aws-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
for (const release of ['r1', 'r2']) writeAssembly(join(cwd, release), PLAN, { release });

let aws: FakeAws;
let endpoint: string;
beforeAll(async () => {
  aws = new FakeAws();
  endpoint = await aws.start();
});
afterAll(() => aws.stop());
afterEach(() => {
  expect(aws.unknown).toEqual([]);
});

const run = (...args: readonly string[]) => holdfastOnAws([...args, '--target', 'aws', '--json'], { endpoint, cwd });
const deploy = (release: string, ...args: readonly string[]) => run('deploy', '--assembly', release, ...args);
const json = ({ stdout, stderr }: Ended) => {
  if (stdout.startsWith('{')) return JSON.parse(stdout);
  throw new Error(`no JSON: ${stdout}\n${stderr}`);
};
const byResult = (report: DeployReport, result: StepResult) =>
  report.outcomes.filter((outcome) => outcome.result === result).map(({ step }) => step.stack);
/** What CloudFormation was told to do since the last question. */
const operations = () => regions.flatMap((region) => aws.cloudFormation(region).operations.splice(0)).sort();
const statuses = () =>
  regions
    .flatMap((region) => [...aws.cloudFormation(region).stacks.values()])
    .filter(({ name }) => name !== 'CDKToolkit')
    .map(({ status }) => status);

// The tests tell one story, in order: an account from its first day to the removal.
describe('holdfast deploy --target aws', () => {
  it(
    'says in one sentence that credentials are missing, exits 1, and has asked nobody anything',
    async () => {
      const args = ['deploy', '--target', 'aws', '--assembly', 'r1'];
      const ended = await holdfastOnAws(args, { endpoint, cwd, signedIn: false });
      expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
      expect(ended.stderr).toMatch(/holdfast: No AWS credentials were found [^.]*: nothing was created\.\n$/);
      expect(aws.log).toEqual([]);
    },
    RUN_MS_MAX,
  );

  it(
    'changes nothing in an account that is not ready, and says what to do',
    async () => {
      aws.bootstrap('us-east-1');
      aws.account.tables.add('us-west-2 holdfast-c01');
      const ended = await deploy('r1');
      expect(ended.exitCode).toBe(1);
      const { findings } = json(ended) as {
        findings: readonly { check: string; level: string; where: string; remedy: string }[];
      };
      expect(findings.filter(({ level }) => level === 'blocker')).toMatchObject([
        { check: 'bootstrap', where: 'us-west-2', remedy: 'npx cdk bootstrap aws://123456789012/us-west-2' },
        {
          check: 'names',
          where: 'us-west-2',
          remedy: expect.stringContaining('delete-table --table-name holdfast-c01'),
        },
      ]);
      expect(operations()).toEqual([]);
      aws.bootstrap('us-west-2');
      aws.account.tables.clear();
    },
    RUN_MS_MAX,
  );

  it(
    'stops at the first stack that fails, names the resource, and says what state each cell is in',
    async () => {
      const reason = 'The account may not have more functions';
      aws
        .cloudFormation('us-east-1')
        .failures.push({ stack: 'holdfast-cell-c01-us-east-1', type: 'AWS::Lambda::Function', reason });
      const ended = await deploy('r1');
      const report = json(ended) as DeployReport;
      expect(ended.exitCode).toBe(1);
      expect(byResult(report, 'failed')).toEqual(['holdfast-cell-c01-us-east-1']);
      expect(report.outcomes.find(({ result }) => result === 'failed')?.detail).toContain(
        `Cart (AWS::Lambda::Function): ${reason}`,
      );
      expect(byResult(report, 'created')).toEqual(PLAN.slice(0, 4).map(({ stack }) => stack));
      expect(report.cells.map(({ regions: each }) => each.map(({ standing }) => standing))).toEqual([
        ['deployed', 'broken'],
        ['nothing', 'nothing'],
        ['nothing', 'nothing'],
      ]);
      aws.cloudFormation('us-east-1').failures.length = 0;
      operations();
    },
    RUN_MS_MAX,
  );

  it(
    'goes on from there, through throttling, a slow answer and answers that break off',
    async () => {
      aws.faults.push(
        {
          action: 'DescribeStackEvents',
          times: 2,
          how: { kind: 'error', status: 400, code: 'Throttling', message: 'Rate exceeded' },
        },
        { action: 'CreateChangeSet', times: 1, how: { kind: 'slow', ms: 1_000 } },
        { action: 'ExecuteChangeSet', times: 1, how: { kind: 'cut', after: true } },
        { action: 'DescribeStacks', times: 1, how: { kind: 'cut', after: false } },
      );
      aws.cloudFormation('us-west-2').slow.set('holdfast-cell-c02-us-west-2', 1);
      const ended = await deploy('r1');
      const report = json(ended) as DeployReport;
      expect(ended.exitCode).toBe(0);
      expect(byResult(report, 'unchanged')).toEqual(PLAN.slice(0, 4).map(({ stack }) => stack));
      expect(report.outcomes[4]).toMatchObject({ repaired: expect.stringContaining('ROLLBACK_COMPLETE') });
      expect(operations()).toEqual(
        ['create', 'delete'].flatMap((verb) =>
          verb === 'delete'
            ? ['delete holdfast-cell-c01-us-east-1']
            : PLAN.slice(4)
                .map(({ stack }) => `create ${stack}`)
                .sort(),
        ),
      );
      expect(new Set(statuses().filter((status) => status !== 'DELETE_COMPLETE'))).toEqual(
        new Set(['CREATE_COMPLETE']),
      );
      expect(aws.faults.map(({ times }) => times)).toEqual([0, 0, 0, 0]);
    },
    RUN_MS_MAX,
  );

  it(
    'leaves alone what is up to date',
    async () => {
      const report = json(await deploy('r1')) as DeployReport;
      expect(byResult(report, 'unchanged')).toHaveLength(PLAN.length);
      expect(operations()).toEqual([]);
    },
    RUN_MS_MAX,
  );

  it(
    'deploys one cell in one region',
    async () => {
      const report = json(await deploy('r2', '--cell', 'c01', '--region', 'us-west-2')) as DeployReport;
      expect(report.cells).toMatchObject([{ cell: 'c01', regions: [{ region: 'us-west-2', release: 'r2' }] }]);
      expect(operations()).toEqual(['update holdfast-cell-c01-us-west-2']);
    },
    RUN_MS_MAX,
  );

  it(
    'leaves later cells on the release before, and rolls back at the next run what could not be rolled back',
    async () => {
      const failure = {
        stack: 'holdfast-cell-c02-us-east-1',
        type: 'AWS::IAM::Role',
        reason: 'Denied',
        rollbackFails: true,
      };
      aws.cloudFormation('us-east-1').failures.push(failure);
      const stopped = json(await deploy('r2')) as DeployReport;
      expect(
        stopped.cells.map(({ regions: each }) => each.map(({ standing, release }) => `${standing} ${release}`)),
      ).toEqual([
        ['deployed r2', 'deployed r2'],
        ['broken r1', 'as-before r1'],
        ['as-before r1', 'as-before r1'],
      ]);
      aws.cloudFormation('us-east-1').failures.length = 0;
      operations();
      const resumed = await deploy('r2');
      expect(json(resumed)).toMatchObject({ state: 'done' });
      expect(operations()).toContain('rollback holdfast-cell-c02-us-east-1');
      expect(statuses()).not.toContain('UPDATE_ROLLBACK_FAILED');
    },
    RUN_MS_MAX,
  );
});

describe('a deployment that somebody interrupts', () => {
  it(
    'says how things stand, is told of by the doctor, and is brought to its end by the next run',
    async () => {
      const fresh = new FakeAws();
      const place = { endpoint: await fresh.start(), cwd };
      fresh.bootstrap(...regions);
      const stack = 'holdfast-cell-c01-us-east-1';
      fresh.cloudFormation('us-east-1').slow.set(stack, 3);
      const command = ['deploy', '--target', 'aws', '--assembly', 'r1'];
      const stopped = await holdfastOnAws(command, { ...place, interruptAt: new RegExp(`\\] ${stack} in`) });
      expect([stopped.exitCode, stopped.stdout]).toEqual([130, '']);
      expect(stopped.stderr).toMatch(
        new RegExp(`interrupted at \\[5/11\\] ${stack} in us-east-1\\. CloudFormation goes on`),
      );
      const doctor = await holdfastOnAws(['doctor', '--target', 'aws', '--assembly', 'r1'], place);
      expect([doctor.exitCode, doctor.stdout]).toEqual([
        0,
        expect.stringMatching(/ of 11 stacks are there; not yet: /),
      ]);
      const resumed = await holdfastOnAws([...command, '--json'], place);
      expect(json(resumed)).toMatchObject({ state: 'done' });
      expect([...new Set(byResult(json(resumed), 'created'))]).toEqual(expect.arrayContaining(['holdfast-entry']));
      await fresh.stop();
    },
    RUN_MS_MAX,
  );
});

describe('plain cdk deploy --all', () => {
  it(
    'deploys the same stacks, and holdfast destroy removes them',
    async () => {
      const fresh = new FakeAws();
      const place = { endpoint: await fresh.start(), cwd };
      fresh.bootstrap(...regions);
      const deployed = await cdkOnAws(['deploy', '--all', '--app', 'r1', '--require-approval', 'never'], place);
      expect([deployed.exitCode, fresh.unknown]).toEqual([0, []]);
      const there = regions.flatMap((region) => [...fresh.cloudFormation(region).stacks.values()]);
      const ours = there.filter(({ name }) => name !== 'CDKToolkit').map(({ name, status }) => [name, status]);
      expect(ours.sort()).toEqual(PLAN.map(({ stack }) => [stack, 'CREATE_COMPLETE']).sort());
      const removed = await holdfastOnAws(['destroy', '--target', 'aws', '--yes', '--json'], place);
      expect(json(removed)).toMatchObject({ state: 'done' });
      await fresh.stop();
    },
    RUN_MS_MAX,
  );
});

describe('the real app', () => {
  it(
    'is synthesised and deployed as a whole, and removed again',
    async () => {
      const fresh = new FakeAws();
      const place = { endpoint: await fresh.start(), cwd };
      fresh.bootstrap(...regions);
      const deployed = await holdfastOnAws(['deploy', '--target', 'aws', '--json'], place);
      expect(byResult(json(deployed), 'created')).toEqual(PLAN.map(({ stack }) => stack));
      const removed = await holdfastOnAws(['destroy', '--target', 'aws', '--yes', '--json'], place);
      expect(json(removed)).toMatchObject({ state: 'done' });
      expect(fresh.unknown).toEqual([]);
      await fresh.stop();
    },
    RUN_MS_MAX,
  );
});

describe('holdfast destroy --target aws', () => {
  it(
    'removes nothing without --yes',
    async () => {
      const ended = await run('destroy');
      expect(ended.exitCode).toBe(2);
      expect(ended.stdout).toContain('repeat with --yes');
      expect(operations()).toEqual([]);
    },
    RUN_MS_MAX,
  );

  it(
    'says what resists, leaves what that stands on, and removes the rest at the next run',
    async () => {
      aws.cloudFormation('us-west-2').undeletable.set('holdfast-cell-c01-us-west-2', 'The bucket is not empty');
      const first = await run('destroy', '--yes');
      expect(first.exitCode).toBe(1);
      expect(json(first).outcomes.filter(({ result }: { result: string }) => result === 'failed')).toMatchObject([
        { detail: expect.stringContaining('The bucket is not empty') },
      ]);
      aws.cloudFormation('us-west-2').undeletable.clear();
      const second = await run('destroy', '--yes');
      expect(second.exitCode).toBe(0);
      expect(new Set(statuses())).toEqual(new Set(['DELETE_COMPLETE']));
    },
    RUN_MS_MAX,
  );
});
