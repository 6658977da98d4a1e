import { describe, expect, test } from '@jest/globals';
import { validateTopology } from '../../core/topology.ts';
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

  test('what AWS would refuse is refused before anything is made, with every reason', () => {
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
