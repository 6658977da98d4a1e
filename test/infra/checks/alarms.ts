/**
 * An alarm on a metric that nobody emits never rings, and nothing says so. So every metric of every alarm and chart is one that
 * AWS documents for a resource that the platform has, or one that its own code emits, with exactly its dimensions.
 */
import { METRICS_NAMESPACE } from '../../../core/aws-names.ts';
import { listOf, objectOf, written } from '../intrinsics.ts';
import { type Finding, resourcesOf, type Template, type Templates } from '../templates.ts';

/** What our code emits: the dimensions by the name of the metric. */
export type EmittedMetrics = ReadonlyMap<string, readonly string[]>;

/**
 * From "Lambda function metrics", "Function URL metrics", "SQS metrics" and "DynamoDB metrics" of the vendors' guides (2026-11); the
 * dimension is the name of the resource.
 */
const OF_AWS: Readonly<
  Record<string, { readonly type: string; readonly by: string; readonly metrics: readonly string[] }>
> = {
  'AWS/Lambda': {
    type: 'AWS::Lambda::Function',
    by: 'FunctionName',
    metrics: [
      ...[
        'Invocations',
        'Errors',
        'Throttles',
        'Duration',
        'ConcurrentExecutions',
        'IteratorAge',
        'AsyncEventsDropped',
      ],
      ...['UrlRequestCount', 'Url4xxCount', 'Url5xxCount', 'UrlRequestLatency'],
    ],
  },
  'AWS/SQS': {
    type: 'AWS::SQS::Queue',
    by: 'QueueName',
    metrics: ['ApproximateNumberOfMessagesVisible', 'ApproximateAgeOfOldestMessage', 'NumberOfMessagesSent'],
  },
  'AWS/DynamoDB': {
    type: 'AWS::DynamoDB::Table',
    by: 'TableName',
    metrics: ['ThrottledRequests', 'SystemErrors', 'ReadThrottleEvents', 'WriteThrottleEvents', 'TransactionConflict'],
  },
};
/** Lambda reports these over all functions of an account, too. */
const WITHOUT_DIMENSION = ['Throttles', 'Errors', 'Invocations', 'ConcurrentExecutions'];

export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export function checkAlarms(templates: Templates, emitted: EmittedMetrics): readonly Finding[] {
  return [...templates].flatMap(([stack, template]) =>
    resourcesOf(template, 'AWS::CloudWatch::Alarm').flatMap(([, alarm]) => {
      const at = `${stack}: alarm ${written(template, alarm.AlarmName)}`;
      const metrics = metricsOfAlarm(template, alarm);
      return [
        ...(metrics.length === 0 ? [`${at}: looks at nothing`] : []),
        ...metrics.flatMap((metric) =>
          checkMetric(metric, { within: [template], emitted }).map((it) => `${at}: ${it}`),
        ),
        ...deafActions(template, { alarm, templates }).map((it) => `${at}: ${it}`),
      ];
    }),
  );
}

/** `within`: the templates in which the resource must be. */
export function checkMetric(
  { namespace, name, dimensions }: Metric,
  { within, emitted }: { within: readonly Template[]; emitted: EmittedMetrics },
): readonly Finding[] {
  const given = Object.keys(dimensions).sort();
  if (namespace === METRICS_NAMESPACE) {
    const wanted = emitted.get(name);
    if (!wanted) return [`no code emits ${namespace} ${name}`];
    const same = [...wanted].sort().join() === given.join();
    return same ? [] : [`${name} is emitted by ${wanted.join(', ')}, not by ${given.join(', ') || 'nothing'}`];
  }
  const known = OF_AWS[namespace];
  if (!known?.metrics.includes(name)) return [`${namespace} has no metric ${name}`];
  if (given.length === 0) return WITHOUT_DIMENSION.includes(name) ? [] : [`${name} needs a dimension`];
  if (given.join() !== known.by) return [`${name} is reported by ${known.by}, not by ${given.join(', ')}`];
  const value = dimensions[known.by] ?? '';
  const found = within.find((template) => names(template, known).includes(value));
  if (!found) return [`${name} of ${value}: no such ${known.by} here`];
  const needsUrl = name.startsWith('Url') && !hasUrl(found, value);
  return needsUrl ? [`${name} of ${value}: it has no URL`] : [];
}

const names = (template: Template, { type, by }: { type: string; by: string }) =>
  resourcesOf(template, type).map(([id, properties]) => written(template, properties[by]) || `<${id}>`);

function hasUrl(template: Template, functionName: string): boolean {
  const ids = resourcesOf(template, 'AWS::Lambda::Function').filter(([, it]) => it.FunctionName === functionName);
  const urls = resourcesOf(template, 'AWS::Lambda::Url').map(([, { TargetFunctionArn }]) =>
    written(template, TargetFunctionArn),
  );
  return ids.some(([id]) => urls.includes(`<${id}.Arn>`));
}

function metricsOfAlarm(template: Template, alarm: Readonly<Record<string, unknown>>): readonly Metric[] {
  const single = typeof alarm.MetricName === 'string' ? [alarm] : [];
  const parts = listOf(alarm.Metrics ?? []).flatMap((query) => {
    const { Metric } = objectOf(objectOf(query).MetricStat);
    return Metric === undefined ? [] : [objectOf(Metric)];
  });
  return [...single, ...parts].map(({ Namespace, MetricName, Dimensions }) => ({
    namespace: String(Namespace),
    name: String(MetricName),
    dimensions: Object.fromEntries(
      listOf(Dimensions ?? []).map((entry) => {
        const { Name, Value } = objectOf(entry);
        // A queue's name as an attribute of it.
        return [
          String(Name),
          written(template, Value).replace(/^<(\w+)\.QueueName>$/, (_all, id) => written(template, { Ref: id })),
        ];
      }),
    ),
  }));
}

function deafActions(
  template: Template,
  { alarm, templates }: { alarm: Readonly<Record<string, unknown>>; templates: Templates },
): readonly Finding[] {
  const topics = [...templates.values()].flatMap((it) =>
    resourcesOf(it, 'AWS::SNS::Topic').map(([, { TopicName }]) => String(TopicName)),
  );
  return [alarm.AlarmActions, alarm.OKActions]
    .flatMap((actions) => listOf(actions ?? []))
    .map((action) => written(template, action).split(':').at(-1) ?? '')
    .filter((topic) => !topics.includes(topic))
    .map((topic) => `tells ${topic}, which nobody makes`);
}

/** The charts of a dashboard, by region. `chosen`: what its selector puts in. */
export function checkDashboard(
  body: string,
  { templates, emitted, chosen }: { templates: Templates; emitted: EmittedMetrics; chosen: string },
): readonly Finding[] {
  const { variables, widgets } = JSON.parse(body) as {
    variables: readonly { pattern: string }[];
    widgets: readonly { properties: { region: string; metrics: readonly (readonly string[])[] } }[];
  };
  const filled = (text: string) => variables.reduce((it, { pattern }) => it.replaceAll(pattern, chosen), text);
  return widgets.flatMap(({ properties: { region, metrics } }) => {
    const within = [...templates].filter(([stack]) => stack.endsWith(region)).map(([, template]) => template);
    return metrics.flatMap(([namespace = '', name = '', ...rest]) => {
      const pairs = rest.flatMap((key, index) => (index % 2 === 0 ? [[key, filled(rest[index + 1] ?? '')]] : []));
      const metric = { namespace, name, dimensions: Object.fromEntries(pairs) };
      return checkMetric(metric, { within, emitted }).map((it) => `dashboard, ${region}: ${it}`);
    });
  });
}
