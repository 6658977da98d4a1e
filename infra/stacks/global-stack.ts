/**
 * What the regions share: the arbiter, the sample payment provider's book, and the map that the edge router reads. Made first
 * and needed by everything; it needs nothing.
 */
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { CfnOutput, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { ARBITER_TABLE, EDGE_MAP_OUTPUT, GLOBAL_STACK, PAYMENTS_TABLE } from '../../core/aws-names.ts';
import type { RegionName } from '../../core/ids.ts';
import { StrongTable } from '../constructs/strong-table.ts';
import { type PlatformProps, PlatformStack } from './platform-stack.ts';

export class GlobalStack extends PlatformStack {
  constructor(scope: Construct, props: PlatformProps & { readonly region: RegionName }) {
    super(scope, {
      ...props,
      stackName: GLOBAL_STACK,
      description: 'Holdfast: the arbiter, and what all regions share',
    });
    const { topology } = props;
    new StrongTable(this, 'Arbiter', { tableName: ARBITER_TABLE, topology });
    new StrongTable(this, 'Payments', { tableName: PAYMENTS_TABLE, topology });
    if (topology.aws.entry === 'edge') {
      const map = new cloudfront.KeyValueStore(this, 'EdgeMap', {
        keyValueStoreName: 'holdfast-edge-map',
        comment: 'Which region serves which tenants; written by the publishers, read by the edge router',
      });
      // It holds a copy; the publishers fill a new one within a minute.
      map.applyRemovalPolicy(RemovalPolicy.DESTROY);
      new CfnOutput(this, EDGE_MAP_OUTPUT, { value: map.keyValueStoreArn });
    }
  }
}
