/** The three tables that a cell's process calls, each over a client of its own: one that hangs takes no socket from the others. */
import type { Clock } from '../core/clock.ts';
import type { CellConfig } from './cell-config.ts';
import { ARBITER_TABLE, cellTableName } from './store/table-layout.ts';
import { dynamoClient } from './table/dynamo-connection.ts';
import { DynamoTable } from './table/dynamo-table.ts';
import type { CellTables } from './wire-cell.ts';

/** `client` and `name`: of the own table, for whoever has to create it first. Calls nobody yet. */
export function openTables(config: CellConfig, clock: Clock) {
  const clientOf = (region: string, url: string | undefined) =>
    dynamoClient({ region, ...(url === undefined ? {} : { url }) });
  const name = cellTableName(config.cell);
  const client = clientOf(config.region, config.storeUrl);
  const tables: CellTables = {
    own: new DynamoTable({ client, name, clock }),
    peer: new DynamoTable({ client: clientOf(config.peer, config.peerStoreUrl), name, clock }),
    arbiter: new DynamoTable({ client: clientOf(config.region, config.arbiterUrl), name: ARBITER_TABLE, clock }),
  };
  return { ...tables, client, name };
}
