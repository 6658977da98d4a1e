/**
 * What an operator in one region stands on: the coordinator's ports over that region's own reach of the arbiter, the stores
 * and the keepers. The same on one machine and on AWS, but for where tables and doorbells are.
 */
import { ARBITER_TABLE, cellTableName } from '../cell/store/table-layout.ts';
import { type DynamoEndpoint, dynamoClient } from '../cell/table/dynamo-client.ts';
import { DynamoTable } from '../cell/table/dynamo-table.ts';
import type { Table } from '../cell/table/table.ts';
import { tableAutomationStore } from '../control/adapters/table-automation-store.ts';
import { tableFailoverPorts } from '../control/adapters/table-failover-ports.ts';
import { tableTimeline } from '../control/adapters/table-timeline.ts';
import type { AutomationStore } from '../control/failover/automation/automation-store.ts';
import type { FailoverPorts, Place } from '../control/failover/failover-ports.ts';
import { toldRecords } from '../control/timeline/failover-lines.ts';
import type { TimelineLog } from '../control/timeline/timeline-log.ts';
import type { Clock } from '../core/clock.ts';
import { FENCE_SHARDS_MAX } from '../core/fence.ts';
import type { RegionName } from '../core/ids.ts';
import type { Rng } from '../core/rng.ts';
import { fenceShards } from '../core/topology-sizing.ts';
import type { OperatorReach } from './operator-reach.ts';

export interface OperatorPlace {
  readonly reach: OperatorReach;
  readonly region: RegionName;
  readonly clock: Clock;
  readonly rng: Rng;
}

export interface OperatorPorts {
  readonly ports: FailoverPorts;
  readonly automation: AutomationStore;
  readonly timeline: TimelineLog;
  /** The tables themselves, for those who only look. */
  readonly arbiter: Table;
  readonly store: (place: Place) => Table;
  /** Lets go of connections. */
  close(): void;
}

export function openOperatorPorts({ reach, region, clock, rng }: OperatorPlace): OperatorPorts {
  const closing: (() => void)[] = [];
  const tables = new Map<string, DynamoTable>();
  const tableAt = (name: string, endpoint: () => DynamoEndpoint, key = name): DynamoTable => {
    const known = tables.get(key);
    if (known) return known;
    const client = dynamoClient(endpoint());
    closing.push(() => client.destroy());
    const table = new DynamoTable({ client, name, clock });
    tables.set(key, table);
    return table;
  };
  const store = (place: Place) =>
    tableAt(cellTableName(place.cell), () => reach.store(place, region), `${place.cell}@${place.region}`);
  const shards = new Map(reach.topology.cells.map((spec) => [spec.id, fenceShards(spec)]));
  const arbiter = tableAt(ARBITER_TABLE, () => reach.arbiter(region));
  const timeline = tableTimeline({ arbiter, clock });
  const untold = tableFailoverPorts({
    ...{ arbiter, store, clock, rng },
    fenceShards: (cell) => shards.get(cell) ?? FENCE_SHARDS_MAX,
    ring: (place) => reach.ring(place, region),
  });
  const ports = { ...untold, records: toldRecords(untold.records, { timeline, clock }) };
  return {
    ...{ ports, timeline, arbiter, store },
    automation: tableAutomationStore({ arbiter, clock }),
    close: () => {
      for (const close of closing) close();
    },
  };
}
