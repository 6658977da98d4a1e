import { describe, expect, test } from '@jest/globals';
import { regionName } from '../../core/ids.ts';
import { type TopologyInput, validateTopology } from '../../core/topology.ts';
import { type AwsInput, awsFindings, requireAwsTopology, reservedIn } from '../../core/topology-aws.ts';

const INPUT: TopologyInput = {
  regions: ['us-east-1', 'us-west-2'],
  arbiter: { replicas: ['us-east-1', 'us-west-2'], witness: 'us-east-2' },
  cells: [{ id: 'c01', home: 'us-east-1', standby: 'us-west-2' }],
  waves: [['c01']],
  lease: { ttlMs: 3_000, renewEveryMs: 750 },
  peerLoss: 'continue',
};
const withAws = (aws: unknown) => validateTopology({ ...INPUT, aws: aws as AwsInput });
const on = (change: Partial<TopologyInput>) => validateTopology({ ...INPUT, ...change });

describe('the aws section', () => {
  test('may be left out: a sandbox that costs next to nothing', () => {
    expect(validateTopology(INPUT).aws).toMatchObject({
      ...{ stage: 'sandbox', keepers: 'economy', entry: 'regional', budgetUsdPerMonth: 20, faultInjection: true },
      ...{
        reservedConcurrency: { cart: 10, catalog: 10, checkout: 10 },
        alarmEmail: null,
        domain: null,
        identity: null,
      },
    });
  });

  test('survives being checked again', () => {
    const once = withAws({ reservedConcurrency: { cart: 3 }, alarmEmail: 'oncall@example.com' });
    expect(validateTopology(once)).toEqual(once);
  });

  test.each([
    [{ stage: 'prod' }, /aws\.stage is unknown; seen: "prod"; allowed: sandbox, production/],
    [{ keepers: 'lazy' }, /aws\.keepers is unknown/],
    [{ entry: 'global' }, /aws\.entry is unknown/],
    [{ reservedConcurrency: { cart: 0 } }, /aws\.reservedConcurrency\.cart is out of bounds/],
    [{ reservedConcurrency: { basket: 1 } }, /aws\.reservedConcurrency has an unknown key/],
    [{ faultInjection: 'yes' }, /aws\.faultInjection is neither true nor false/],
    [{ alarmEmail: 'nobody' }, /aws\.alarmEmail is malformed/],
    [{ domain: { name: 'shop.example.com' } }, /aws\.domain\.certificateArn is malformed/],
    [{ identity: { issuer: 'https://id.example.com' } }, /aws\.identity\.jwksUrl is malformed/],
    [{ identity: { issuer: 'http://id', jwksUrl: 'https://id/keys' } }, /aws\.identity\.issuer is malformed/],
    [{ stage: 'production' }, /aws\.identity is missing in stage production/],
    [{ budget: 5 }, /aws has an unknown key/],
  ])('refuses %j', (aws, reason) => {
    expect(() => withAws(aws)).toThrow(reason);
  });

  test('a production stage has an identity provider, and carries no faults unless told so', () => {
    const identity = { issuer: 'https://id.example.com', jwksUrl: 'https://id.example.com/keys' };
    expect(withAws({ stage: 'production', identity }).aws).toMatchObject({ identity, faultInjection: false });
  });
});

describe('what AWS would refuse', () => {
  test('nothing of the default topology', () => {
    expect(awsFindings(validateTopology(INPUT))).toEqual([]);
  });

  test('regions that are only names are for one machine alone', () => {
    const local = on({
      regions: ['north', 'south'],
      arbiter: { replicas: ['north', 'south'], witness: 'west' },
      cells: [{ id: 'c01', home: 'north', standby: 'south' }],
    });
    expect(awsFindings(local).map(({ path }) => path)).toEqual([
      ...['regions[0]', 'regions[1]', 'arbiter.replicas[0]', 'arbiter.replicas[1]', 'arbiter.witness'],
    ]);
    expect(() => requireAwsTopology(local)).toThrow(
      /no AWS region with strong consistency over regions; seen: "north"/,
    );
  });

  test('a witness in another set of regions', () => {
    const mixed = on({ arbiter: { replicas: ['us-east-1', 'us-west-2'], witness: 'eu-west-1' } });
    expect(() => requireAwsTopology(mixed)).toThrow(
      /arbiter\.replicas\[0\] lies in another set of regions than the witness eu-west-1 \(EU\)/,
    );
  });

  test('a region without a replica of the arbiter', () => {
    const apart = on({ regions: ['us-east-1', 'us-west-2', 'us-east-2'] });
    expect(awsFindings(apart)).toEqual([
      expect.objectContaining({ path: 'regions[2]', problem: expect.stringContaining('no replica of the arbiter') }),
    ]);
  });

  test('more reserved executions than the account has, with what would fit', () => {
    const small = withAws({ accountConcurrency: 129 });
    expect(reservedIn(small, regionName('us-east-1'))).toBe(30);
    expect(() => requireAwsTopology(small)).toThrow(
      /adds up to more in us-east-1 than the account has; seen: 30; allowed: 29/,
    );
    expect(awsFindings(withAws({ accountConcurrency: 130 }))).toEqual([]);
  });
});
