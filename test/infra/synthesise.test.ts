import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Topology, validateTopology } from '../../core/topology.ts';
import { synthesise } from '../../infra/app.ts';
import platform from '../../platform.config.ts';
import { plainBundles } from './plain-bundles.ts';

const plain = () => ({
  bundles: plainBundles(),
  devIssuer: { issuer: 'http://localhost/issuer', jwks: '{"keys":[]}' },
});

describe('the platform as a CDK app', () => {
  test('one cell in one region can be synthesised alone', () => {
    const only = 'holdfast-cell-c01-us-east-1';
    const assembly = synthesise(platform, { ...plain(), validate: false, only });
    expect(assembly.stacks.map(({ stackName }) => stackName)).toEqual([only]);
  });

  const [first, second] = platform.cells;
  const two = (change: object) => [{ ...first, ...change }, ...platform.cells.slice(1)];
  const refused: readonly (readonly [string, object, RegExp])[] = [
    [
      'a region that does not exist',
      { regions: ['us-east-1', 'us-west-9'], arbiter: { replicas: ['us-east-1', 'us-west-9'], witness: 'us-east-2' } },
      /regions\[1\] is no AWS region with strong consistency over regions; seen: "us-west-9"; allowed: us-east-1, /,
    ],
    [
      'regions without strong consistency',
      { regions: ['us-east-1', 'sa-east-1'], arbiter: { replicas: ['us-east-1', 'sa-east-1'], witness: 'us-east-2' } },
      /arbiter\.replicas\[1\] is no AWS region with strong consistency over regions; seen: "sa-east-1"/,
    ],
    [
      'regions of two sets',
      { arbiter: { replicas: ['us-east-1', 'us-west-2'], witness: 'eu-west-1' } },
      /arbiter\.replicas\[0\] lies in another set of regions than the witness eu-west-1 \(EU\); .*; allowed: eu-west-2, /,
    ],
    [
      'a witness among the replicas',
      { arbiter: { replicas: ['us-east-1', 'us-west-2'], witness: 'us-west-2' } },
      /arbiter\.witness is one of the replicas; seen: "us-west-2"; allowed: a third region/,
    ],
    ['two cells of one name', { cells: two({ id: second?.id }) }, /cells\[1\]\.id repeats cells\[0\]\.id; seen: "c02"/],
    [
      'a cell whose table would be the arbiter',
      { cells: two({ id: 'arbiter' }), waves: [['arbiter'], ['c02'], ['c03']] },
      /cells\[0\]\.id would have its table called holdfast-arbiter/,
    ],
    [
      'more reserved concurrency than the account has',
      { aws: { accountConcurrency: 150 } },
      /aws\.reservedConcurrency adds up to more in us-east-1 than the account has; seen: 90; allowed: 50 /,
    ],
  ];
  test.each(refused)('%s is refused with the reason, before anything is made', (_what, change, reason) => {
    const homes = 'regions' in change ? (change.regions as readonly string[]) : platform.regions;
    // Cells follow the regions, so that only what is meant is wrong.
    const cells = platform.cells.map((cell) => ({ ...cell, home: homes[0], standby: homes[1] }));
    const topology = { ...platform, cells, ...change } as unknown as Topology;
    const outdir = join(mkdtempSync(join(tmpdir(), 'holdfast-refused-')), 'cdk.out');
    expect(() => synthesise(topology, { ...plain(), outdir })).toThrow(reason);
    expect(existsSync(outdir)).toBe(false);
  });

  test('all reasons are told at once', () => {
    const elsewhere = validateTopology({
      ...platform,
      arbiter: { replicas: ['us-east-1', 'us-west-2'], witness: 'eu-west-1' },
      aws: { accountConcurrency: 150 },
    });
    expect(() => synthesise(elsewhere, plain())).toThrow(
      /lies in another set of regions[\s\S]*adds up to more in us-east-1/,
    );
  });
});
