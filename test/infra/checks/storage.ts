/**
 * Whatever holds data is encrypted, is kept for a bounded time, and goes or stays with its stage: a sandbox leaves nothing behind,
 * production loses nothing by accident.
 */
import type { Stage } from '../../../core/topology-aws.ts';
import { listOf, objectOf, written } from '../intrinsics.ts';
import {
  type Finding,
  type Properties,
  type Resource,
  resourcesOf,
  type Template,
  type Templates,
} from '../templates.ts';

type Rule = readonly [holds: boolean, problem: string];

export function checkStorage(templates: Templates, stage: Stage): readonly Finding[] {
  return [...templates].flatMap(([stack, template]) => [
    ...Object.entries(template.Resources).flatMap(([id, resource]) =>
      (RULES[resource.Type]?.(resource.Properties ?? {}, stage) ?? [])
        .concat(RULES[resource.Type] ? removal(resource, stage) : [])
        .filter(([holds]) => !holds)
        .map(([, problem]) => `${stack}/${id}: ${problem}`),
    ),
    ...withoutLog(template).map((name) => `${stack}: ${name} has no log group of its own`),
    ...(stage === 'sandbox' ? notEmptied(template).map((id) => `${stack}/${id}: is not emptied before it goes`) : []),
  ]);
}

const isSet = (value: unknown) => value !== undefined;

const RULES: Readonly<Record<string, (of: Properties, stage: Stage) => readonly Rule[]>> = {
  'AWS::DynamoDB::Table': (table, stage) => [
    ...recoverable(table),
    [table.DeletionProtectionEnabled === (stage === 'production'), 'deletion protection does not fit the stage'],
    [encryptedAtRest(table), 'a key of a customer costs money for each request'],
  ],
  'AWS::DynamoDB::GlobalTable': (table, stage) => [
    ...listOf(table.Replicas).flatMap((replica): readonly Rule[] => [
      ...recoverable(objectOf(replica)),
      [
        objectOf(replica).DeletionProtectionEnabled === (stage === 'production'),
        'deletion protection of a replica does not fit the stage',
      ],
    ]),
    [encryptedAtRest(table), 'a key of a customer costs money for each request'],
  ],
  'AWS::SQS::Queue': (queue) => [
    [queue.SqsManagedSseEnabled === true || isSet(queue.KmsMasterKeyId), 'is not encrypted'],
    [isSet(queue.MessageRetentionPeriod), 'does not say how long it keeps messages'],
  ],
  'AWS::S3::Bucket': (bucket) => [
    [isSet(bucket.BucketEncryption), 'is not encrypted'],
    [Object.values(objectOf(bucket.PublicAccessBlockConfiguration)).filter(Boolean).length === 4, 'may be made public'],
    [isSet(bucket.LifecycleConfiguration), 'keeps old versions for ever'],
  ],
  'AWS::Logs::LogGroup': (group) => [[isSet(group.RetentionInDays), 'keeps logs for ever']],
};

/** DynamoDB encrypts everything; `SSEEnabled: false` means with its own key, at no charge. */
const encryptedAtRest = ({ SSESpecification }: Properties) => objectOf(SSESpecification).SSEEnabled !== true;

const recoverable = ({ PointInTimeRecoverySpecification: recovery }: Properties): readonly Rule[] => [
  [objectOf(recovery).PointInTimeRecoveryEnabled === true, 'can not be brought back to a point in time'],
];

function removal(
  { Type, DeletionPolicy, UpdateReplacePolicy, Properties = {} }: Resource,
  stage: Stage,
): readonly Rule[] {
  // What the CDK's own function logs while it empties a bucket exists in a sandbox only.
  const wanted = stage === 'production' ? ['Retain', 'RetainExceptOnCreate'] : ['Delete'];
  const fits = wanted.includes(DeletionPolicy ?? 'Delete') && wanted.includes(UpdateReplacePolicy ?? 'Delete');
  const name = String(Properties.TableName ?? Properties.QueueName ?? '');
  return [[fits, `${Type} ${name}: ${DeletionPolicy ?? 'Delete'} at its end does not fit stage ${stage}`]];
}

/** A function without one gets one from Lambda at its first call, kept for ever and left behind by a destroy. */
function withoutLog(template: Template): readonly string[] {
  const groups = resourcesOf(template, 'AWS::Logs::LogGroup').map(([, group]) => written(template, group.LogGroupName));
  return resourcesOf(template, 'AWS::Lambda::Function')
    .map(([id, { FunctionName }]) => (typeof FunctionName === 'string' ? FunctionName : `<${id}>`))
    .filter((name) => !groups.includes(`/aws/lambda/${name}`));
}

function notEmptied(template: Template): readonly string[] {
  const emptied = resourcesOf(template, 'Custom::S3AutoDeleteObjects').map(([, { BucketName }]) =>
    written(template, BucketName),
  );
  return resourcesOf(template, 'AWS::S3::Bucket')
    .filter(([id]) => !emptied.includes(written(template, { Ref: id })))
    .map(([id]) => id);
}
