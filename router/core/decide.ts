/**
 * The router's decision: which cell and region a request goes to. Pure and in memory: no look-up, no host, no waiting.
 * Invariant: the cell is the one that the placement names, whatever its health; only the region may vary, and only
 * between the two that the topology gives that cell.
 */
import { type CellMap, cellOf } from '../../core/cell-map.ts';
import { invalid, PlatformError } from '../../core/errors.ts';
import { type CellId, type RegionName, shown, type TenantId } from '../../core/ids.ts';
import type { CellSpec, Topology } from '../../core/topology.ts';

export interface Forward {
  readonly cell: CellId;
  readonly region: RegionName;
  /** The cell's other region: it refuses what it may not do, so asking it is always safe when nothing was sent yet. */
  readonly alternative: RegionName;
}

export type CellSpecs = ReadonlyMap<CellId, CellSpec>;

export function cellSpecs(topology: Topology): CellSpecs {
  return new Map(topology.cells.map((cell) => [cell.id, cell]));
}

export interface RequestLine {
  readonly method: string;
  /** Path and query, as the client sent them. */
  readonly target: string;
}

/** `CONNECT` and `TRACE` have no business with a cell. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** `null`: the request line is fine. */
export function judgeRequestLine({ method, target }: RequestLine): PlatformError | null {
  if (!METHODS.has(method)) return invalid(`Method ${shown(method)}. Allowed: ${[...METHODS].join(', ')}.`);
  if (target.charCodeAt(0) !== 0x2f) return invalid(`Target ${shown(target)}. Allowed: a path that begins with "/".`);
  return null;
}

export function decide(request: { tenant: TenantId; map: CellMap | null; cells: CellSpecs }): Forward | PlatformError {
  const { map, cells } = request;
  if (map === null) return noCellMap();
  const cell = cellOf(map.placement, request.tenant);
  const spec = cells.get(cell);
  // Placements are validated against the topology before they come here.
  if (spec === undefined) return noCellMap();
  // Nobody has said yet who is active: the home region is the likeliest, and it answers with a hint when it is not.
  const region = map.ownership.get(cell)?.region ?? spec.home;
  return { cell, region, alternative: region === spec.home ? spec.standby : spec.home };
}

/** What the router knows of its links to a cell's regions. */
export interface LinkSight {
  /** May a request begin there now? It does, then: it may be the one that tries whether the region is back. */
  readonly admits: (region: RegionName) => boolean;
  /** Avoided because its connections break, and not because it is slow. */
  readonly isBroken: (region: RegionName) => boolean;
}

/**
 * Where to begin: at the active region unless it is being avoided. When both are, at the active one all the same, for it may
 * be slow and no more. `null`: the connections to both break, so whatever was sent would end as unknown; send nothing.
 */
export function firstRegion(forward: Forward, links: LinkSight): RegionName | null {
  const { region, alternative } = forward;
  if (links.admits(region)) return region;
  if (links.admits(alternative)) return alternative;
  return links.isBroken(region) && links.isBroken(alternative) ? null : region;
}

/** A read that may be answered from a copy begins here, if this router's region has one that answers; else where all do. */
export function nearestRegion(forward: Forward, near: LinkSight & { readonly here: RegionName }): RegionName | null {
  const { here } = near;
  const hasCopy = here === forward.region || here === forward.alternative;
  return hasCopy && near.admits(here) ? here : firstRegion(forward, near);
}

function noCellMap(): PlatformError {
  return new PlatformError({
    code: 'NO_CELL_MAP',
    kind: 'dependency',
    effect: 'none',
    message: 'The router has no cell map: neither the control plane nor a last known good one on disk gave any.',
  });
}
