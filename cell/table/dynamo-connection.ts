/** A DynamoDB client as this platform uses it: one try a call, keep-alive, every wait bounded by the caller. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

type Logger = NonNullable<ConstructorParameters<typeof DynamoDBClient>[0]>['logger'] & object;

/** Sockets of one client: a cell's own bulkhead towards one store. */
const SOCKETS_MAX = 64;
/** A connection that takes longer than this is down for us; a cut link must not hold a call until its deadline. */
const CONNECT_TIMEOUT_MS = 1_000;

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
