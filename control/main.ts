/** The control process of one region on one machine: serves the cell map to the region's routers, and runs its automation. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ARBITER_TABLE } from '../cell/store/table-layout.ts';
import { dynamoClient, ensureTable } from '../cell/table/dynamo-client.ts';
import { DynamoTable } from '../cell/table/dynamo-table.ts';
import { systemClock } from '../core/clock.ts';
import { regionName } from '../core/ids.ts';
import { systemRng } from '../core/rng.ts';
import { validateTopology } from '../core/topology.ts';
import { cellSight } from './adapters/cell-sight.ts';
import { openAutomation } from './adapters/region-automation.ts';
import { tableMapSource } from './adapters/table-map-source.ts';
import { tableTimeline } from './adapters/table-timeline.ts';
import { AlarmWatch } from './alarms/alarm-watch.ts';
import { answerControl } from './control-server.ts';
import { MapPublisher } from './publisher/map-publisher.ts';

/** A request without a body: nobody needs longer to send it. */
const REQUEST_MS_MAX = 5_000;

async function main(): Promise<void> {
  const env = process.env;
  const region = regionName(env.HOLDFAST_REGION);
  const topology = validateTopology(JSON.parse(env.HOLDFAST_TOPOLOGY ?? 'null'));
  const internalSecret = env.HOLDFAST_INTERNAL_SECRET ?? '';
  const url = env.HOLDFAST_ARBITER_URL;
  const client = dynamoClient({ region, ...(url ? { url } : {}) });
  const machine = { clock: systemClock, rng: systemRng };
  const arbiter = new DynamoTable({ client, name: ARBITER_TABLE, clock: systemClock });
  if (url) await ensureTable({ client, name: ARBITER_TABLE, clock: systemClock });
  const links = {
    stores: JSON.parse(env.HOLDFAST_STORE_URLS ?? '{}'),
    hosts: JSON.parse(env.HOLDFAST_CELL_URLS ?? '{}'),
    routers: JSON.parse(env.HOLDFAST_ROUTER_URLS ?? '{}'),
  };
  const timeline = tableTimeline({ arbiter, clock: systemClock });
  const automation = openAutomation({
    ...{ region, topology, arbiter, internalSecret, links, timeline, ...machine },
    newId: () => randomUUID().slice(0, 8),
  });
  const source = tableMapSource({ arbiter, clock: systemClock });
  const onLeases = automation.sawLeases.bind(automation);
  const publisher = new MapPublisher({ source, topology, ...machine, onLeases });
  const stopping = new AbortController();
  void publisher.run(stopping.signal);
  void automation.run(stopping.signal);
  const alarms = new AlarmWatch({
    ...{ region, cells: topology.cells.map(({ id }) => id), timeline, ...machine },
    look: cellSight({ hostUrl: (cell) => links.hosts[cell]?.[region] ?? '', internalSecret, clock: systemClock }),
  });
  void alarms.run(stopping.signal);
  const answer = answerControl({ publisher, automation, internalSecret });
  const server = createServer({ requestTimeout: REQUEST_MS_MAX }, answer);
  server.listen(Number(env.PORT ?? 0), '127.0.0.1', () => {
    process.send?.({
      type: 'ready',
      pid: process.pid,
      port: (server.address() as AddressInfo).port,
      name: `control@${region}`,
    });
  });
  const stop = () => {
    stopping.abort();
    server.closeAllConnections();
    server.close(() => process.exit(0));
  };
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', stop);
  process.on('message', (message: { type?: string }) => {
    if (message?.type === 'shutdown') stop();
  });
  // The supervisor is gone: nobody would ever end this process.
  process.on('disconnect', () => process.exit(0));
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.send?.({ type: 'failed', message }, () => process.exit(1));
});
