/**
 * Makes a function's role from its row in infra/functions.ts. Every resource is named in full, by the deterministic names of
 * core/aws-names.ts, but for the wildcards argued for beside them.
 */
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
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
import { acceptWildcard } from './accepted.ts';

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

/** A statement of a policy, that allows. */
interface Grant extends Pick<iam.PolicyStatementProps, 'conditions'> {
  readonly sid: string;
  readonly actions: string[];
  readonly resources: string[];
  /** Why a resource can't be named in full. Wanted where one has a wildcard, and only there. */
  readonly because?: string;
}

/** Makes the role of a function, with exactly what its row says. Throws where a wildcard has no argument. */
export function roleOf(scope: Construct, { spec, place }: { spec: FunctionSpec; place: GrantPlace }): iam.Role {
  const tables = Object.entries(spec.tables).map(
    ([role, actions]): Grant => ({
      sid: `Table${titled(role)}`,
      actions: actions.map((action) => `dynamodb:${action}`),
      resources: [tableArn(role as TableRole, place)],
    }),
  );
  const others = spec.others.flatMap((grant) => otherStatements(grant, place));
  const grants = [logs(place), ...tables, ...others, ...faults(spec, place)];
  const role = new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: { calls: policyOf(grants) },
  });
  for (const { sid, resources, because } of grants) {
    for (const resource of resources.filter((name) => name.includes('*'))) {
      if (because === undefined) throw new RangeError(`The grant ${sid} has a wildcard (${resource}) and no reason.`);
      acceptWildcard(role, { resource, because });
    }
  }
  return role;
}

const policyOf = (grants: readonly Grant[]) =>
  new iam.PolicyDocument({
    statements: grants.map(({ because: _because, ...statement }) => new iam.PolicyStatement(statement)),
  });

function logs({ account, region, functionName }: GrantPlace): Grant {
  return {
    sid: 'Log',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [`arn:aws:logs:${region}:${account}:log-group:${logGroupName(functionName)}:log-stream:*`],
    because: 'Lambda names the streams of the group, one for each sandbox: they are not known before.',
  };
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

function otherStatements(grant: OtherGrant, place: GrantPlace): readonly Grant[] {
  const { account, region, regions } = place;
  const map = `arn:aws:s3:::${mapBucketName(account, region)}/${MAP_OBJECT}`;
  switch (grant) {
    case 'own-stream': {
      const actions = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];
      const resources = [known(place.streamArn, 'a stream')];
      return [{ sid: 'Stream', actions: actions.map((action) => `dynamodb:${action}`), resources }];
    }
    case 'dead-letters':
      return [
        { sid: 'DeadLetters', actions: ['sqs:SendMessage'], resources: [known(place.deadLettersArn, 'a queue')] },
      ];
    case 'read-map':
      return [{ sid: 'ReadMap', actions: ['s3:GetObject'], resources: [map] }];
    case 'write-map':
      return [{ sid: 'WriteMap', actions: ['s3:PutObject'], resources: [map] }];
    case 'write-edge-map': {
      // There is one only where the entry is at the edge.
      if (place.keyValueStoreArn === undefined) return [];
      const actions = ['DescribeKeyValueStore', 'GetKey', 'ListKeys', 'UpdateKeys'];
      const named = actions.map((action) => `cloudfront-keyvaluestore:${action}`);
      return [{ sid: 'EdgeMap', actions: named, resources: [place.keyValueStoreArn] }];
    }
    case 'call-cells':
      return callByUrl({
        sid: 'Cells',
        resources: regions.flatMap((at) =>
          SERVICES.map((service) => `arn:aws:lambda:${at}:${account}:function:holdfast-*-${service}:${LIVE}`),
        ),
        because: 'Routers serve cells that are made after them; a new cell must not mean a new role in every region.',
      });
    case 'ask-routers': {
      const others = regions.filter((at) => at !== region);
      const resources = others.map(
        (at) => `arn:aws:lambda:${at}:${account}:function:${regionFunctionName('router')}:${LIVE}`,
      );
      return [{ sid: 'AskRouters', actions: ['lambda:InvokeFunction'], resources }];
    }
    case 'call-payments':
      return callByUrl({
        sid: 'Payments',
        resources: [`arn:aws:lambda:${region}:${account}:function:${regionFunctionName('payments')}:${LIVE}`],
      });
  }
}

/** Since October 2025 a Function URL asks for both permissions; the second holds for calls through the URL only. */
function callByUrl({ sid, ...rest }: Omit<Grant, 'actions'>): readonly Grant[] {
  return [
    { ...rest, sid: `Call${sid}Url`, actions: ['lambda:InvokeFunctionUrl'] },
    {
      ...rest,
      sid: `Call${sid}`,
      actions: ['lambda:InvokeFunction'],
      conditions: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } },
    },
  ];
}

/** What the extension of AWS FIS reads to learn what to inject. */
function faults(spec: FunctionSpec, { faultInjection, account, region }: GrantPlace): readonly Grant[] {
  if (!faultInjection || spec.scope !== 'cell') return [];
  const bucket = `arn:aws:s3:::${mapBucketName(account, region)}`;
  return [
    {
      sid: 'ListFaults',
      actions: ['s3:ListBucket'],
      resources: [bucket],
      conditions: { StringLike: { 's3:prefix': [`${FAULTS_PREFIX}*`] } },
    },
    {
      sid: 'ReadFaults',
      actions: ['s3:GetObject'],
      resources: [`${bucket}/${FAULTS_PREFIX}*`],
      because: 'AWS FIS writes an object for each function and experiment, under names of its own.',
    },
  ];
}

const titled = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

function known<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new RangeError(`A grant needs ${what}, and this function has none.`);
  return value;
}
