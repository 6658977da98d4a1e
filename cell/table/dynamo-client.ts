/** DynamoDB clients and tables as this platform uses them: one try a call, keep-alive, every wait bounded by the caller. */
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';

type Logger = NonNullable<ConstructorParameters<typeof DynamoDBClient>[0]>['logger'] & object;

/** Sockets of one client: a cell's own bulkhead towards one store. */
const SOCKETS_MAX = 64;
/** A connection that takes longer than this is down for us; a cut link must not hold a call until its deadline. */
const CONNECT_TIMEOUT_MS = 1_000;
const TABLE_READY_WAIT_MS = 100;
const TABLE_READY_TRIES = 100;

export interface DynamoEndpoint {
  readonly region: string;
  /** An engine's URL on one machine; absent on AWS. */
  readonly url?: string;
}

export function dynamoClient(endpoint: DynamoEndpoint): DynamoDBClient {
  return new DynamoDBClient({
    region: endpoint.region,
    maxAttempts: 1,
    logger: quiet,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
    },
    ...(endpoint.url
      ? { endpoint: endpoint.url, credentials: { accessKeyId: 'local', secretAccessKey: 'local' }, signer: unsigned }
      : {}),
  });
}

/** What the SDK would say is in the errors that it throws. */
const silent = () => undefined;

/**
 * The SDK's own silent logger is handed a copy of every request and answer, with each attribute looked at, and drops it. Where
 * there is no `info` and no `error` the SDK makes no copy; it asks for both before it calls them, not so for the others.
 */
const quiet = { trace: silent, debug: silent, warn: silent } as Logger;

/** An engine on this machine wants the headers and checks nothing in them; hashing each request would be wasted. */
const unsigned = {
  sign: async <T extends { headers: Record<string, string> }>(request: T): Promise<T> => {
    request.headers.authorization = UNSIGNED;
    request.headers['x-amz-date'] = '20260101T000000Z';
    return request;
  },
};
const UNSIGNED =
  'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none';

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
