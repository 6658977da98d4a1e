import { describe, expect, test } from '@jest/globals';
import { CELL_METRICS, METRIC_DIMENSIONS } from '../../cell/functions/emit-metrics.ts';
import { OPERATIONS_STACK } from '../../core/aws-names.ts';
import { CELL_FAILED } from '../../router/lambda/failure-metric.ts';
import { PROBE_FAILED } from '../../router/lambda/probe-metrics.ts';
import { checkAlarms, checkDashboard, type EmittedMetrics } from './checks/alarms.ts';
import { checkExperiments } from './checks/experiments.ts';
import { checkUrlCallers } from './checks/url-callers.ts';
import { type DraftResource, damaged, picked, resourcesOf, templateOf, templatesOf } from './templates.ts';
import { EVERYTHING } from './topologies.ts';

const CELL = 'holdfast-cell-c01-us-east-1';
const REGION = 'holdfast-region-us-east-1';
const whole = () => templatesOf({ aws: EVERYTHING });
/** What the code emits, by what the code itself says. */
const EMITTED: EmittedMetrics = new Map<string, readonly string[]>([
  ...Object.keys(CELL_METRICS).map((name) => [name, METRIC_DIMENSIONS] as const),
  ...[CELL_FAILED, PROBE_FAILED].map(({ name, dimensions }) => [name, dimensions] as const),
]);

describe('alarms', () => {
  test('each looks at something that is reported, and tells somebody', () => {
    expect(checkAlarms(whole(), EMITTED)).toEqual([]);
    const alarms = [...whole().values()].flatMap((template) => resourcesOf(template, 'AWS::CloudWatch::Alarm'));
    expect(alarms.length).toBe(4 * 5 + 2 * 4);
  });

  type Alarm = DraftResource['Properties'];
  const damages: readonly (readonly [string, (alarm: Alarm) => void, string])[] = [
    ['a metric that nobody reports', (it) => (it.MetricName = 'Failures'), 'AWS/Lambda has no metric Failures'],
    [
      'a function that is not there',
      (it) => (it.Dimensions = [{ Name: 'FunctionName', Value: 'holdfast-c01-keper' }]),
      'Errors of holdfast-c01-keper: no such FunctionName here',
    ],
    [
      'another dimension than it is reported by',
      (it) => (it.Dimensions = [{ Name: 'Function', Value: 'holdfast-c01-keeper' }]),
      'Errors is reported by FunctionName, not by Function',
    ],
    ['calls by URL of a function that has none', (it) => (it.MetricName = 'Url5xxCount'), 'it has no URL'],
    ['a metric of ours that no code emits', (it) => (it.Namespace = 'Holdfast'), 'no code emits Holdfast Errors'],
    ['nothing', (it) => (it.MetricName = undefined), 'looks at nothing'],
    ['and tells nobody', (it) => (it.AlarmActions = ['arn:aws:sns:x:y:oncall']), 'tells oncall, which nobody makes'],
  ];
  test.each(damages)('one on %s is found', (_what, damage, finding) => {
    const broken = damaged(whole(), CELL, (template) =>
      damage(picked(template, 'AWS::CloudWatch::Alarm', 'KeeperFails').Properties),
    );
    expect(checkAlarms(broken, EMITTED).join('\n')).toContain(finding);
  });
});

describe('the dashboard', () => {
  const bodyOf = () => {
    const [[, dashboard] = ['', {}]] = resourcesOf(templateOf(whole(), OPERATIONS_STACK), 'AWS::CloudWatch::Dashboard');
    return String((dashboard as { DashboardBody?: unknown }).DashboardBody);
  };
  const check = (body: string) =>
    ['c01', 'c02'].flatMap((chosen) => checkDashboard(body, { templates: whole(), emitted: EMITTED, chosen }));

  test('shows, of every cell and in every region, what is reported', () => {
    const { widgets } = JSON.parse(bodyOf()) as { widgets: readonly { properties: { region: string } }[] };
    expect(new Set(widgets.map(({ properties }) => properties.region))).toEqual(new Set(['us-east-1', 'us-west-2']));
    expect(check(bodyOf())).toEqual([]);
  });

  test.each([
    ['a metric of ours that no code emits', 'ReplicationLag', 'Lag', 'no code emits Holdfast Lag'],
    ['a function that is not there', 'holdfast-router', 'holdfast-ruter', 'no such FunctionName here'],
    [
      'a dimension that ours does not have',
      '"cell","CHOSENCELL"',
      '"cells","CHOSENCELL"',
      'is emitted by cell, region',
    ],
    ['a region in which nothing is', '"region":"us-west-2"', '"region":"eu-west-1"', 'no such FunctionName here'],
  ])('with %s is found', (_what, from, to, finding) => {
    const body = bodyOf();
    expect(body).toContain(from);
    expect(check(body.replaceAll(from, to)).join('\n')).toContain(finding);
  });
});

describe('experiments', () => {
  test.each([REGION, 'holdfast-region-us-west-2'])(
    '%s: each action has its targets, and each target is somebody',
    (stack) => {
      expect(checkExperiments(whole(), stack)).toEqual([]);
    },
  );

  type Parts = Record<'Actions' | 'Targets', Record<string, Record<string, unknown>>> & DraftResource['Properties'];
  const damages: readonly (readonly [string, (experiment: Parts) => void])[] = [
    ['its target functions is not defined', (it) => (it.Targets = {})],
    ['target spare: no action uses it', (it) => (it.Targets.spare = { ResourceType: 'aws:lambda:function' })],
    [
      'target functions: nobody is like that',
      (it) => Object.assign(it.Targets.functions ?? {}, { ResourceTags: { a: 'b' } }),
    ],
    [
      "can't hit aws:ec2:instance",
      (it) => Object.assign(it.Targets.functions ?? {}, { ResourceType: 'aws:ec2:instance' }),
    ],
    ['no alarm ends it', (it) => (it.StopConditions = [{ Source: 'none' }])],
  ];
  test.each(damages)('one where %s is found', (finding, damage) => {
    const broken = damaged(whole(), REGION, (template) =>
      damage(picked(template, 'AWS::FIS::ExperimentTemplate', 'DrillsSlowCell').Properties as Parts),
    );
    expect(checkExperiments(broken, REGION).join('\n')).toContain(finding);
  });
});

describe('Function URLs', () => {
  test('each has a caller with both permissions, and nobody has one of them alone', () => {
    expect(checkUrlCallers(whole())).toEqual([]);
  });

  type Statements = { Sid: string }[];
  const withoutSid = (sid: string) => (properties: DraftResource['Properties']) => {
    const [policy] = properties.Policies as { PolicyDocument: { Statement: Statements } }[];
    if (policy) policy.PolicyDocument.Statement = policy.PolicyDocument.Statement.filter(({ Sid }) => Sid !== sid);
  };
  test.each(['CallCells', 'CallCellsUrl'])('a router without its statement %s is found', (sid) => {
    const broken = damaged(whole(), REGION, (template) =>
      withoutSid(sid)(picked(template, 'AWS::IAM::Role', 'Router').Properties),
    );
    expect(checkUrlCallers(broken).join('\n')).toContain('by half only');
  });

  test.each(['lambda:InvokeFunction', 'lambda:InvokeFunctionUrl'])('a public URL without %s is found', (action) => {
    const broken = damaged(whole(), REGION, ({ Resources }) => {
      for (const [id, { Type, Properties }] of Object.entries(Resources)) {
        if (Type === 'AWS::Lambda::Permission' && Properties.Action === action && Properties.Principal === '*') {
          delete Resources[id];
        }
      }
    });
    expect(checkUrlCallers(broken).join('\n')).toMatch(/holdfast-router may/);
  });
});
