/** The estimate against the stacks: what costs by being there, and what is called every minute, is what it counts. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { INVENTORY } from '../../cli/cost/idle-usage.ts';
import { synthesise } from '../../infra/app.ts';
import { functionSpec } from '../../infra/functions.ts';
import platform from '../../platform.config.ts';
import { plainBundles } from '../infra/plain-bundles.ts';

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** Bills by the hour or by the month whatever happens, and has no place in a sandbox that is to cost next to nothing. */
const NEVER = [
  ...['AWS::EC2::NatGateway', 'AWS::EC2::VPCEndpoint', 'AWS::KMS::Key', 'AWS::SecretsManager::Secret'],
  ...['AWS::ElasticLoadBalancingV2::LoadBalancer', 'AWS::WAFv2::WebACL', 'AWS::Route53::HostedZone'],
  ...['AWS::Logs::MetricFilter', 'AWS::Synthetics::Canary', 'AWS::Kinesis::Stream'],
];

const stacks = new Map<string, readonly Resource[]>();
beforeAll(() => {
  const devIssuer = { issuer: 'http://localhost/issuer', jwks: '{"keys":[]}' };
  const assembly = synthesise(platform, { bundles: plainBundles(), devIssuer, validate: false });
  for (const { stackName, template } of assembly.stacks) stacks.set(stackName, Object.values(template.Resources));
}, 120_000);

const of = (type: string, resources: readonly Resource[]) => resources.filter(({ Type }) => Type === type);

/** One alarm over three metrics is billed as three. */
function alarmMetrics(resources: readonly Resource[]): number {
  return of('AWS::CloudWatch::Alarm', resources).reduce((sum, { Properties }) => {
    const metrics = (Properties?.Metrics ?? [{ MetricStat: {} }]) as readonly { readonly MetricStat?: unknown }[];
    return sum + metrics.filter(({ MetricStat }) => MetricStat !== undefined).length;
  }, 0);
}

function perMinute(resources: readonly Resource[]): readonly string[] {
  const rules = of('AWS::Events::Rule', resources);
  expect(rules.map(({ Properties }) => Properties?.ScheduleExpression)).toEqual(rules.map(() => 'rate(1 minute)'));
  return rules
    .map(({ Properties }) => /-?([a-z]+)-every-minute$/.exec(String(Properties?.Name))?.[1] ?? 'unnamed')
    .sort();
}

describe('the estimate of the idle platform', () => {
  it.each([
    ['holdfast-cell-c01-us-east-1', INVENTORY.cell],
    ['holdfast-cell-c02-us-east-1', INVENTORY.cell],
    ['holdfast-region-us-west-2', INVENTORY.region],
    ['holdfast-operations', INVENTORY.operations],
    ['holdfast-global', { alarms: 0, dashboards: 0, perMinute: [] }],
    ['holdfast-entry', { alarms: 0, dashboards: 0, perMinute: [] }],
  ])('counts what stands in %s', (name, inventory) => {
    const resources = stacks.get(name) ?? [];
    expect(resources.length).toBeGreaterThan(0);
    expect({
      alarms: alarmMetrics(resources),
      dashboards: of('AWS::CloudWatch::Dashboard', resources).length,
      perMinute: perMinute(resources),
    }).toEqual({ ...pick(inventory), perMinute: [...inventory.perMinute].sort() });
  });

  it('knows every stack', () => {
    const kinds = [...stacks.keys()].map((name) =>
      name.replace(/^holdfast-(cell|region|global|entry|operations).*$/, '$1'),
    );
    expect(new Set(kinds)).toEqual(new Set(['cell', 'region', 'global', 'entry', 'operations']));
  });

  it('takes the memory of the functions that are called every minute', () => {
    for (const name of ['keeper', 'replicator', 'relay', 'publisher', 'probe'] as const)
      expect([name, functionSpec(name).memoryMb]).toEqual([name, 256]);
    for (const name of ['router', 'cart', 'catalog', 'checkout'] as const)
      expect([name, functionSpec(name).memoryMb]).toEqual([name, 512]);
  });

  it('leaves nothing out that would bill by the hour, because there is none', () => {
    const types = new Set([...stacks.values()].flat().map(({ Type }) => Type));
    expect(NEVER.filter((type) => types.has(type))).toEqual([]);
  });
});

const pick = ({ alarms, dashboards }: { readonly alarms: number; readonly dashboards: number }) => ({
  alarms,
  dashboards,
});
