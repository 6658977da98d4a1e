/**
 * The cell map: which cell serves a tenant (placement: slow, velocity-limited) and which region is active for a cell
 * (ownership: fast, tiny). Pure. This file is the one door to it; the parts stand in `cell-map-*.ts`.
 */
export { buildPlacement, type PlacementCell, placementOf, rebalance, withOverride } from './cell-map-build.ts';
export { decodePlacement, type EncodedPlacement, encodePlacement } from './cell-map-encoding.ts';
export {
  decodeOwnership,
  type EncodedOwner,
  encodeOwnership,
  mergeOwnership,
  type Owner,
  type Ownership,
  raiseOwner,
} from './cell-map-ownership.ts';
export {
  BUCKETS,
  bucketOf,
  bucketsMoved,
  CELLS_MAX,
  cellOf,
  locate,
  OVERRIDES_MAX,
  type Placement,
  type TenantLocation,
} from './cell-map-placement.ts';
export {
  BUCKETS_MOVED_MAX,
  type JudgedPlacement,
  PLACEMENT_BYTES_MAX,
  type PlacementLimits,
  validatePlacement,
} from './cell-map-validate.ts';

import type { Ownership } from './cell-map-ownership.ts';
import type { Placement } from './cell-map-placement.ts';

/** Where a consumer's map came from: its last known good on disk, the control plane's publisher, or a cell's hint on top. */
export type CellMapSource = 'disk' | 'control';

/** Placement and ownership together, as a router holds them. Immutable: a change makes a new one. */
export interface CellMap {
  readonly placement: Placement;
  readonly ownership: Ownership;
  readonly source: CellMapSource;
  /** When the source last confirmed it, on the consumer's monotonic clock (an upper bound of its age after a restart). */
  readonly confirmedAtMs: number;
}

export function cellMapAgeMs(map: CellMap, nowMs: number): number {
  return Math.max(0, Math.round(nowMs - map.confirmedAtMs));
}
