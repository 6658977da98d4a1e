/**
 * A role allows what its function calls, and nothing else. What code calls is read off the code (`calls/function-calls.ts`); what
 * Lambda does in a function's name (logs, its stream, what could not be delivered, AWS FIS) follows from what the template sets.
 */
import { SERVICES } from '../../../core/topology-aws.ts';
import { listOf, objectOf, written } from '../intrinsics.ts';
import { type Finding, type Properties, resourcesOf, type Template } from '../templates.ts';

/** Of each function, by the last part of its name: what its code calls. */
export type CallsByFunction = ReadonlyMap<string, readonly string[]>;

export interface Place {
  readonly region: string;
  /** All regions of the platform. */
  readonly regions: readonly string[];
  /** Cells that are none of it are not named. */
  readonly cell: string | null;
}

export function checkPermissions(template: Template, calls: CallsByFunction, place: Place): readonly Finding[] {
  return resourcesOf(template, 'AWS::Lambda::Function').flatMap(([, lambda]) => {
    const { FunctionName } = lambda;
    // The CDK's own, which empties a bucket, has a name that CloudFormation makes up.
    if (typeof FunctionName !== 'string') return [];
    const byCode = calls.get(FunctionName.split('-').at(-1) ?? '');
    if (!byCode) return [`${FunctionName}: nobody knows what its code calls`];
    // Without an edge router nobody tells the publisher of a store at the edge.
    const { HOLDFAST_KVS_ARN } = objectOf(objectOf(lambda.Environment).Variables);
    const called = byCode.filter((call) => HOLDFAST_KVS_ARN !== undefined || !call.endsWith(' edge-map'));
    const wanted = new Set([...called.flatMap(permissionsOf), ...forLambda(template, lambda)]);
    const allowed = new Set(allowedBy(template, { lambda, place }));
    return [
      ...[...wanted].filter((call) => !allowed.has(call)).map((call) => `${FunctionName}: lacks ${call}`),
      ...[...allowed].filter((call) => !wanted.has(call)).map((call) => `${FunctionName}: may ${call}, and never does`),
    ];
  });
}

/** A Function URL asks for two permissions. */
function permissionsOf(call: string): readonly string[] {
  const [, whose] = /^lambda:url (\w+)$/.exec(call) ?? [];
  if (whose === undefined) return [call];
  return [`lambda:InvokeFunctionUrl ${whose}`, `lambda:InvokeFunction ${whose}, through the URL`];
}

/** Source: Lambda developer guide, "Processing records from DynamoDB" and "Capturing discarded batches"; FIS user guide, "Lambda actions". */
function forLambda(template: Template, { FunctionName, Environment }: Properties): readonly string[] {
  const faults = objectOf(objectOf(Environment).Variables).AWS_FIS_CONFIGURATION_LOCATION !== undefined;
  const mappings = resourcesOf(template, 'AWS::Lambda::EventSourceMapping').filter(([, { FunctionName: of }]) =>
    JSON.stringify(of).includes(aliasOf(template, String(FunctionName))),
  );
  return [
    ...['logs:CreateLogStream log', 'logs:PutLogEvents log'],
    ...(faults ? ['s3:ListBucket bucket, below faults/*', 's3:GetObject faults'] : []),
    ...mappings.flatMap(([, { DestinationConfig }]) => [
      ...['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'].map((it) => `dynamodb:${it} stream`),
      ...(DestinationConfig === undefined ? [] : ['sqs:SendMessage dead-letters']),
    ]),
  ];
}

/** The logical id of the function's alias, by which a mapping knows it. */
function aliasOf(template: Template, functionName: string): string {
  const id = resourcesOf(template, 'AWS::Lambda::Function').find(([, it]) => it.FunctionName === functionName)?.[0];
  const alias = resourcesOf(template, 'AWS::Lambda::Alias').find(([, it]) => objectOf(it.FunctionName).Ref === id);
  return `"${alias?.[0] ?? 'no alias'}"`;
}

/** In the same words; what is allowed on anything else than what we know is said as it is written. */
function allowedBy(template: Template, { lambda, place }: { lambda: Properties; place: Place }): readonly string[] {
  const roleId = /^<(\w+)\.Arn>$/.exec(written(template, lambda.Role))?.[1] ?? '';
  const { Policies, ManagedPolicyArns } = template.Resources[roleId]?.Properties ?? {};
  const statements = listOf(Policies ?? []).flatMap((policy) =>
    listOf(objectOf(objectOf(policy).PolicyDocument).Statement ?? []).map(objectOf),
  );
  return [
    ...listOf(ManagedPolicyArns ?? []).map((arn) => `everything of ${written(template, arn)}`),
    ...statements.flatMap(({ Action, Resource, Condition }) => {
      const under = conditionOf(objectOf(Condition));
      const resources = listOf(Resource).map((resource) => written(template, resource));
      const whats = nounsOf(resources, { place, functionName: String(lambda.FunctionName) });
      return listOf(Action).flatMap((action) => whats.map((what) => `${String(action)} ${what}${under}`));
    }),
  ];
}

function conditionOf(condition: Properties): string {
  const { Bool, StringLike } = condition;
  const below = listOf(objectOf(StringLike)['s3:prefix'] ?? []);
  return [
    ...(objectOf(Bool)['lambda:InvokedViaFunctionUrl'] === 'true' ? [', through the URL'] : []),
    ...below.map((prefix) => `, below ${String(prefix)}`),
  ].join('');
}

/** A statement's resources as one word where together they are all of a kind; else each as it is written. */
function nounsOf(resources: readonly string[], of: { place: Place; functionName: string }): readonly string[] {
  const same = (all: readonly string[]) =>
    all.length === resources.length && all.every((arn) => resources.includes(arn));
  const whole = kindsOf(of).find(([, all]) => same(all));
  if (whole) return [whole[0]];
  return resources.map((arn) => {
    if (/^<\w+\.StreamArn>$/.test(arn)) return 'stream';
    if (/^<DeadLetters\w+\.Arn>$/.test(arn)) return 'dead-letters';
    return arn;
  });
}

type Kind = readonly [noun: string, arns: readonly string[]];

function kindsOf({ place, functionName }: { place: Place; functionName: string }): readonly Kind[] {
  const { region, regions, cell } = place;
  const table = (at: string, name: string) => `arn:aws:dynamodb:${at}:<account>:table/${name}`;
  const lambda = (at: string, name: string) => `arn:aws:lambda:${at}:<account>:function:${name}`;
  const bucket = `arn:aws:s3:::holdfast-map-<account>-${region}`;
  const peers = regions.filter((each) => each !== region);
  const ofCell: readonly Kind[] = [
    ['own', [table(region, `holdfast-${cell}`)]],
    ['peer', peers.map((at) => table(at, `holdfast-${cell}`))],
  ];
  return [
    ...(cell === null ? [] : ofCell),
    ['arbiter', [table(region, 'holdfast-arbiter')]],
    ['payments', [table(region, 'holdfast-payments')]],
    ['payments', [lambda(region, 'holdfast-payments:live')]],
    ['cells', regions.flatMap((at) => SERVICES.map((service) => lambda(at, `holdfast-*-${service}:live`)))],
    // A probe looks at other regions only, at the version that serves.
    ['routers', peers.map((at) => lambda(at, 'holdfast-router:live'))],
    ['map', [`${bucket}/map.json`]],
    ['faults', [`${bucket}/faults/*`]],
    ['bucket', [bucket]],
    ['edge-map', ['<holdfast-global/EdgeMapArn>']],
    ['log', [`arn:aws:logs:${region}:<account>:log-group:/aws/lambda/${functionName}:log-stream:*`]],
  ];
}
