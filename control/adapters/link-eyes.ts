/** Automation's eyes over one region's links: routers and hosts by HTTP, stores by their tables. */
import { fenceKey, HEARTBEAT } from '../../cell/store/table-layout.ts';
import type { Table } from '../../cell/table/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { CellId, RegionName } from '../../core/ids.ts';
import type { AutomationEyes } from '../failover/automation/automation-eyes.ts';
import type { LinkTally, RouterTally } from '../failover/automation/client-signal.ts';
import type { Limit, Place } from '../failover/failover-ports.ts';
import { readJson } from './read-json.ts';

export interface LinkEyesOptions {
  readonly routerUrl: (region: RegionName) => string;
  readonly hostUrl: (place: Place) => string;
  readonly store: (place: Place) => Table;
  /** The region whose heartbeat arrives in the store at `place`. */
  readonly peerOf: (place: Place) => RegionName;
  readonly internalSecret: string;
  readonly clock: Clock;
}

export function linkEyes(options: LinkEyesOptions): AutomationEyes {
  const { store, clock } = options;
  const within = ({ withinMs }: Limit) => ({ deadlineAtMs: clock.monotonicMs() + withinMs });
  return {
    routers: async (regions, limit) => {
      const tallies = await Promise.all(regions.map((region) => tallyOf(options, region, limit)));
      return tallies.filter((tally) => tally !== null);
    },
    heartbeat: async (place, limit) => {
      const item = await store(place).get({ pk: HEARTBEAT, sk: options.peerOf(place) }, within(limit));
      return item && `${item.startedAt}/${item.counter}`;
    },
    storeAnswers: (place, limit) => store(place).get(fenceKey(0), within(limit)).then(yes, no),
    hostAnswers: async (place, limit) => {
      const headers = { authorization: `Holdfast-Internal ${options.internalSecret}` };
      return (await readJson(`${options.hostUrl(place)}/_holdfast/status`, { limit, headers, clock })) !== null;
    },
  };
}

async function tallyOf(options: LinkEyesOptions, router: RegionName, limit: Limit): Promise<RouterTally | null> {
  const body = await readJson(`${options.routerUrl(router)}/_holdfast/status`, {
    limit,
    headers: {},
    clock: options.clock,
  });
  if (typeof body !== 'object' || body === null || !('links' in body) || !Array.isArray(body.links)) return null;
  return { router, links: body.links.flatMap(toTally) };
}

/** Of a router of another version: what it does not count is left out, and counts as unknown. */
function toTally(link: Readonly<Record<string, unknown>>): readonly LinkTally[] {
  const { cell, region } = link;
  const counts = ['answered', 'declined', 'neverSent', 'lost', 'silent'].map((name) => link[name]);
  if (!counts.every((count): count is number => typeof count === 'number')) return [];
  const [answered = 0, declined = 0, neverSent = 0, lost = 0, silent = 0] = counts;
  const failed = neverSent + lost + silent;
  return [{ cell: String(cell) as CellId, region: String(region) as RegionName, answered, declined, failed }];
}

const yes = () => true;
const no = () => false;
