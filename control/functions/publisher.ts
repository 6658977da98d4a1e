/**
 * Composition root of a region's publisher: run once a minute, it brings what the arbiter says into the region's bucket. While
 * it does not run, routers go on with the map that they have, and learn failovers from the cells' hints.
 */
import { readFileSync } from 'node:fs';
import { S3Client } from '@aws-sdk/client-s3';
import { ARBITER_TABLE } from '../../cell/store/table-layout.ts';
import { dynamoClient } from '../../cell/table/dynamo-client.ts';
import { DynamoTable } from '../../cell/table/dynamo-table.ts';
import { systemClock } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import { regionName } from '../../core/ids.ts';
import { systemRng } from '../../core/rng.ts';
import { validateTopology } from '../../core/topology.ts';
import { bucketSnapshotStore } from '../adapters/bucket-snapshot-store.ts';
import { edgeKeyValueStore } from '../adapters/edge-key-value-store.ts';
import { tableAddressSource } from '../adapters/table-address-source.ts';
import { tableMapSource } from '../adapters/table-map-source.ts';
import { MapPublisher } from '../publisher/map-publisher.ts';
import { type PublishOutcome, SnapshotPublisher } from '../publisher/snapshot-publisher.ts';

const { env } = process;
const region = regionName(env.HOLDFAST_REGION);
const bucket = env.HOLDFAST_MAP_BUCKET;
if (!bucket) throw invalid('HOLDFAST_MAP_BUCKET is missing. Set it in the environment of the function.');
// The deployment puts it beside the bundle.
const topology = validateTopology(JSON.parse(readFileSync(new URL('topology.json', import.meta.url), 'utf8')));
const arbiter = new DynamoTable({ client: dynamoClient({ region }), name: ARBITER_TABLE, clock: systemClock });
const ports = { arbiter, clock: systemClock };
const store = bucketSnapshotStore({ client: new S3Client({ region, maxAttempts: 1 }), bucket, clock: systemClock });
const arn = env.HOLDFAST_KVS_ARN;
const credentials = () => ({
  accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
  secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
  sessionToken: env.AWS_SESSION_TOKEN ?? '',
});
const edge = arn ? edgeKeyValueStore({ arn, topology, credentials, clock: systemClock, fetch }) : null;

export async function handler(): Promise<PublishOutcome> {
  // A new one each time: it looks at the placement first, which one that lives on does only now and then.
  const map = new MapPublisher({ source: tableMapSource(ports), topology, clock: systemClock, rng: systemRng });
  const addresses = tableAddressSource(ports);
  const publisher = new SnapshotPublisher({ map, addresses, store, edge, topology, clock: systemClock });
  const outcome = await publisher.publish();
  console.log(JSON.stringify(outcome));
  return outcome;
}
