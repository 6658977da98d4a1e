/**
 * Tables where nobody else makes them: on one machine an engine begins empty. Apart from the client itself, because a
 * function on Lambda must not need the permission to create one.
 */
import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';

export { type DynamoEndpoint, dynamoClient } from './dynamo-connection.ts';

const TABLE_READY_WAIT_MS = 100;
const TABLE_READY_TRIES = 100;

/** Creates the table of this name unless it exists, and returns when it is active. Idempotent; safe from two processes. */
export async function ensureTable(options: { client: DynamoDBClient; name: string; clock: Clock }): Promise<void> {
  const { client, name, clock } = options;
  try {
    await client.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  for (let attempt = 0; attempt < TABLE_READY_TRIES; attempt++) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    if (Table?.TableStatus === 'ACTIVE') return;
    await clock.sleep(TABLE_READY_WAIT_MS);
  }
  throw new PlatformError({
    code: 'STORE_UNAVAILABLE',
    kind: 'dependency',
    effect: 'none',
    message: `Table ${name} was not active after ${(TABLE_READY_WAIT_MS * TABLE_READY_TRIES) / 1000} s. Check the store.`,
  });
}
