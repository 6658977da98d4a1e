/** What a topology means on one machine: which processes there are, and which links between them. Pure. */
import type { CellId, RegionName } from '../../core/ids.ts';
import type { CellSpec, Topology } from '../../core/topology.ts';
import type { ProcessKind } from '../platform-control.ts';

export interface PlannedProcess {
  readonly name: string;
  readonly kind: ProcessKind;
  readonly cell?: CellId;
  readonly region?: RegionName;
}

export interface PlannedLink {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

export interface PlatformPlan {
  readonly processes: readonly PlannedProcess[];
  readonly links: readonly PlannedLink[];
}

export const ARBITER = 'arbiter';
export const PAYMENTS = 'payments';

export const cellName = (cell: string, region: string) => `${cell}@${region}`;
export const storeName = (cell: string, region: string) => `${cell}@${region}.store`;
export const routerName = (region: string) => `router@${region}`;
export const controlName = (region: string) => `control@${region}`;
/** Not a process of ours: whoever runs a failover from that region, so that it can be cut off like the rest of it. */
export const operatorName = (region: string) => `operator@${region}`;
export const linkName = (from: string, to: string) => `${from}>${to}`;

export const regionsOf = (cell: CellSpec): readonly RegionName[] => [cell.home, cell.standby];

export function planPlatform(topology: Topology): PlatformPlan {
  const places = topology.cells.flatMap((spec) => regionsOf(spec).map((region) => ({ cell: spec.id, region })));
  const stores = places.map((at) => ({ ...at, name: storeName(at.cell, at.region), kind: 'store' as const }));
  const cells = places.map((at) => ({ ...at, name: cellName(at.cell, at.region), kind: 'cell' as const }));
  const routers = topology.regions.map((region) => ({ region, name: routerName(region), kind: 'router' as const }));
  const controls = topology.regions.map((region) => ({ region, name: controlName(region), kind: 'control' as const }));
  return {
    // Engines first: they are ready in a moment, and everything else wants them.
    processes: [
      { name: ARBITER, kind: 'arbiter' },
      ...stores,
      ...cells,
      ...controls,
      ...routers,
      { name: PAYMENTS, kind: 'payments' },
    ],
    links: [
      ...topology.cells.flatMap(linksOfCell),
      ...topology.regions.flatMap((region) => linksOfRegion(topology, region)),
    ],
  };
}

function linksOfCell(spec: CellSpec): readonly PlannedLink[] {
  const stores = regionsOf(spec).map((region) => storeName(spec.id, region));
  return regionsOf(spec).flatMap((region) => linksFrom(cellName(spec.id, region), [...stores, ARBITER, PAYMENTS]));
}

function linksOfRegion(topology: Topology, region: RegionName): readonly PlannedLink[] {
  const cells = topology.cells.flatMap((spec) => regionsOf(spec).map((at) => cellName(spec.id, at)));
  const stores = topology.cells.flatMap((spec) => regionsOf(spec).map((at) => storeName(spec.id, at)));
  const routers = topology.regions.map(routerName);
  return [
    ...linksFrom(routerName(region), [...cells, controlName(region)]),
    ...linksFrom(controlName(region), [ARBITER, ...stores, ...cells, ...routers]),
    ...linksFrom(operatorName(region), [ARBITER, ...stores, ...cells]),
  ];
}

function linksFrom(from: string, targets: readonly string[]): readonly PlannedLink[] {
  return targets.map((to) => ({ name: linkName(from, to), from, to }));
}
