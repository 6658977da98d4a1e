/** What the control process of one region stands on: its own links to arbiter, stores, hosts and routers, opened when first used. */
import { cellTableName } from '../../cell/store/table-layout.ts';
import { dynamoClient } from '../../cell/table/dynamo-client.ts';
import { DynamoTable } from '../../cell/table/dynamo-table.ts';
import type { Table } from '../../cell/table/table.ts';
import type { Clock } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import { FENCE_SHARDS_MAX } from '../../core/fence.ts';
import type { RegionName } from '../../core/ids.ts';
import type { Rng } from '../../core/rng.ts';
import type { Timeline } from '../../core/timeline/timeline.ts';
import type { Topology } from '../../core/topology.ts';
import { fenceShards } from '../../core/topology-sizing.ts';
import { Automation } from '../failover/automation/automation.ts';
import type { Place } from '../failover/failover-ports.ts';
import { toldRecords } from '../timeline/failover-lines.ts';
import { linkEyes } from './link-eyes.ts';
import { ringDoorbell } from './ring-doorbell.ts';
import { tableAutomationStore } from './table-automation-store.ts';
import { tableFailoverPorts } from './table-failover-ports.ts';

/** Addresses as the region's own links give them: cell → region → URL. */
type PlaceUrls = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface RegionLinks {
  readonly stores: PlaceUrls;
  readonly hosts: PlaceUrls;
  readonly routers: Readonly<Record<string, string>>;
}

export interface RegionAutomationOptions {
  readonly region: RegionName;
  readonly topology: Topology;
  readonly links: RegionLinks;
  readonly arbiter: DynamoTable;
  readonly timeline: Timeline;
  readonly internalSecret: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly newId: () => string;
}

export function openAutomation(options: RegionAutomationOptions): Automation {
  const { region, topology, links, arbiter, timeline, internalSecret, clock, rng, newId } = options;
  const store = lazyStores(links.stores, clock);
  const hostUrl = (place: Place) => placed(links.hosts, place);
  const shards = new Map(topology.cells.map((spec) => [spec.id, fenceShards(spec)]));
  const untold = tableFailoverPorts({
    ...{ arbiter, store, clock, rng },
    fenceShards: (cell) => shards.get(cell) ?? FENCE_SHARDS_MAX,
    ring: (place) => ringDoorbell({ url: hostUrl(place), secret: internalSecret, clock }),
  });
  const ports = { ...untold, records: toldRecords(untold.records, { timeline, clock }) };
  const peerOf = ({ cell, region: at }: Place): RegionName => {
    const spec = topology.cells.find(({ id }) => id === cell);
    if (spec === undefined) throw invalid(`${cell} is no cell of the topology.`);
    return spec.home === at ? spec.standby : spec.home;
  };
  const routerUrl = (at: RegionName) => links.routers[at] ?? '';
  const eyes = linkEyes({ routerUrl, hostUrl, store, peerOf, internalSecret, clock });
  return new Automation({
    ...{ region, topology, eyes, ports, clock, rng, newId },
    store: tableAutomationStore({ arbiter, clock }),
  });
}

function lazyStores(urls: PlaceUrls, clock: Clock): (place: Place) => Table {
  const opened = new Map<string, Table>();
  return (place) => {
    const url = placed(urls, place);
    const known = opened.get(url);
    if (known) return known;
    const client = dynamoClient({ region: place.region, ...(url === '' ? {} : { url }) });
    const table = new DynamoTable({ client, name: cellTableName(place.cell), clock });
    opened.set(url, table);
    return table;
  };
}

function placed(urls: PlaceUrls, { cell, region }: Place): string {
  return urls[cell]?.[region] ?? '';
}
