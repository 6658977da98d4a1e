/**
 * How an operator who stands in one region gets at the arbiter, at the cells' stores and at their keepers. Here: over the
 * links of the platform on this machine, so that a region that is cut off takes its operator with it, as it would.
 */
import type { DynamoEndpoint } from '../cell/table/dynamo-client.ts';
import { ringDoorbell } from '../control/adapters/ring-doorbell.ts';
import type { Place } from '../control/failover/failover-ports.ts';
import type { Clock } from '../core/clock.ts';
import { invalid } from '../core/errors.ts';
import type { RegionName } from '../core/ids.ts';
import type { Topology } from '../core/topology.ts';
import type { PlatformView } from '../local/platform-control.ts';

export interface OperatorReach {
  readonly topology: Topology;
  /** What the first answer of a connection may take beyond any other. 0: nothing is far. */
  readonly coldMs: number;
  /** Where the region `from` reads and writes the arbiter. */
  arbiter(from: RegionName): DynamoEndpoint;
  /** Where the region `from` reaches the store at `place`. */
  store(place: Place, from: RegionName): DynamoEndpoint;
  /** Tells the keeper at `place` to look at its lease now. Best effort: keepers look by themselves before long. */
  ring(place: Place, from: RegionName): void;
}

export function linkReach(view: PlatformView, clock: Clock): OperatorReach {
  const urlOf = (target: string, region: RegionName) => linkUrl(view, { region, target });
  return {
    topology: view.topology,
    coldMs: 0,
    arbiter: (from) => ({ region: from, url: urlOf('arbiter', from) }),
    store: ({ cell, region }, from) => ({ region, url: urlOf(`${cell}@${region}.store`, from) }),
    ring: ({ cell, region }, from) =>
      ringDoorbell({ url: urlOf(`${cell}@${region}`, from), secret: view.internalSecret, clock }),
  };
}

/** Where a region's operator reaches a target: by that region's own link. */
export function linkUrl(view: PlatformView, { region, target }: { region: RegionName; target: string }): string {
  const name = `operator@${region}>${target}`;
  const link = view.links.find((each) => each.name === name);
  if (link) return link.url;
  throw invalid(`There is no link ${name}. Allowed regions: ${view.topology.regions.join(', ')}.`);
}
