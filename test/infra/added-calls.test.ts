/** The reading of code is not blind: a line that is added to the real keeper, or taken out of it, is found by what it calls and reads. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { stop } from 'esbuild';
import { cellStackName } from '../../core/aws-names.ts';
import { callsOf } from './calls/function-calls.ts';
import { checkEnvironment } from './checks/environment.ts';
import { checkPermissions, type Place } from './checks/permissions.ts';
import { templateOf, templatesOf } from './templates.ts';
import { EVERYTHING, topologyOf } from './topologies.ts';

const CELL = cellStackName('c01', 'us-east-1');
const PLACE: Place = { region: 'us-east-1', regions: topologyOf({}).regions, cell: 'c01' };
const keepersStack = () => templateOf(templatesOf({ aws: EVERYTHING }), CELL);

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
    const findings = checkPermissions(keepersStack(), new Map([['keeper', calls]]), PLACE);
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

  test('a variable that the code begins to read is found', async () => {
    const { variables } = await callsOf(
      'cell/functions/keeper.ts',
      (text) => `${text}\nexport const added = () => required(env, 'HOLDFAST_MOOD');\n`,
    );
    const findings = checkEnvironment(keepersStack(), new Map([['keeper', variables]]));
    expect(findings).toContain('holdfast-c01-keeper: reads HOLDFAST_MOOD, which nobody sets');
  });
});
