/** The environment of each function is what its code reads: checked on the code and the templates, and by loading the bundles. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stop } from 'esbuild';
import { cellStackName, regionStackName } from '../../core/aws-names.ts';
import { FUNCTIONS } from '../../infra/functions.ts';
import { callsOf } from './calls/function-calls.ts';
import { checkEnvironment, idleExcuses } from './checks/environment.ts';
import { damaged, picked, type Templates, templateOf, templatesOf } from './templates.ts';
import { EVERYTHING, PRODUCTION } from './topologies.ts';

const CELL = cellStackName('c01', 'us-east-1');
const REGION = regionStackName('us-east-1');
const whole = () => templatesOf({ aws: EVERYTHING });

describe('the environment of a function', () => {
  const read = new Map<string, readonly string[]>();
  beforeAll(async () => {
    for (const { name, entry } of FUNCTIONS) read.set(name, (await callsOf(entry)).variables);
  });
  afterAll(() => stop());
  const check = (templates: Templates) =>
    [CELL, REGION].flatMap((stack) => checkEnvironment(templateOf(templates, stack), read));

  test.each([
    ['a sandbox with everything', EVERYTHING],
    ['a sandbox without an edge router', {}],
    ['production', PRODUCTION],
  ])('is what its code reads, all of it and nothing else: %s', (_what, aws) => {
    expect(check(templatesOf({ aws }))).toEqual([]);
  });

  test('no excuse stands for a variable that nobody reads', () => {
    expect(idleExcuses(read)).toEqual([]);
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

  test('a variable that the code begins to read is found', async () => {
    const { variables } = await callsOf(
      'cell/functions/keeper.ts',
      (text) => `${text}\nexport const added = () => required(env, 'HOLDFAST_MOOD');\n`,
    );
    expect(checkEnvironment(templateOf(whole(), CELL), new Map(read).set('keeper', variables))).toEqual([
      'holdfast-c01-keeper: reads HOLDFAST_MOOD, which nobody sets',
    ]);
  });
});
