import { describe, expect, it } from '@jest/globals';
import type { StackState } from '../../../control/deploy/stack-standing.ts';
import type { AccountEyes } from '../../../control/doctor/account-eyes.ts';
import { examineAccount } from '../../../control/doctor/examine-account.ts';
import type { SynthesisedStack } from '../../../control/doctor/synthesised-app.ts';
import { PlatformError } from '../../../core/errors.ts';
import type { RegionName } from '../../../core/ids.ts';
import type { Topology } from '../../../core/topology.ts';
import config from '../../../platform.config.ts';
import { inState } from '../deploy/scripted-stacks.ts';

const identity = { account: '123456789012', arn: 'arn:aws:iam::123456789012:user/tester' };
const stack = (region: string): SynthesisedStack => ({
  ...{ stack: `holdfast-cell-c01-${region}`, region, account: identity.account, bootstrapVersionMin: 6 },
  resources: [
    { type: 'AWS::DynamoDB::GlobalTable', properties: { TableName: 'holdfast-c01', Replicas: [{ Region: region }] } },
    {
      type: 'AWS::Lambda::Function',
      properties: { FunctionName: 'holdfast-c01-cart', ReservedConcurrentExecutions: 30 },
    },
    { type: 'AWS::S3::Bucket', properties: { BucketName: `holdfast-map-${region}` } },
    { type: 'AWS::Logs::LogGroup', properties: { LogGroupName: '/aws/lambda/holdfast-c01-cart' } },
    { type: 'AWS::IAM::Role', properties: {} },
  ],
});
const app = config.regions.map(stack);

const READY: AccountEyes = {
  identity: async () => identity,
  regionOpen: async () => true,
  bootstrapVersion: async () => 30,
  stacks: async () => [],
  concurrency: async () => ({ limit: 1_000, unreserved: 1_000 }),
  tables: async () => ['another'],
  functions: async () => [],
  logGroups: async () => [],
  bucket: async () => 'absent',
  roles: async () => ({ used: 10, quota: 1_000 }),
};

async function troubles(change: Partial<AccountEyes>, topology: Topology = config) {
  const findings = await examineAccount({ topology, identity, app, eyes: { ...READY, ...change } });
  return findings.filter(({ level }) => level !== 'ok');
}

const ofEast =
  <T>(there: T, elsewhere: T) =>
  async (region: string) =>
    region === 'us-east-1' ? there : elsewhere;

describe('the doctor on an account', () => {
  it('finds nothing in one that is ready', async () => {
    expect(await troubles({})).toEqual([]);
  });

  const cases: readonly {
    readonly what: string;
    readonly eyes: Partial<AccountEyes>;
    readonly check: string;
    readonly remedy: string;
  }[] = [
    {
      what: 'a region that is switched off',
      eyes: { regionOpen: ofEast(false, true) },
      check: 'region',
      remedy: 'enable-region --region-name us-east-1',
    },
    {
      what: 'a region without bootstrap',
      eyes: { bootstrapVersion: ofEast<number | null>(null, 30) },
      check: 'bootstrap',
      remedy: 'cdk bootstrap aws://123456789012/us-east-1',
    },
    {
      what: 'a bootstrap that is too old',
      eyes: { bootstrapVersion: ofEast<number | null>(5, 30) },
      check: 'bootstrap',
      remedy: 'cdk bootstrap',
    },
    {
      what: 'too little concurrency',
      eyes: { concurrency: ofEast({ limit: 100, unreserved: 100 }, { limit: 1_000, unreserved: 1_000 }) },
      check: 'lambda-concurrency',
      remedy: '--desired-value 130',
    },
    {
      what: 'too few roles',
      eyes: { roles: async () => ({ used: 999, quota: 1_000 }) },
      check: 'iam-roles',
      remedy: '--desired-value 1001',
    },
    {
      what: 'a table of that name',
      eyes: { tables: ofEast<readonly string[]>(['holdfast-c01'], []) },
      check: 'names',
      remedy: 'delete-table --table-name holdfast-c01',
    },
    {
      what: 'a function of that name',
      eyes: { functions: ofEast<readonly string[]>(['holdfast-c01-cart'], []) },
      check: 'names',
      remedy: 'delete-function',
    },
    {
      what: 'a log group of that name',
      eyes: {
        logGroups: async (region, prefix) =>
          region === 'us-east-1' && prefix.startsWith('/aws') ? ['/aws/lambda/holdfast-c01-cart'] : [],
      },
      check: 'names',
      remedy: 'delete-log-group',
    },
    {
      what: "somebody else's bucket of that name",
      eyes: { bucket: async (_, region) => (region === 'us-east-1' ? 'elsewhere' : 'absent') },
      check: 'names',
      remedy: 's3 rb',
    },
    {
      what: 'a stack of that name that is not ours',
      eyes: {
        stacks: async (region) =>
          region === 'us-east-1'
            ? [{ stack: `holdfast-cell-c01-${region}`, region, state: inState('CREATE_COMPLETE', { stage: null }) }]
            : [],
      },
      check: 'stack-names',
      remedy: 'none of our tags',
    },
  ];

  it.each(cases)('finds $what, with the remedy', async ({ eyes, check, remedy }) => {
    expect(await troubles(eyes)).toMatchObject([{ check, level: 'blocker', remedy: expect.stringContaining(remedy) }]);
  });

  const standing = (status: string, change: Partial<StackState> = {}) => ({
    stacks: async (region: string) => [
      { stack: `holdfast-cell-c01-${region}`, region: region as RegionName, state: inState(status, change) },
    ],
  });

  it.each([
    ['UPDATE_IN_PROGRESS', 'is still being changed', 'waits for that first'],
    ['ROLLBACK_COMPLETE', 'could not be created', 'deletes that and begins anew'],
    ['UPDATE_ROLLBACK_FAILED', 'serves what it did before', 'rolls that back first'],
  ])('tells of a run that was cut off, and what the next one does: %s', async (status, seen, remedy) => {
    const found = await troubles(standing(status));
    expect(found).toHaveLength(2);
    expect(found[0]).toMatchObject({
      ...{ check: 'deployment', level: 'unfinished', where: 'us-east-1' },
      ...{ seen: expect.stringContaining(seen), remedy: expect.stringContaining(remedy) },
    });
  });

  it('finds what the next run would refuse: a deletion that stopped half-way', async () => {
    const [first] = await troubles(standing('DELETE_FAILED'));
    expect(first).toMatchObject({
      check: 'deployment',
      level: 'blocker',
      remedy: expect.stringContaining('holdfast destroy'),
    });
  });

  it('tells which stacks are not there yet, and of different releases', async () => {
    const there = {
      stack: 'holdfast-cell-c01-us-east-1',
      region: 'us-east-1' as RegionName,
      state: inState('CREATE_COMPLETE'),
    };
    const half = await troubles({ stacks: ofEast<readonly (typeof there)[]>([there], []) });
    expect(half).toMatchObject([
      { level: 'unfinished', seen: '1 of 2 stacks are there; not yet: holdfast-cell-c01-us-west-2' },
    ]);
    const mixed = async (region: string) => await standing('CREATE_COMPLETE', { release: region }).stacks(region);
    expect(await troubles({ stacks: mixed })).toMatchObject([
      { level: 'unfinished', seen: '2 of 2 stacks are there, of different releases: us-east-1, us-west-2' },
    ]);
  });

  it('finds an arbiter whose regions can not be strongly consistent together', async () => {
    const arbiter = { ...config.arbiter, witness: 'eu-west-1' } as Topology['arbiter'];
    const found = await troubles({}, { ...config, arbiter });
    expect(found.map(({ check, level }) => `${check} ${level}`)).toEqual(['topology blocker', 'topology blocker']);
    expect(found[0]?.remedy).toContain('Allowed: eu-west-2, eu-west-3, eu-central-1');
  });

  it('counts what exists as ours, not as a clash and not twice', async () => {
    const stacks: AccountEyes['stacks'] = async (region) => [
      { stack: `holdfast-cell-c01-${region}`, region, state: inState('CREATE_COMPLETE') },
    ];
    const tables = async () => ['holdfast-c01'];
    expect(await troubles({ stacks, tables, concurrency: async () => ({ limit: 130, unreserved: 100 }) })).toEqual([]);
  });

  it('says what it may not see, and does not call it well', async () => {
    const roles = async () =>
      Promise.reject(
        new PlatformError({ code: 'FORBIDDEN', kind: 'caller', effect: 'none', message: 'may not count roles' }),
      );
    expect(await troubles({ roles })).toMatchObject([
      { check: 'iam-roles', level: 'not-checked', seen: 'may not count roles' },
    ]);
  });
});
