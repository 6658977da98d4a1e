/**
 * What makes a cell's functions safe to leave alone: services that can't take the account's concurrency and that only IAM lets
 * in, a doorbell that gives up in time and says what it gave up, and schedules that come by behind it.
 */
import { SERVICES } from '../../../core/topology-aws.ts';
import { listOf, objectOf, written } from '../intrinsics.ts';
import { type Finding, type Properties, resourcesOf, type Template } from '../templates.ts';

/** Who is called by the minute, and why. */
const SCHEDULED: Readonly<Record<string, string>> = {
  keeper: 'keeps the lease',
  replicator: 'sweeps the journal behind the doorbell',
  relay: 'hands on what requests left in the outbox',
};
/** A stream keeps its records for a day; a doorbell that rings longer than this is none. */
const RETRIES_MAX = 10;
const AGE_S_MAX = 3_600;

export function checkCell(template: Template): readonly Finding[] {
  return [...services(template), ...doorbell(template), ...schedules(template)];
}

function idOf(template: Template, type: string, holds: (properties: Properties) => boolean): string {
  return resourcesOf(template, type).find(([, properties]) => holds(properties))?.[0] ?? '';
}

const functionOf = (template: Template, name: string) =>
  idOf(template, 'AWS::Lambda::Function', ({ FunctionName }) => String(FunctionName).endsWith(`-${name}`));

const aliasOf = (template: Template, name: string) =>
  idOf(
    template,
    'AWS::Lambda::Alias',
    (it) => it.Name === 'live' && objectOf(it.FunctionName).Ref === functionOf(template, name),
  );

function services(template: Template): readonly Finding[] {
  return SERVICES.flatMap((name) => {
    const id = functionOf(template, name);
    const { ReservedConcurrentExecutions: reserved } = template.Resources[id]?.Properties ?? {};
    const urls = resourcesOf(template, 'AWS::Lambda::Url').filter(
      ([, it]) => written(template, it.TargetFunctionArn) === `<${id}.Arn>`,
    );
    const [[, url] = ['', {} as Properties]] = urls;
    return [
      ...(Number(reserved) > 0 ? [] : [`${name}: no concurrency is reserved`]),
      ...(urls.length === 1 ? [] : [`${name}: has ${urls.length} URLs`]),
      ...(url.AuthType === 'AWS_IAM' ? [] : [`${name}: anybody may call its URL`]),
      ...(url.Qualifier === 'live' ? [] : [`${name}: its URL is not that of the alias`]),
    ];
  });
}

function doorbell(template: Template): readonly Finding[] {
  const mappings = resourcesOf(template, 'AWS::Lambda::EventSourceMapping');
  const [[, mapping] = ['', {} as Properties]] = mappings;
  const queue = written(template, objectOf(objectOf(mapping.DestinationConfig).OnFailure).Destination);
  const queueId = /^<(\w+)\.Arn>$/.exec(queue)?.[1] ?? '';
  const table = /^<(\w+)\.StreamArn>$/.exec(written(template, mapping.EventSourceArn))?.[1] ?? '';
  const within = (value: unknown, max: number) => Number(value) >= 0 && Number(value) <= max;
  const rules: readonly (readonly [boolean, string])[] = [
    [mappings.length === 1, `the stream rings ${mappings.length} functions`],
    [
      JSON.stringify(mapping.FunctionName ?? '').includes(`"${aliasOf(template, 'replicator')}"`),
      'it does not ring the replicator',
    ],
    [template.Resources[table]?.Type === 'AWS::DynamoDB::Table', "it does not listen to the cell's table"],
    [mapping.StartingPosition === 'TRIM_HORIZON', 'it misses what was written while it was made'],
    [mapping.BisectBatchOnFunctionError === true, 'one bad record takes its batch along'],
    [listOf(mapping.FunctionResponseTypes ?? []).includes('ReportBatchItemFailures'), 'it repeats what was done'],
    [within(mapping.MaximumRetryAttempts, RETRIES_MAX), 'it tries for ever'],
    [within(mapping.MaximumRecordAgeInSeconds, AGE_S_MAX), 'it rings for what is long past'],
    [template.Resources[queueId]?.Type === 'AWS::SQS::Queue', 'nobody is told what it gave up'],
  ];
  return rules.filter(([holds]) => !holds).map(([, problem]) => `doorbell: ${problem}`);
}

function schedules(template: Template): readonly Finding[] {
  const called = resourcesOf(template, 'AWS::Events::Rule')
    .filter(([, { State, ScheduleExpression: at }]) => State === 'ENABLED' && at === 'rate(1 minute)')
    .flatMap(([, { Targets }]) => listOf(Targets ?? []).map((target) => written(template, objectOf(target).Arn)));
  return Object.entries(SCHEDULED)
    .filter(([name]) => !called.includes(`<${aliasOf(template, name)}>`))
    .map(([name, why]) => `${name}: nobody calls it by the minute, and it ${why}`);
}
