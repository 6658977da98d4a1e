/** The status page as text: first whether all is well, then the cells, the routers, what is down, what is injected. */
import type { LinkFault } from '../local/platform-control.ts';
import { capabilitiesOf, capabilityLines } from './capabilities.ts';
import type { CellRegionSnapshot, CellSnapshot, PlatformSnapshot, RouterSnapshot } from './platform-snapshot.ts';
import type { Colours } from './terminal.ts';
import { duration, textTable } from './text-table.ts';

export interface PageOptions {
  readonly colours: Colours;
  readonly nowMs: number;
}

export function statusPage(snapshot: PlatformSnapshot, { colours, nowMs }: PageOptions): string {
  const { view, cells, routers, down, faults } = snapshot;
  const troubles = troublesOf(snapshot);
  const verdict = troubles.length === 0 ? colours.green('all is well') : colours.yellow(troubles.join(', '));
  const up = duration(Math.max(0, nowMs - view.startedAtMs));
  return [
    `${colours.bold('Holdfast')}  ${verdict}  ${colours.dim(`up ${up}, engine ${view.engine}, pid ${view.pid}`)}`,
    '',
    cellTable(cells, colours),
    '',
    routerTable(routers, colours),
    ...section('What works for whom', worksFor(snapshot, colours)),
    ...section(
      'Down',
      down.map(({ name, state, lastFailure }) => `${name}  ${colours.red(state)}  ${lastFailure ?? ''}`),
    ),
    ...section(
      'Faults that are injected now',
      faults.map(({ link, fault }) => `${link}  ${colours.yellow(faultText(fault))}`),
    ),
  ].join('\n');
}

function worksFor(snapshot: PlatformSnapshot, colours: Colours): readonly string[] {
  const lines = capabilityLines(capabilitiesOf(snapshot), colours);
  return lines.length > 0 ? lines : [`every part of the shop, in full, for all tenants`];
}

/** What an operator should look at, worst first, in a few words each. Empty: nothing. */
export function troublesOf({ cells, routers, down, faults }: PlatformSnapshot): readonly string[] {
  return [
    ...cells.flatMap(cellTroubles),
    ...routers.flatMap((router) => routerTroubles(router, cells)),
    ...(down.length > 0 ? [`${down.length} down`] : []),
    ...(faults.length > 0 ? [`${faults.length} ${faults.length === 1 ? 'fault' : 'faults'} injected`] : []),
  ];
}

function cellTroubles({ cell, home, active, regions }: CellSnapshot): readonly string[] {
  const claims = regions.filter((at) => at.role === 'active');
  const owner = claims.find((at) => at.region === active);
  return [
    ...(claims.length > 1 ? [`${cell} has ${claims.length} OWNERS`] : []),
    ...(active === null ? [`${cell} has no owner`] : []),
    ...(active !== null && active !== home ? [`${cell} is away from home`] : []),
    ...degradedText(cell, owner?.modes ?? null),
    ...(owner?.peer === 'suspect' || owner?.peer === 'gone' ? [`${cell} is not replicated (peer ${owner.peer})`] : []),
    ...(regions.some((at) => (at.quarantined ?? 0) > 0) ? [`${cell} has commits in quarantine`] : []),
  ];
}

function degradedText(cell: string, modes: CellRegionSnapshot['modes']): readonly string[] {
  if (modes === null || modes.levels.length + modes.switches.length === 0) return [];
  const names = [...(modes.level < 100 ? [`level ${modes.level}`] : []), ...modes.switches.map(({ name }) => name)];
  return [`${cell} is degraded (${names.join(', ')})`];
}

function routerTroubles(router: RouterSnapshot, cells: readonly CellSnapshot[]): readonly string[] {
  if (!router.answers) return [`router ${router.region} is silent`];
  if (!router.map) return [`router ${router.region} has no map`];
  const behind = cells.filter(({ cell, epoch }) => epoch !== null && (router.owners[cell]?.epoch ?? epoch) < epoch);
  return [
    ...(router.map.stale ? [`router ${router.region} has a stale map`] : []),
    ...behind.map(({ cell }) => `router ${router.region} does not know yet who owns ${cell}`),
  ];
}

function cellTable(cells: readonly CellSnapshot[], colours: Colours): string {
  const columns = ['CELL', 'REGION', 'ROLE', 'EPOCH', 'LEASE', 'LAG', 'PEER', 'QUARANTINE', 'RELEASE'].map((title) => ({
    title,
  }));
  const rows = cells.flatMap((cell) =>
    cell.regions.map((at, index) => [index === 0 ? cell.cell : '', regionOf(at, cell), ...cellRow(at, colours)]),
  );
  return textTable(columns, rows);
}

function regionOf(at: CellRegionSnapshot, { home }: CellSnapshot): string {
  return at.region === home ? `${at.region} (home)` : at.region;
}

function cellRow(at: CellRegionSnapshot, { green, red, yellow, dim }: Colours): readonly string[] {
  if (!at.answers) return [red(at.process === 'ready' ? 'silent' : at.process)];
  const active = at.role === 'active';
  return [
    active ? green('active') : dim('standby'),
    at.epoch === null ? '–' : String(at.epoch),
    active ? `${duration(at.leaseValidForMs)} left` : dim('–'),
    active ? duration(at.lagMs) : dim('–'),
    at.peer === 'ok' ? 'ok' : yellow(at.peer ?? '–'),
    (at.quarantined ?? 0) > 0 ? yellow(String(at.quarantined)) : String(at.quarantined ?? '–'),
    dim(at.release ?? '–'),
  ];
}

function routerTable(routers: readonly RouterSnapshot[], { red, yellow, cyan }: Colours): string {
  const rows = routers.map(({ region, url, answers, map }) => {
    if (!answers) return [region, cyan(url), red('silent')];
    if (!map) return [region, cyan(url), red('no map')];
    const age = `${duration(map.ageMs)} old`;
    return [region, cyan(url), `version ${map.version}`, map.stale ? yellow(`${age}, stale`) : age, map.source];
  });
  return textTable(
    ['ROUTER', 'URL', 'MAP', 'AGE', 'FROM'].map((title) => ({ title })),
    rows,
  );
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line.trimEnd()}`)];
}

export function faultText(fault: LinkFault): string {
  const parts = [
    fault.cut ? 'cut' : '',
    fault.reset ? 'reset' : '',
    fault.latencyMs ? `+${fault.latencyMs} ms` : '',
    fault.jitterMs ? `± ${fault.jitterMs} ms` : '',
  ].filter((part) => part !== '');
  return `${parts.join(', ')} (${fault.direction})`;
}
