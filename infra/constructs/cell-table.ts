/**
 * The table of one cell in one region, with the stream that rings the replicator. A plain table, not a global one: what goes
 * to the peer is decided by the fence and not by a timestamp.
 */
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Stage } from '../../core/topology-aws.ts';

export interface CellTableProps {
  readonly tableName: string;
  readonly stage: Stage;
}

export class CellTable extends Construct {
  readonly streamArn: string;
  readonly table: dynamodb.Table;

  constructor(scope: Construct, id: string, { tableName, stage }: CellTableProps) {
    super(scope, id);
    this.table = new dynamodb.Table(this, 'Table', {
      tableName,
      partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'sk', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      // The doorbell names what changed; what it became is read from the journal.
      stream: dynamodb.StreamViewType.KEYS_ONLY,
      ...tableProtection(stage),
    });
    if (!this.table.tableStreamArn) throw new RangeError('A table with a stream has the ARN of one.');
    this.streamArn = this.table.tableStreamArn;
  }
}

/** The same for every plain table. The key is DynamoDB's own: encrypted at rest, and no charge for each request. */
function tableProtection(stage: Stage) {
  return {
    encryption: dynamodb.TableEncryption.DEFAULT,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: stage === 'production',
    removalPolicy: stage === 'production' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  };
}
