/**
 * Requests go to a published version, and a version is frozen: a change that publishes none would be deployed and never run. So
 * whatever of a function a version freezes is part of the version's id.
 */
import { describe, expect, test } from '@jest/globals';
import { cellStackName } from '../../core/aws-names.ts';
import type { AwsInput } from '../../core/topology-aws.ts';
import { buildApp } from '../../infra/app.ts';
import type { Bundles } from '../../infra/bundle.ts';
import { FUNCTIONS, type FunctionName } from '../../infra/functions.ts';
import { plainBundles } from './plain-bundles.ts';
import { resourcesOf, type Template } from './templates.ts';
import { topologyOf } from './topologies.ts';

const CELL = cellStackName('c01', 'us-east-1');
const plain = plainBundles();

function cellOf({ aws = {}, bundles = plain }: { readonly aws?: AwsInput; readonly bundles?: Bundles } = {}): Template {
  const devIssuer = { issuer: 'http://localhost/issuer', jwks: '{"keys":[]}' };
  const app = buildApp(topologyOf({ aws }), { bundles, devIssuer, validate: false, only: CELL });
  return app.synth().stacks[0]?.template as Template;
}

/** Ids of versions by function, whose folder of code is named after it. */
function versionsOf(template: Template): ReadonlyMap<string, string> {
  const named = new Map(
    resourcesOf(template, 'AWS::Lambda::Function').map(([id, { FunctionName: name }]) => [id, String(name)]),
  );
  return new Map(
    resourcesOf(template, 'AWS::Lambda::Version').map(([id, { FunctionName: of }]) => [
      String(named.get((of as { Ref: string }).Ref)).replace('holdfast-c01-', ''),
      id,
    ]),
  );
}

function changed(after: Template): readonly string[] {
  const before = versionsOf(cellOf());
  return [...versionsOf(after)].filter(([name, id]) => before.get(name) !== id).map(([name]) => name);
}

const OF_A_CELL = FUNCTIONS.filter(({ scope }) => scope === 'cell').map(({ name }) => name);
const withCode = (name: FunctionName): Bundles => {
  const functions = new Map(plain.functions);
  functions.set(name, { dir: plain.functions.get(name)?.dir ?? '', hash: 'another' });
  return { ...plain, functions };
};

describe('a new version', () => {
  test('is published of no function when nothing changed', () => {
    expect(versionsOf(cellOf()).size).toBe(OF_A_CELL.length);
    expect(changed(cellOf())).toEqual([]);
  });

  test('is published of the function whose code changed, and of no other', () => {
    expect(changed(cellOf({ bundles: withCode('cart') }))).toEqual(['cart']);
  });

  test('is published of every function when the release has another name: each tells it in its lines', () => {
    expect(changed(cellOf({ bundles: { ...plain, release: 'release-0002' } }))).toEqual(OF_A_CELL);
  });

  test.each<readonly [string, AwsInput]>([
    ['the environment changed', { keepers: 'fast' }],
    ['the layer of faults was taken out', { faultInjection: false }],
  ])('is published of every function when %s', (_what, aws) => {
    expect(changed(cellOf({ aws })).toSorted()).toEqual(OF_A_CELL.toSorted());
  });

  test('is published of none when only its reserved concurrency changed, which no version freezes', () => {
    expect(changed(cellOf({ aws: { reservedConcurrency: { cart: 5 } } }))).toEqual([]);
  });

  test('knows every property that a function here has', () => {
    const looked = ['Environment', 'Layers', 'MemorySize', 'Timeout', 'Runtime', 'Handler', 'Architectures', 'Role'];
    const notFrozen = ['FunctionName', 'Tags', 'ReservedConcurrentExecutions'];
    const known = new Set([...looked, 'LoggingConfig', 'Code', ...notFrozen]);
    const properties = resourcesOf(cellOf(), 'AWS::Lambda::Function').flatMap(([, all]) => Object.keys(all));
    expect(properties.filter((name) => !known.has(name))).toEqual([]);
  });

  test('is what the alias names', () => {
    const template = cellOf();
    const ids = [...versionsOf(template).values()];
    const aliased = resourcesOf(template, 'AWS::Lambda::Alias').map(
      ([, { FunctionVersion }]) => (FunctionVersion as { 'Fn::GetAtt': readonly string[] })['Fn::GetAtt'][0],
    );
    expect(aliased.toSorted()).toEqual(ids.toSorted());
  });
});
