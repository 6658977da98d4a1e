/**
 * Makes a function's policy from its row in infra/functions.ts. Every resource is named in full, by the deterministic names of
 * core/aws-names.ts, but for the wildcards argued for beside them.
 */
import * as iam from 'aws-cdk-lib/aws-iam';
import {
  ARBITER_TABLE,
  cellTableName,
  FAULTS_PREFIX,
  LIVE,
  MAP_OBJECT,
  mapBucketName,
  PAYMENTS_TABLE,
  regionFunctionName,
} from '../../core/aws-names.ts';
import { SERVICES } from '../../core/topology-aws.ts';
import type { FunctionSpec, OtherGrant, TableRole } from '../functions.ts';

/** Where the function runs, and whom it may know. */
export interface GrantPlace {
  readonly account: string;
  readonly region: string;
  /** All regions of the platform: a router reaches cells in each. */
  readonly regions: readonly string[];
  /** Of a function that belongs to one. */
  readonly cell?: { readonly id: string; readonly peer: string };
  readonly functionName: string;
  readonly streamArn?: string;
  readonly deadLettersArn?: string;
  readonly keyValueStoreArn?: string;
  readonly faultInjection: boolean;
}

export function policyOf(spec: FunctionSpec, place: GrantPlace): iam.PolicyDocument {
  const tables = Object.entries(spec.tables).map(([role, actions]) =>
    allow({
      sid: `Table${titled(role)}`,
      actions: actions.map((action) => `dynamodb:${action}`),
      resources: [tableArn(role as TableRole, place)],
    }),
  );
  const others = spec.others.flatMap((grant) => otherStatements(grant, place));
  return new iam.PolicyDocument({ statements: [logs(place), ...tables, ...others, ...faults(spec, place)] });
}

function logs({ account, region, functionName }: GrantPlace): iam.PolicyStatement {
  return allow({
    sid: 'Log',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    // Lambda names the streams of a group, one for each sandbox: they can't be known before.
    resources: [`arn:aws:logs:${region}:${account}:log-group:${logGroupName(functionName)}:log-stream:*`],
  });
}

export const logGroupName = (functionName: string) => `/aws/lambda/${functionName}`;

function tableArn(role: TableRole, { account, region, cell }: GrantPlace): string {
  const arn = (at: string, name: string) => `arn:aws:dynamodb:${at}:${account}:table/${name}`;
  switch (role) {
    case 'arbiter':
      return arn(region, ARBITER_TABLE);
    case 'payments':
      return arn(region, PAYMENTS_TABLE);
    case 'own':
      return arn(region, cellTableName(known(cell, 'a cell').id));
    case 'peer':
      return arn(known(cell, 'a cell').peer, cellTableName(known(cell, 'a cell').id));
  }
}

function otherStatements(grant: OtherGrant, place: GrantPlace): readonly iam.PolicyStatement[] {
  const { account, region, regions } = place;
  const map = `arn:aws:s3:::${mapBucketName(account, region)}/${MAP_OBJECT}`;
  switch (grant) {
    case 'own-stream': {
      const actions = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];
      const resources = [known(place.streamArn, 'a stream')];
      return [allow({ sid: 'Stream', actions: actions.map((action) => `dynamodb:${action}`), resources })];
    }
    case 'dead-letters':
      return [
        allow({
          sid: 'DeadLetters',
          actions: ['sqs:SendMessage'],
          resources: [known(place.deadLettersArn, 'a queue')],
        }),
      ];
    case 'read-map':
      return [allow({ sid: 'ReadMap', actions: ['s3:GetObject'], resources: [map] })];
    case 'write-map':
      return [allow({ sid: 'WriteMap', actions: ['s3:PutObject'], resources: [map] })];
    case 'write-edge-map': {
      // There is one only where the entry is at the edge.
      if (place.keyValueStoreArn === undefined) return [];
      const actions = ['DescribeKeyValueStore', 'GetKey', 'ListKeys', 'UpdateKeys'];
      const named = actions.map((action) => `cloudfront-keyvaluestore:${action}`);
      return [allow({ sid: 'EdgeMap', actions: named, resources: [place.keyValueStoreArn] })];
    }
    case 'call-cells':
      // Any cell: routers serve cells that are made after them, and a new cell must not mean a new router everywhere.
      return callByUrl(
        'Cells',
        regions.flatMap((at) =>
          SERVICES.map((service) => `arn:aws:lambda:${at}:${account}:function:holdfast-*-${service}:${LIVE}`),
        ),
      );
    case 'ask-routers': {
      const resources = regions.map((at) => `arn:aws:lambda:${at}:${account}:function:${regionFunctionName('router')}`);
      return [allow({ sid: 'AskRouters', actions: ['lambda:InvokeFunction'], resources })];
    }
    case 'call-payments':
      return callByUrl('Payments', [
        `arn:aws:lambda:${region}:${account}:function:${regionFunctionName('payments')}:${LIVE}`,
      ]);
  }
}

/** Since October 2025 a Function URL asks for both permissions; the second holds for calls through the URL only. */
function callByUrl(sid: string, resources: string[]): readonly iam.PolicyStatement[] {
  return [
    allow({ sid: `Call${sid}Url`, actions: ['lambda:InvokeFunctionUrl'], resources }),
    allow({
      sid: `Call${sid}`,
      actions: ['lambda:InvokeFunction'],
      resources,
      conditions: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } },
    }),
  ];
}

/** What the extension of AWS FIS reads to learn what to inject. */
function faults(spec: FunctionSpec, { faultInjection, account, region }: GrantPlace): readonly iam.PolicyStatement[] {
  if (!faultInjection || spec.scope !== 'cell') return [];
  const bucket = `arn:aws:s3:::${mapBucketName(account, region)}`;
  return [
    allow({
      sid: 'ListFaults',
      actions: ['s3:ListBucket'],
      resources: [bucket],
      conditions: { StringLike: { 's3:prefix': [`${FAULTS_PREFIX}*`] } },
    }),
    // FIS names one object for each function and experiment.
    allow({ sid: 'ReadFaults', actions: ['s3:GetObject'], resources: [`${bucket}/${FAULTS_PREFIX}*`] }),
  ];
}

function allow(statement: iam.PolicyStatementProps): iam.PolicyStatement {
  return new iam.PolicyStatement({ effect: iam.Effect.ALLOW, ...statement });
}

const titled = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

function known<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new RangeError(`A grant needs ${what}, and this function has none.`);
  return value;
}
