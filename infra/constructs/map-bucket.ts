/**
 * The bucket of a region: the snapshot of the cell map, and below a prefix of its own what AWS FIS tells the functions of the
 * region. Nothing in it is the only copy.
 */
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { CfnResource, Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { FAULTS_PREFIX } from '../../core/aws-names.ts';
import type { Stage } from '../../core/topology-aws.ts';
import { accept } from './accepted.ts';

/** An experiment lasts minutes; what it left behind must not be mistaken for the next one's. */
const FAULTS_KEPT = Duration.days(1);
const OLD_SNAPSHOTS_KEPT = Duration.days(7);

export function mapBucket(scope: Construct, { bucketName, stage }: { bucketName: string; stage: Stage }): s3.Bucket {
  const production = stage === 'production';
  const bucket = new s3.Bucket(scope, 'Map', {
    bucketName,
    encryption: s3.BucketEncryption.S3_MANAGED,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    // To see which map routers had an hour ago, and to go back to it.
    versioned: true,
    lifecycleRules: [
      { id: 'old-snapshots', noncurrentVersionExpiration: OLD_SNAPSHOTS_KEPT },
      { id: 'faults', prefix: FAULTS_PREFIX, expiration: FAULTS_KEPT },
    ],
    removalPolicy: production ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    // CloudFormation deletes no bucket that holds something: in a sandbox a function of the CDK empties it first.
    autoDeleteObjects: !production,
  });
  accept(bucket, {
    finding: 'S1',
    because:
      'It holds a copy of the map and no data of tenants, and only three roles of the platform may read it; logs of access would need a second bucket.',
  });
  if (!production) logOfEmptying(scope, bucket);
  return bucket;
}

/**
 * The CDK's function that empties the bucket would have Lambda make its log group, which then stays for ever. Made here
 * instead, before the function is first called, so that a destroy takes it along after the last call.
 */
function logOfEmptying(scope: Construct, bucket: s3.Bucket): void {
  const handler = Stack.of(scope)
    .node.findChild('Custom::S3AutoDeleteObjectsCustomResourceProvider')
    .node.findChild('Handler');
  const call = bucket.node.findChild('AutoDeleteObjectsCustomResource').node.defaultChild;
  if (!CfnResource.isCfnResource(handler) || !CfnResource.isCfnResource(call)) {
    throw new RangeError('The CDK empties buckets in another way than this version does.');
  }
  const group = new logs.LogGroup(scope, 'EmptyingLog', {
    logGroupName: Fn.join('', ['/aws/lambda/', handler.ref]),
    retention: logs.RetentionDays.ONE_DAY,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  call.node.addDependency(group);
}
