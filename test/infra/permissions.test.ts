/**
 * Least privilege, in both directions: what each function's code calls is read off the code, and is exactly what its role allows.
 * That the reading is not blind is shown by programs with a call too many, and by the functions at work in
 * `test/services/lambda-functions.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stop } from 'esbuild';
import { cellStackName, regionStackName } from '../../core/aws-names.ts';
import { FUNCTIONS } from '../../infra/functions.ts';
import { callsOf, type FunctionCalls } from './calls/function-calls.ts';
import { checkPermissions, type Place } from './checks/permissions.ts';
import { type DraftResource, damaged, picked, type Templates, templateOf, templatesOf } from './templates.ts';
import { EVERYTHING, PRODUCTION, topologyOf } from './topologies.ts';

const { regions, cells } = topologyOf({});
const CELL = cellStackName('c01', 'us-east-1');
const REGION = regionStackName('us-east-1');
const whole = () => templatesOf({ aws: EVERYTHING });

const STACKS: readonly (readonly [string, Place])[] = [
  ...regions.map((region) => [regionStackName(region), { region, regions, cell: null }] as const),
  ...cells.flatMap(({ id: cell, home, standby }) =>
    [home, standby].map((region) => [cellStackName(cell, region), { region, regions, cell }] as const),
  ),
];

describe('the role of a function', () => {
  const read = new Map<string, FunctionCalls>();
  beforeAll(async () => {
    for (const { name, entry } of FUNCTIONS) read.set(name, await callsOf(entry));
  });
  // Ends esbuild's own process, which outlives the test otherwise.
  afterAll(() => stop());

  const check = (templates: Templates, stacks = STACKS) => {
    const calls = new Map([...read].map(([name, { calls: of }]) => [name, of]));
    return stacks.flatMap(([stack, place]) => checkPermissions(templateOf(templates, stack), calls, place));
  };

  test('is known whole: nothing in the code was lost on the way', () => {
    expect([...read].filter(([, { lost }]) => lost.length > 0)).toEqual([]);
    expect([...read.values()].filter(({ calls }) => calls.length === 0)).toEqual([]);
  });

  test.each([
    ['a sandbox with everything', EVERYTHING],
    ['a sandbox without an edge router', {}],
    ['production', PRODUCTION],
  ])('allows what its code calls and nothing else: %s', (_what, aws) => {
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

/** Lines that somebody could add to the keeper: each calls what its role does not allow. */
const ADDED: readonly (readonly [string, string, string])[] = [
  ['plainly', 'lacks dynamodb:Query own', "own.query('pk', { deadlineAtMs: 0, limit: 1 })"],
  ['on the peer', 'lacks dynamodb:GetItem peer', "peer.get({ pk: 'a', sk: 'b' }, { deadlineAtMs: 0 })"],
  ['by the kind of a write', 'lacks dynamodb:DeleteItem arbiter', "arbiter.write({ kind: 'delete', key }, bounds)"],
  [
    'in a transaction that is put together elsewhere',
    'lacks dynamodb:DeleteItem own',
    "(() => { const made = [key].map((it) => ({ kind: 'delete', key: it })); return own.transact([...made], bounds); })()",
  ],
  ['from a list', 'lacks dynamodb:BatchWriteItem peer', '[peer].map((table) => table.deleteMany([], bounds))'],
  ['after a promise', 'lacks dynamodb:Query peer', "Promise.resolve(peer).then((table) => table.query('pk', bounds))"],
  [
    'by a write that could be any',
    'lacks dynamodb:ConditionCheckItem arbiter',
    'arbiter.write(JSON.parse(process.argv[2]), bounds)',
  ],
  [
    'in a class of its own',
    'lacks dynamodb:BatchGetItem arbiter',
    'new (class { #table = arbiter; look() { return this.#table.getMany([], bounds); } })().look()',
  ],
];

describe('a call that is added to the code', () => {
  const keeper = (line: string) => (text: string) =>
    `${text}\nconst { own, peer, arbiter } = cell.cell.tables; const [key, bounds] = [{}, {}] as any;\n` +
    `export const added = () => ${line};\n`;
  const checked = async (change: (text: string) => string) => {
    const { calls } = await callsOf('cell/functions/keeper.ts', change);
    const [place] = STACKS.filter(([name]) => name === CELL).map(([, it]) => it);
    if (!place) throw new RangeError(`No stack ${CELL}.`);
    const findings = checkPermissions(templateOf(whole(), CELL), new Map([['keeper', calls]]), place);
    return findings.filter((finding) => finding.startsWith('holdfast-c01-keeper')).join('\n');
  };
  afterAll(() => stop());

  test('is none where nothing was added', async () => {
    expect(await checked((text) => text)).toBe('');
  });

  test.each(ADDED)('%s is found', async (_how, finding, line) => {
    expect(await checked(keeper(line))).toContain(finding);
  });

  test('past the tables is found by its command', async () => {
    const line =
      "import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';\nexport const added = () => new DescribeTableCommand({});";
    expect(await checked((text) => `${text}\n${line}\n`)).toContain('lacks dynamodb:DescribeTable anything');
  });

  test('and one that is taken out leaves a permission that is found', async () => {
    const without = (text: string) =>
      text.replace('await keeperTurn(parts,', 'await (async (_parts: unknown, _of: unknown) => ({}) as any)(parts,');
    const findings = await checked(without);
    expect(findings).toContain('may dynamodb:PutItem own, and never does');
    expect(findings).toContain('may dynamodb:PutItem arbiter, and never does');
  });
});
