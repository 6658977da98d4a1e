/**
 * What each function's code calls and reads is read off the code: its role allows exactly that (least privilege, in both directions),
 * and its environment has exactly that. That the reading is not blind is shown by `added-calls.test.ts`, and by the functions at
 * work in `test/services/lambda-functions.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stop } from 'esbuild';
import { cellStackName, regionStackName } from '../../core/aws-names.ts';
import { FUNCTIONS } from '../../infra/functions.ts';
import { callsOf, type FunctionCalls } from './calls/function-calls.ts';
import { checkEnvironment, idleExcuses } from './checks/environment.ts';
import { checkPermissions, type Place } from './checks/permissions.ts';
import { type DraftResource, damaged, picked, type Templates, templateOf, templatesOf } from './templates.ts';
import { EVERYTHING, PRODUCTION, topologyOf } from './topologies.ts';

const { regions, cells } = topologyOf({});
const CELL = cellStackName('c01', 'us-east-1');
const REGION = regionStackName('us-east-1');
const whole = () => templatesOf({ aws: EVERYTHING });
const CHOICES = [
  ['a sandbox with everything', EVERYTHING],
  ['a sandbox without an edge router', {}],
  ['production', PRODUCTION],
] as const;

const STACKS: readonly (readonly [string, Place])[] = [
  ...regions.map((region) => [regionStackName(region), { region, regions, cell: null }] as const),
  ...cells.flatMap(({ id: cell, home, standby }) =>
    [home, standby].map((region) => [cellStackName(cell, region), { region, regions, cell }] as const),
  ),
];

/** Some five seconds of a processor, which other suites may have to themselves for a while. */
const READ_MS_MAX = 300_000;
const read = new Map<string, FunctionCalls>();
beforeAll(async () => {
  for (const { name, entry } of FUNCTIONS) read.set(name, await callsOf(entry));
}, READ_MS_MAX);
// Ends esbuild's own process, which outlives the test otherwise.
afterAll(() => stop());

describe('the role of a function', () => {
  const check = (templates: Templates, stacks = STACKS) => {
    const calls = new Map([...read].map(([name, { calls: of }]) => [name, of]));
    return stacks.flatMap(([stack, place]) => checkPermissions(templateOf(templates, stack), calls, place));
  };

  test('is known whole: nothing in the code was lost on the way', () => {
    expect([...read].filter(([, { lost }]) => lost.length > 0)).toEqual([]);
    expect([...read.values()].filter(({ calls }) => calls.length === 0)).toEqual([]);
  });

  test.each(CHOICES)('allows what its code calls and nothing else: %s', (_what, aws) => {
    expect(check(templatesOf({ aws }))).toEqual([]);
  });

  type Statement = { Sid: string; Action: string | string[]; Resource: unknown };
  const statement = (role: DraftResource, sid: string): Statement => {
    const [policy] = role.Properties.Policies as { PolicyDocument: { Statement: Statement[] } }[];
    const found = policy?.PolicyDocument.Statement.find(({ Sid }) => Sid === sid);
    if (!found) throw new RangeError(`No statement ${sid} to damage.`);
    return found;
  };
  const change = (sid: string, to: (statement: Statement) => void) => (role: DraftResource) => to(statement(role, sid));
  const without = (action: string) => (it: Statement) => {
    it.Action = [it.Action].flat().filter((each) => each !== action);
  };
  const alsoMay = (action: string) => (it: Statement) => {
    it.Action = [it.Action, action].flat();
  };
  const damages: readonly (readonly [string, string, string, (role: DraftResource) => void])[] = [
    ['lacks dynamodb:GetItem own', CELL, 'Cart', change('TableOwn', without('dynamodb:GetItem'))],
    ['lacks dynamodb:Query peer', CELL, 'Replicator', change('TablePeer', without('dynamodb:Query'))],
    ['lacks dynamodb:PutItem arbiter', CELL, 'Keeper', change('TableArbiter', without('dynamodb:PutItem'))],
    ['lacks dynamodb:GetRecords stream', CELL, 'Replicator', change('Stream', without('dynamodb:GetRecords'))],
    ['lacks s3:GetObject map', REGION, 'Router', change('ReadMap', without('s3:GetObject'))],
    ['lacks lambda:InvokeFunction routers', REGION, 'Probe', change('AskRouters', without('lambda:InvokeFunction'))],
    [
      'lacks lambda:InvokeFunctionUrl payments',
      CELL,
      'Relay',
      change('CallPaymentsUrl', without('lambda:InvokeFunctionUrl')),
    ],
    ['may dynamodb:UpdateItem own, and never does', CELL, 'Cart', change('TableOwn', alsoMay('dynamodb:UpdateItem'))],
    ['may dynamodb:Scan arbiter, and never does', CELL, 'Keeper', change('TableArbiter', alsoMay('dynamodb:Scan'))],
    ['may s3:DeleteObject map, and never does', REGION, 'Publisher', change('WriteMap', alsoMay('s3:DeleteObject'))],
    ['may logs:* log, and never does', CELL, 'Cart', change('Log', alsoMay('logs:*'))],
    [
      'may dynamodb:GetItem *, and never does',
      CELL,
      'Cart',
      change('TableOwn', (it) => {
        it.Resource = '*';
      }),
    ],
    [
      'may everything of arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess, and never does',
      CELL,
      'Keeper',
      (role) => {
        role.Properties.ManagedPolicyArns = ['arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess'];
      },
    ],
  ];
  test.each(damages)('that %s is found (%s, %s)', (finding, stack, id, damage) => {
    const broken = damaged(whole(), stack, (template) => damage(picked(template, 'AWS::IAM::Role', `${id}Role`)));
    const [only] = STACKS.filter(([name]) => name === stack);
    expect(check(broken, only ? [only] : []).join('\n')).toContain(finding);
  });
});

describe('the environment of a function', () => {
  const variables = () => new Map([...read].map(([name, { variables: of }]) => [name, of]));
  const check = (templates: Templates) =>
    [CELL, REGION].flatMap((stack) => checkEnvironment(templateOf(templates, stack), variables()));

  test.each(CHOICES)('is what its code reads, all of it and nothing else: %s', (_what, aws) => {
    expect(check(templatesOf({ aws }))).toEqual([]);
  });

  test('no excuse stands for a variable that nobody reads', () => {
    expect(idleExcuses(variables())).toEqual([]);
  });

  type Variables = Record<string, unknown>;
  const damages: readonly (readonly [string, string, string, (variables: Variables) => void])[] = [
    ['reads HOLDFAST_PEER, which nobody sets', CELL, 'Cart', (it) => delete it.HOLDFAST_PEER],
    ['reads PAYMENTS_URL, which nobody sets', CELL, 'Relay', (it) => delete it.PAYMENTS_URL],
    ['reads HOLDFAST_KEEPERS, which nobody sets', CELL, 'Keeper', (it) => delete it.HOLDFAST_KEEPERS],
    ['reads HOLDFAST_MAP_BUCKET, which nobody sets', REGION, 'Router', (it) => delete it.HOLDFAST_MAP_BUCKET],
    ['is told HOLDFAST_REGON, which it does not read', CELL, 'Cart', (it) => (it.HOLDFAST_REGON = 'us-east-1')],
    ['is told PAYMENTS_URL, which it does not read', CELL, 'Cart', (it) => (it.PAYMENTS_URL = 'https://a.test')],
  ];
  test.each(damages)('that %s is found (%s, %s)', (finding, stack, id, damage) => {
    const broken = damaged(whole(), stack, (template) => {
      const { Environment } = picked(template, 'AWS::Lambda::Function', `${id}Function`).Properties;
      damage((Environment as { Variables: Variables }).Variables);
    });
    expect(check(broken).join('\n')).toContain(finding);
  });
});
