/**
 * What an operator in one region stands on: the coordinator's ports over that region's own links to the arbiter, the
 * stores and the cells of the platform on this machine. A region that is cut off takes its operator with it, as it would.
 */
import { ARBITER_TABLE, cellTableName } from '../cell/store/table-layout.ts';
import { dynamoClient } from '../cell/table/dynamo-client.ts';
import { DynamoTable } from '../cell/table/dynamo-table.ts';
import { ringDoorbell } from '../control/adapters/ring-doorbell.ts';
import { tableAutomationStore } from '../control/adapters/table-automation-store.ts';
import { tableFailoverPorts } from '../control/adapters/table-failover-ports.ts';
import type { AutomationStore } from '../control/failover/automation/automation-store.ts';
import type { FailoverPorts, Place } from '../control/failover/failover-ports.ts';
import type { Clock } from '../core/clock.ts';
import { invalid } from '../core/errors.ts';
import { FENCE_SHARDS_MAX } from '../core/fence.ts';
import type { RegionName } from '../core/ids.ts';
import type { Rng } from '../core/rng.ts';
import { fenceShards } from '../core/topology-sizing.ts';
import type { PlatformView } from '../local/platform-control.ts';

export interface OperatorPlace {
  readonly view: PlatformView;
  readonly region: RegionName;
  readonly clock: Clock;
  readonly rng: Rng;
}

export interface OperatorPorts {
  readonly ports: FailoverPorts;
  readonly automation: AutomationStore;
  /** Lets go of connections. */
  close(): void;
}

export function openOperatorPorts({ view, region, clock, rng }: OperatorPlace): OperatorPorts {
  const closing: (() => void)[] = [];
  const tables = new Map<string, DynamoTable>();
  const urlOf = (target: string) => linkUrl(view, { region, target });
  const tableAt = ({ target, name, at }: { target: string; name: string; at: RegionName }): DynamoTable => {
    const known = tables.get(target);
    if (known) return known;
    const client = dynamoClient({ region: at, url: urlOf(target) });
    closing.push(() => client.destroy());
    const table = new DynamoTable({ client, name, clock });
    tables.set(target, table);
    return table;
  };
  const shards = new Map(view.topology.cells.map((spec) => [spec.id, fenceShards(spec)]));
  const arbiter = tableAt({ target: 'arbiter', name: ARBITER_TABLE, at: region });
  const ports = tableFailoverPorts({
    arbiter,
    store: (place) =>
      tableAt({ target: `${place.cell}@${place.region}.store`, name: cellTableName(place.cell), at: place.region }),
    fenceShards: (cell) => shards.get(cell) ?? FENCE_SHARDS_MAX,
    ring: (place: Place) =>
      ringDoorbell({ url: urlOf(`${place.cell}@${place.region}`), secret: view.internalSecret, clock }),
    clock,
    rng,
  });
  return {
    ports,
    automation: tableAutomationStore({ arbiter, clock }),
    close: () => {
      for (const close of closing) close();
    },
  };
}

/** Where a region's operator reaches a target: by that region's own link. */
export function linkUrl(view: PlatformView, { region, target }: { region: RegionName; target: string }): string {
  const name = `operator@${region}>${target}`;
  const link = view.links.find((each) => each.name === name);
  if (link) return link.url;
  throw invalid(`There is no link ${name}. Allowed regions: ${view.topology.regions.join(', ')}.`);
}
