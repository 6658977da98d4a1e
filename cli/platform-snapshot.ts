/**
 * One look at the whole platform: the supervisor's view, and what routers and cells say about themselves. Everybody is
 * asked at once and briefly; who does not answer is part of the picture, never a reason to wait or to fail.
 */
import type { DocumentStatus } from '../cell/documents/document-copies.ts';
import type { ModesStatus } from '../cell/modes/modes-status.ts';
import type { CellStatus } from '../cell/runtime.ts';
import type { LinkFault, PlatformView, ProcessView } from '../local/platform-control.ts';
import type { CliServices } from './services.ts';

/** A process that needs longer to say how it is, is not well. */
const ANSWER_MS_MAX = 1_000;

export interface RouterSnapshot {
  readonly region: string;
  readonly url: string;
  readonly answers: boolean;
  readonly map: {
    readonly version: number;
    readonly ageMs: number;
    readonly source: string;
    readonly stale: boolean;
  } | null;
  /** The highest epoch that this router knows for each cell. */
  readonly owners: Readonly<Record<string, { readonly region: string; readonly epoch: number }>>;
}

export interface CellRegionSnapshot {
  readonly region: string;
  readonly process: ProcessView['state'] | 'unknown';
  readonly answers: boolean;
  readonly role: 'active' | 'standby' | 'unknown';
  readonly epoch: number | null;
  readonly leaseValidForMs: number | null;
  /** Age of the newest change here that the peer lacks. */
  readonly lagMs: number | null;
  readonly peer: 'ok' | 'suspect' | 'gone' | null;
  readonly quarantined: number | null;
  /** What it really does; `null`: it does not say. */
  readonly modes: ModesStatus | null;
  /** By type: the version that runs there, where it came from, what was last refused. `null`: it does not say. */
  readonly documents: Readonly<Record<string, DocumentStatus>> | null;
  /** What its process runs, or was last asked to run; `null`: no release. */
  readonly release: string | null;
}

export interface CellSnapshot {
  readonly cell: string;
  readonly home: string;
  readonly standby: string;
  /** Who says of itself that it is active and is believed (highest epoch); `null`: nobody. */
  readonly active: string | null;
  readonly epoch: number | null;
  readonly regions: readonly CellRegionSnapshot[];
}

export interface PlatformSnapshot {
  readonly view: PlatformView;
  readonly routers: readonly RouterSnapshot[];
  readonly cells: readonly CellSnapshot[];
  readonly down: readonly ProcessView[];
  readonly faults: readonly { readonly link: string; readonly fault: LinkFault }[];
}

export async function takeSnapshot(services: CliServices): Promise<PlatformSnapshot> {
  const view = await (await services.attach()).view();
  const [routers, cells] = await Promise.all([
    Promise.all(Object.entries(view.routers).map(([region, url]) => askRouter(services, { region, url }))),
    Promise.all(view.topology.cells.map((spec) => askCell(services, { view, spec }))),
  ]);
  return {
    view,
    routers,
    cells,
    down: view.processes.filter(({ state }) => state !== 'ready'),
    faults: view.links.flatMap(({ name, fault }) => (fault ? [{ link: name, fault }] : [])),
  };
}

async function askRouter(
  services: CliServices,
  { region, url }: { region: string; url: string },
): Promise<RouterSnapshot> {
  const body = await answerOf(services, { url: `${url}/_holdfast/status` });
  if (!body) return { region, url, answers: false, map: null, owners: {} };
  const said = body as { map?: RouterSnapshot['map']; ownership?: { cell: string; region: string; epoch: number }[] };
  const owners = (said.ownership ?? []).map(({ cell, region: owner, epoch }) => [cell, { region: owner, epoch }]);
  return { region, url, answers: true, map: said.map ?? null, owners: Object.fromEntries(owners) };
}

type Spec = PlatformView['topology']['cells'][number];

async function askCell(
  services: CliServices,
  { view, spec }: { view: PlatformView; spec: Spec },
): Promise<CellSnapshot> {
  const regions = await Promise.all(
    [spec.home, spec.standby].map((region) => askCellRegion(services, { view, cell: spec.id, region })),
  );
  const claims = regions.filter((each) => each.role === 'active').sort((a, b) => (b.epoch ?? 0) - (a.epoch ?? 0));
  const active = claims[0] ?? null;
  const { id: cell, home, standby } = spec;
  return { cell, home, standby, active: active?.region ?? null, epoch: active?.epoch ?? null, regions };
}

async function askCellRegion(
  services: CliServices,
  { view, cell, region }: { view: PlatformView; cell: string; region: string },
): Promise<CellRegionSnapshot> {
  const process = view.processes.find((each) => each.kind === 'cell' && each.cell === cell && each.region === region);
  const silent: CellRegionSnapshot = {
    ...{ region, process: process?.state ?? 'unknown', answers: false, role: 'unknown' },
    ...{ epoch: null, leaseValidForMs: null, lagMs: null, peer: null, quarantined: null, modes: null, documents: null },
    release: process?.release?.name ?? null,
  };
  if (!process?.url || process.state !== 'ready') return silent;
  const headers = { authorization: `Holdfast-Internal ${view.internalSecret}` };
  const said = (await answerOf(services, { url: `${process.url}/_holdfast/status`, headers })) as CellStatus | null;
  if (!said) return silent;
  return {
    region,
    process: process.state,
    answers: true,
    role: said.standing.state,
    epoch: said.standing.epoch,
    leaseValidForMs: said.standing.state === 'active' ? said.lease.validForMs : null,
    lagMs: said.replication.lagMs,
    peer: said.replication.peer,
    quarantined: said.quarantine?.count ?? null,
    modes: said.modes ?? null,
    documents: said.documents ?? null,
    release: silent.release,
  };
}

async function answerOf(
  services: CliServices,
  { url, headers }: { url: string; headers?: Readonly<Record<string, string>> },
): Promise<unknown> {
  try {
    const answer = await services.getJson(url, { withinMs: ANSWER_MS_MAX, ...(headers ? { headers } : {}) });
    return answer.status === 200 ? answer.body : null;
  } catch {
    // Silence is what the page then shows.
    return null;
  }
}
