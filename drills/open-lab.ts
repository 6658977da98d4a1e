/** Prepares a drill: finds tenants, stocks what they buy, and learns who is active where. Nothing of it is in the history. */
import type { DrillOptions } from './drill-options.ts';
import { inParallel } from './end-state/in-parallel.ts';
import { HistoryRecorder } from './history/history-recorder.ts';
import { emptyNotes, type Lab } from './lab.ts';
import { Nemesis } from './nemesis/nemesis.ts';
import { NO_OPERATOR } from './ports/operator-port.ts';
import type { PlatformSight } from './ports/platform-port.ts';
import { NO_RELEASES } from './ports/release-port.ts';
import type { DrillRequest } from './runner.ts';
import { Entry, type Tenant } from './workload/entry.ts';
import { HttpClient } from './workload/http-client.ts';
import { Load } from './workload/load.ts';
import { DRILL_SKU } from './workload/shopper.ts';
import { findTenants } from './workload/tenants.ts';

export interface LabRequest extends DrillRequest {
  readonly options: DrillOptions;
  readonly historyPath: string;
  readonly signal: AbortSignal;
}

const STOCK_DEADLINE_MS = 2_000;
const STOCK_TRIES = 5;
/** The product takes no more; orders of a drill take one each. */
const STOCK = 1_000_000;

/** Throws when the platform does not serve: then the drill was not run. */
export async function openLab(request: LabRequest): Promise<Lab> {
  const { platform, clock, seed, options, tokens } = request;
  const sight = await platform.view();
  const named = regionsOf(sight, options);
  const http = new HttpClient(clock);
  const entry = new Entry({ http, routers: sight.routers, internalSecret: sight.internalSecret });
  const tenants = await findTenants({
    http,
    clock,
    tokens,
    routers: Object.values(sight.routers),
    cells: sight.topology.cells.map((cell) => cell.id),
    perCell: options.tenantsPerCell,
    prefix: `drill-${seed}-${Math.floor(clock.wallMs()).toString(36)}`,
  });
  const owners = await stock({ entry, tenants, clock });
  await warmUp({ entry, tenants, clock });
  const { region, peer } = whereActive(named, { owners, options });
  const activeCells = [...owners]
    .filter(([, owner]) => owner === region)
    .map(([cell]) => cell)
    .sort();
  if (activeCells.length === 0) {
    throw new Error(
      `No cell is active in ${region} (${[...owners].map(([cell, owner]) => `${cell}: ${owner}`).join(', ')}). Move one there, or name another region.`,
    );
  }
  const recorder = new HistoryRecorder({ path: request.historyPath, clock, startMs: clock.monotonicMs() });
  const notes = emptyNotes();
  const nowMs = () => recorder.nowMs();
  const load = new Load({ ...options, entry, recorder, clock, seed, tenants });
  const nemesis = new Nemesis({
    platform,
    http,
    clock,
    nowMs,
    experimentBitesWithinMs: options.experimentBitesWithinMs,
  });
  return {
    ...{ options, seed, sight, region, peer, activeCells, tenants, platform, failover: request.failover },
    ...{ automation: request.automation, operator: request.operator ?? NO_OPERATOR },
    ...{ releases: request.releases ?? NO_RELEASES, tokens },
    ...{ nemesis, load, entry, http, recorder, clock, signal: request.signal, notes },
    mark: (kind, what, more = {}) => {
      notes.timeline.push({ t: nowMs(), kind, what, ...more });
      request.onProgress(more.cell === undefined ? what : `${more.cell}: ${what}`);
    },
  };
}

/** Enough calls for the runtime to compile what they run through, one at a time, so that cold code meets no load. */
const WARM_UP_CALLS = 40;

async function warmUp(of: { entry: Entry; tenants: readonly Tenant[]; clock: Lab['clock'] }): Promise<void> {
  const oneOfEachCell = new Map(of.tenants.map((tenant) => [tenant.cell, tenant]));
  for (const tenant of oneOfEachCell.values()) {
    for (let call = 0; call < WARM_UP_CALLS; call++) await stockOne(of, { tenant, turn: call });
  }
}

function regionsOf(sight: PlatformSight, options: DrillOptions): { region: string; peer: string } {
  const [first] = sight.topology.cells;
  const region = options.region ?? first?.home ?? '';
  const peer = sight.topology.regions.find((other) => other !== region);
  if (!sight.topology.regions.includes(region) || peer === undefined) {
    throw new Error(
      `Not a region to lose: ${region}. Allowed: ${sight.topology.regions.join(', ')}, and there must be two.`,
    );
  }
  return { region, peer };
}

/** A region that nobody named is only a proposal: where no cell is active any more, the other one is meant. */
function whereActive(
  named: { readonly region: string; readonly peer: string },
  of: { readonly owners: ReadonlyMap<string, string>; readonly options: DrillOptions },
): { readonly region: string; readonly peer: string } {
  const nothingThere = ![...of.owners.values()].includes(named.region);
  return of.options.region === null && nothingThere ? { region: named.peer, peer: named.region } : named;
}

/** Puts what shoppers buy, and learns each cell's owner from who answers. */
async function stock(of: {
  entry: Entry;
  tenants: readonly Tenant[];
  clock: Lab['clock'];
}): Promise<ReadonlyMap<string, string>> {
  const owners = new Map<string, string>();
  await inParallel(of.tenants, async (tenant) => {
    const owner = await stockOne(of, { tenant, turn: 0 });
    owners.set(tenant.cell, owner);
  });
  return owners;
}

/** Through the routers in turn. */
async function stockOne(
  { entry, clock }: { entry: Entry; clock: Lab['clock'] },
  { tenant, turn }: { tenant: Tenant; turn: number },
): Promise<string> {
  const call = { op: 'stock.put' as const, tenant: tenant.id, name: DRILL_SKU, value: STOCK };
  let seen = '';
  for (let attempt = 0; attempt < STOCK_TRIES; attempt++) {
    const region = entry.regions[(turn + attempt) % entry.regions.length] ?? '';
    const outcome = await entry.send({ tenant, call, region, deadlineMs: STOCK_DEADLINE_MS });
    if (outcome.type === 'ok' && outcome.region !== null) return outcome.region;
    seen = outcome.type === 'ok' ? 'an answer that names no region' : outcome.code;
    await clock.sleep(200 * (attempt + 1));
  }
  throw new Error(
    `${tenant.cell} does not take a write for ${tenant.id}: ${seen}. The platform must serve before it is hurt.`,
  );
}
