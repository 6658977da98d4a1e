/** The app as its templates say it: what the doctor compares the account with, so that no second list can drift from them. */

export interface SynthesisedStack {
  readonly stack: string;
  readonly region: string;
  readonly account: string;
  /** The least version of the CDK's bootstrap that it deploys with. */
  readonly bootstrapVersionMin: number;
  readonly resources: readonly SynthesisedResource[];
}

export interface SynthesisedResource {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

export type NamedKind = 'table' | 'function' | 'bucket' | 'log group';

export interface NamedResource {
  readonly kind: NamedKind;
  readonly name: string;
  readonly region: string;
  readonly stack: string;
}

const NAMES: ReadonlyMap<string, { readonly kind: NamedKind; readonly property: string }> = new Map([
  ['AWS::DynamoDB::Table', { kind: 'table', property: 'TableName' }],
  ['AWS::DynamoDB::GlobalTable', { kind: 'table', property: 'TableName' }],
  ['AWS::Lambda::Function', { kind: 'function', property: 'FunctionName' }],
  ['AWS::S3::Bucket', { kind: 'bucket', property: 'BucketName' }],
  ['AWS::Logs::LogGroup', { kind: 'log group', property: 'LogGroupName' }],
]);

/** What will have a fixed name. A global table has it in every region of its replicas. */
export function namedResources({ stack, region, resources }: SynthesisedStack): readonly NamedResource[] {
  return resources.flatMap(({ type, properties }) => {
    const rule = NAMES.get(type);
    const name = rule ? properties[rule.property] : undefined;
    if (!rule || typeof name !== 'string') return [];
    const replicas = Array.isArray(properties.Replicas)
      ? (properties.Replicas as readonly { readonly Region?: unknown }[])
      : [];
    const regions = new Set([region, ...replicas.map(({ Region }) => String(Region))]);
    return [...regions].map((each) => ({ kind: rule.kind, name, region: each, stack }));
  });
}

export function reservedConcurrency({ resources }: SynthesisedStack): number {
  return resources
    .filter(({ type }) => type === 'AWS::Lambda::Function')
    .reduce((sum, { properties }) => sum + Number(properties.ReservedConcurrentExecutions ?? 0), 0);
}

export function roleCount({ resources }: SynthesisedStack): number {
  return resources.filter(({ type }) => type === 'AWS::IAM::Role').length;
}
