/**
 * One function as all of them are made: arm64, its own role from its row, its own log group, a published version behind the
 * alias `live`, and a URL on that alias when its row says so. Nothing calls an unpublished version.
 */
import { createHash } from 'node:crypto';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { AssetHashType, Duration, Fn, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { FAULTS_PREFIX, LIVE, mapBucketName, TAGS } from '../../core/aws-names.ts';
import type { Stage } from '../../core/topology-aws.ts';
import type { FunctionCode } from '../bundle.ts';
import type { FunctionSpec } from '../functions.ts';
import { accept } from './accepted.ts';
import { type GrantPlace, logGroupName, roleOf } from './grants.ts';

export interface PlatformFunctionProps {
  readonly spec: FunctionSpec;
  readonly code: FunctionCode;
  readonly place: GrantPlace;
  readonly environment: Readonly<Record<string, string>>;
  readonly stage: Stage;
  /** Default: none is reserved, and none is kept from others. */
  readonly reservedConcurrency?: number;
  /** Of a cell's function: the wave in which the cell changes, from 1. */
  readonly wave?: number;
}

/** Public, per region and architecture: AWS keeps the newest 1.x version of its extension here. */
const FAULTS_LAYER = '{{resolve:ssm:/aws/service/fis/lambda-extension/AWS-FIS-extension-arm64/1.x.x}}';

/** Of the hash in a version's id: enough that two states of one function never share it. */
const STATE_CHARS = 32;

export class PlatformFunction extends Construct {
  readonly function: lambda.Function;
  readonly live: lambda.Alias;
  /** Absent when nobody may call it by URL. */
  readonly url: string | null;

  constructor(scope: Construct, id: string, props: PlatformFunctionProps) {
    super(scope, id);
    const { spec, code, place, stage } = props;
    const withFaults = place.faultInjection && spec.scope === 'cell';
    this.function = new lambda.Function(this, 'Function', {
      functionName: place.functionName,
      runtime: lambda.Runtime.NODEJS_22_X,
      architecture: lambda.Architecture.ARM_64,
      handler: 'index.handler',
      // One folder for all cells, hashed once when it was bundled.
      code: lambda.Code.fromAsset(code.dir, { assetHash: code.hash, assetHashType: AssetHashType.CUSTOM }),
      memorySize: spec.memoryMb,
      timeout: Duration.seconds(spec.timeoutS),
      environment: { ...props.environment, ...(withFaults ? faultsEnvironment(place) : {}) },
      role: roleOf(this, { spec, place }),
      logGroup: new logs.LogGroup(this, 'Log', {
        logGroupName: logGroupName(place.functionName),
        retention: stage === 'production' ? logs.RetentionDays.THREE_MONTHS : logs.RetentionDays.ONE_WEEK,
        removalPolicy: stage === 'production' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      }),
      ...(withFaults ? { layers: [lambda.LayerVersion.fromLayerVersionArn(this, 'Faults', FAULTS_LAYER)] } : {}),
      ...(props.reservedConcurrency ? { reservedConcurrentExecutions: props.reservedConcurrency } : {}),
    });
    accept(this.function, {
      finding: 'L1',
      because:
        'The bundles are built for Node 22, and one machine runs the same on Node 20: a newer runtime is a change of its own.',
    });
    this.live = new lambda.Alias(this, 'Live', {
      aliasName: LIVE,
      version: publishedVersion(this, this.function, code),
    });
    this.url = spec.url === null ? null : urlOf(this.live, spec.url);
    const tags = Tags.of(this.function);
    tags.add(TAGS.role, spec.url === 'iam' && spec.scope === 'cell' ? 'service' : spec.name);
    if (props.wave !== undefined) tags.add(TAGS.wave, String(props.wave));
  }
}

/**
 * A version for each state of what a version freezes: code and every property of the function. The CDK's own `currentVersion`
 * works the same out again wherever the version is named, which was a third of the time of a synth.
 */
function publishedVersion(scope: Construct, made: lambda.Function, code: FunctionCode): lambda.Version {
  const version = new lambda.Version(scope, 'Version', { lambda: made });
  const [cfnFunction, cfnVersion] = [made.node.defaultChild, version.node.defaultChild];
  if (!(cfnFunction instanceof lambda.CfnFunction) || !(cfnVersion instanceof lambda.CfnVersion)) {
    throw new RangeError('The CDK makes functions and versions of another kind than this version does.');
  }
  const { environment, layers, memorySize, timeout, runtime, handler, architectures, role, loggingConfig } =
    cfnFunction;
  const properties = { environment, layers, memorySize, timeout, runtime, handler, architectures, role, loggingConfig };
  const frozen = { ...properties, code: code.hash };
  const stack = Stack.of(scope);
  const state = createHash('sha256')
    .update(JSON.stringify(stack.resolve(frozen)))
    .digest('hex');
  cfnVersion.overrideLogicalId(`${stack.resolve(cfnVersion.logicalId)}${state.slice(0, STATE_CHARS)}`);
  return version;
}

function urlOf(live: lambda.Alias, open: 'public' | 'iam'): string {
  const authType = open === 'public' ? lambda.FunctionUrlAuthType.NONE : lambda.FunctionUrlAuthType.AWS_IAM;
  // Where it is public the construct adds both permissions, InvokeFunctionUrl and InvokeFunction through the URL; who calls one
  // under IAM has both in its own policy, because it is in the same account.
  const { url } = live.addFunctionUrl({ authType });
  // As an origin, without the slash at its end: paths are put behind it.
  return `https://${Fn.select(2, Fn.split('/', url))}`;
}

function faultsEnvironment({ account, region }: GrantPlace): Readonly<Record<string, string>> {
  return {
    AWS_LAMBDA_EXEC_WRAPPER: '/opt/aws-fis/bootstrap',
    AWS_FIS_CONFIGURATION_LOCATION: `arn:aws:s3:::${mapBucketName(account, region)}/${FAULTS_PREFIX}`,
  };
}
