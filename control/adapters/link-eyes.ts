/** Automation's eyes over one region's links: routers and hosts by HTTP, stores by their tables. */
import { fenceKey, HEARTBEAT } from '../../cell/store/table-layout.ts';
import type { Table } from '../../cell/table/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { CellId, RegionName } from '../../core/ids.ts';
import { Deadline } from '../../resilience/deadline.ts';
import type { AutomationEyes } from '../failover/automation/automation-eyes.ts';
import type { LinkTally, RouterTally } from '../failover/automation/client-signal.ts';
import type { Limit, Place } from '../failover/failover-ports.ts';

export interface LinkEyesOptions {
  readonly routerUrl: (region: RegionName) => string;
  readonly hostUrl: (place: Place) => string;
  readonly store: (place: Place) => Table;
  /** The region whose heartbeat arrives in the store at `place`. */
  readonly peerOf: (place: Place) => RegionName;
  readonly internalSecret: string;
  readonly clock: Clock;
}

/** The status page of a router of a thousand cells is below this. */
const STATUS_BYTES_MAX = 4 * 1024 * 1024;

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
      return (await read(`${options.hostUrl(place)}/_holdfast/status`, { limit, headers, clock })) !== null;
    },
  };
}

async function tallyOf(options: LinkEyesOptions, router: RegionName, limit: Limit): Promise<RouterTally | null> {
  const body = await read(`${options.routerUrl(router)}/_holdfast/status`, {
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

interface Asking {
  readonly limit: Limit;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

/** `null`: no answer in time, or not a good one. */
async function read(url: string, { limit, headers, clock }: Asking): Promise<unknown> {
  try {
    return await new Deadline({ clock, ms: limit.withinMs }).run(url, async (signal) => {
      const response = await fetch(url, { headers, signal });
      const text = await response.text();
      return response.ok && text.length <= STATUS_BYTES_MAX ? JSON.parse(text) : null;
    });
  } catch {
    // That it did not answer is what was to be found out.
    return null;
  }
}

const yes = () => true;
const no = () => false;
