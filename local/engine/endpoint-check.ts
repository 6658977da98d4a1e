/**
 * Checks an endpoint that the user named before anything rests on it. The stores of a cell have the same table name in both
 * regions; an endpoint that knows no regions would make them one table, and replication would look perfect.
 */
import { randomBytes } from 'node:crypto';
import { invalid } from '../../core/errors.ts';
import { callDynamo } from './dynamo-call.ts';
import type { Engine } from './resolve-engine.ts';

export type EndpointEngine = Extract<Engine, { kind: 'endpoint' }>;

/** Throws `INVALID_INPUT` when it does not answer, or keeps one set of tables for all regions. Leaves nothing behind. */
export async function assertRegionsApart(endpoint: EndpointEngine, regions: readonly [string, string]): Promise<void> {
  const [here, there] = regions;
  const at = { host: endpoint.host, port: endpoint.port };
  const TableName = `holdfast-probe-${randomBytes(6).toString('hex')}`;
  const made = await callDynamo({ ...at, region: here, operation: 'CreateTable', input: probeTable(TableName) });
  if (made?.status !== 200) {
    const seen = made === null ? 'no answer' : `status ${made.status}: ${made.body.slice(0, 200)}`;
    throw invalid(
      `The endpoint ${endpoint.url} of DYNAMODB_ENDPOINT does not work as a local DynamoDB (CreateTable: ${seen}). Start it, or unset DYNAMODB_ENDPOINT to use an engine of this machine.`,
    );
  }
  try {
    const listed = await callDynamo({
      ...at,
      region: there,
      operation: 'ListTables',
      input: { ExclusiveStartTableName: TableName.slice(0, -1), Limit: 1 },
    });
    if (!listed?.body.includes(TableName)) return;
  } finally {
    await callDynamo({ ...at, region: here, operation: 'DeleteTable', input: { TableName } });
  }
  throw invalid(
    `The endpoint ${endpoint.url} of DYNAMODB_ENDPOINT keeps one set of tables for all regions, so a cell's two stores would be one. Use DynamoDB Local without -sharedDb, or unset DYNAMODB_ENDPOINT.`,
  );
}

function probeTable(TableName: string): unknown {
  return {
    TableName,
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
  };
}
