import { describe, expect, it } from '@jest/globals';
import { planDeploy } from '../../../control/deploy/deploy-plan.ts';
import { synthesise } from '../../../infra/app.ts';
import config from '../../../platform.config.ts';
import { plainBundles } from '../../infra/plain-bundles.ts';

describe('the plan and the CDK app', () => {
  it('have the same stacks in the same regions, and none is deployed before what it depends on', () => {
    const devIssuer = { issuer: 'https://issuer.test', jwks: '{"keys":[]}' };
    const { stacks } = synthesise(config, { bundles: plainBundles(), devIssuer, validate: false });
    const plan = planDeploy(config);
    const order = plan.map(({ stack }) => stack);
    const placed = stacks.map(({ stackName, environment }) => `${stackName} ${environment.region}`);
    expect(placed.sort()).toEqual(plan.map(({ stack, region }) => `${stack} ${region}`).sort());
    for (const { stackName, dependencies } of stacks) {
      const before = order.slice(0, order.indexOf(stackName));
      const needs = dependencies.map(({ id }) => id).filter((id) => order.includes(id));
      expect(before).toEqual(expect.arrayContaining(needs));
    }
  });
});
