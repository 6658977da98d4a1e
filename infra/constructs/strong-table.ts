/**
 * A table that is strongly consistent over its regions: two replicas and a witness, so that a majority outlives any one region.
 * It offers no transactions, TTL or local indexes, and the construct checks neither that nor where the witness lies; we do.
 */
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Topology } from '../../core/topology.ts';

export interface StrongTableProps {
  readonly tableName: string;
  readonly topology: Topology;
}

export class StrongTable extends Construct {
  constructor(scope: Construct, id: string, { tableName, topology }: StrongTableProps) {
    super(scope, id);
    const { replicas, witness } = topology.arbiter;
    const here = Stack.of(this).region;
    const others = replicas.filter((region) => region !== here);
    if (others.length !== 1 || replicas.some((region) => region === witness)) {
      throw new RangeError(`${tableName} needs two replicas, one of them in ${here}, and a witness that is neither.`);
    }
    const production = topology.aws.stage === 'production';
    new dynamodb.TableV2(this, 'Table', {
      tableName,
      partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'sk', type: dynamodb.AttributeType.STRING },
      billing: dynamodb.Billing.onDemand(),
      multiRegionConsistency: dynamodb.MultiRegionConsistency.STRONG,
      replicas: others.map((region) => ({ region })),
      witnessRegion: witness,
      encryption: dynamodb.TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: production,
      removalPolicy: production ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }
}
