import { describe, expect, test } from '@jest/globals';
import { cellStackName } from '../../core/aws-names.ts';
import { checkIndependence } from './checks/independence.ts';
import { damaged, picked, type Template, type Templates, templateOf, templatesOf } from './templates.ts';
import { EVERYTHING, topologyOf } from './topologies.ts';

const HOME = cellStackName('c01', 'us-east-1');
const whole = () => templatesOf({ aws: EVERYTHING });
const cells = topologyOf({}).cells.map(({ id, home, standby }) => ({ id, regions: [home, standby] }));
const RESOURCES_MAX = 200;

const shape = ({ Resources }: Template) =>
  Object.entries(Resources)
    .map(([id, { Type }]) => `${Type} ${id.replace(/[0-9a-f]{32}$/, '')}`)
    .sort();

describe('cell independence', () => {
  test('no cell names, imports from or exports to another one, and what all of them know has its reason', () => {
    expect(checkIndependence(whole(), cells)).toEqual([]);
  });

  test.each([
    [
      'the table of another cell in its environment',
      (env: Record<string, unknown>) => (env.HOLDFAST_OTHER = 'holdfast-c02'),
      'names cell c02',
    ],
    [
      'an import',
      (env: Record<string, unknown>) => (env.HOLDFAST_OTHER = { 'Fn::ImportValue': 'a' }),
      'is tied to another stack by Fn::ImportValue',
    ],
    [
      'a table that all cells would share',
      (env: Record<string, unknown>) => (env.SESSIONS = 'holdfast-sessions'),
      'names holdfast-sessions, which is neither',
    ],
  ])('is lost with %s, and that is found', (_what, add, finding) => {
    const broken = damaged(whole(), HOME, (template) => {
      const { Environment } = picked(template, 'AWS::Lambda::Function', 'Cart').Properties as {
        Environment: { Variables: Record<string, unknown> };
      };
      add(Environment.Variables);
    });
    expect(checkIndependence(broken, cells).join('\n')).toContain(`${HOME}: ${finding}`);
  });

  test('is lost with a thing of one name in two stacks, and that is found', () => {
    const broken = damaged(whole(), 'holdfast-region-us-east-1', (template) => {
      picked(template, 'AWS::Lambda::Function', 'Router').Properties.FunctionName = 'holdfast-c01-cart';
    });
    expect(checkIndependence(broken, cells).join('\n')).toContain('holdfast-c01-cart in us-east-1: made by');
  });

  test('a cell made alone is the cell made with all others', () => {
    const alone = templatesOf({ aws: EVERYTHING, only: HOME });
    expect([...alone.keys()]).toEqual([HOME]);
    expect(templateOf(alone, HOME)).toEqual(templateOf(whole(), HOME));
  });

  test('a cell and a region have the same resources for 1, 3 and 20 cells', () => {
    for (const only of [HOME, 'holdfast-region-us-east-1']) {
      const [one, ...more] = [1, 3, 20].map((count) => shape(templateOf(templatesOf({ cells: count, only }), only)));
      for (const other of more) expect(other).toEqual(one);
    }
  });

  const tooLarge = (templates: Templates) =>
    [...templates]
      .filter(([, { Resources }]) => Object.keys(Resources).length >= RESOURCES_MAX)
      .map(([stack, { Resources }]) => `${stack}: ${Object.keys(Resources).length} resources`);

  test(`no stack has ${RESOURCES_MAX} resources`, () => {
    expect(whole().size).toBe(9);
    expect(tooLarge(whole())).toEqual([]);
    const broken = damaged(whole(), HOME, ({ Resources }) => {
      for (let more = 0; more < RESOURCES_MAX; more++)
        Resources[`More${more}`] = { Type: 'AWS::SNS::Topic', Properties: {} };
    });
    expect(tooLarge(broken).join('\n')).toMatch(new RegExp(`^${HOME}: 2\\d\\d resources$`));
  });
});
