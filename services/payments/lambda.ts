/** Composition root of the sample payment provider on Lambda: the same app as on one machine, its ledger in a table. */
import { handle } from 'hono/aws-lambda';
import { dynamoClient } from '../../cell/table/dynamo-connection.ts';
import { DynamoTable } from '../../cell/table/dynamo-table.ts';
import { systemClock } from '../../core/clock.ts';
import { freezeAwareClock } from '../../core/freeze-aware-clock.ts';
import { systemRng } from '../../core/rng.ts';
import { createPaymentsApp } from './app.ts';
import { TableLog, tableBehaviour } from './table-log.ts';

const PAYMENTS_TABLE = 'holdfast-payments';

const clock = freezeAwareClock(systemClock);
const { AWS_REGION = 'us-east-1', HOLDFAST_STORE_URL: url } = process.env;
// An engine on one machine in tests; on AWS the region alone names the endpoint.
const client = dynamoClient({ region: AWS_REGION, ...(url === undefined ? {} : { url }) });
const table = new DynamoTable({ client, name: PAYMENTS_TABLE, clock });

export const handler = handle(
  createPaymentsApp({
    log: new TableLog({ table, clock }),
    behaviour: tableBehaviour({ table, clock }),
    clock,
    rng: systemRng,
  }),
);
