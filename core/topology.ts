/**
 * The topology: which regions, cells, leases and tiers the platform consists of. `platform.config.ts` states it; nothing
 * runs on one that `validateTopology` has not passed.
 */
import type { CellId, RegionName } from './ids.ts';

export interface CellSpec {
  readonly id: CellId;
  readonly home: RegionName;
  readonly standby: RegionName;
  /** Share of new tenants and of buckets, relative to the other cells' weights; an integer 1–100. */
  readonly weight: number;
  /** `draining`: keeps its tenants, gets no newcomers. */
  readonly intake: 'open' | 'draining';
  /** Upper bound of writes a second that the cell is sized for; the number of fence shards follows from it. */
  readonly writesPerSecondMax: number;
}

export interface Topology {
  readonly regions: readonly RegionName[];
  readonly arbiter: { readonly replicas: readonly RegionName[]; readonly witness: RegionName };
  readonly cells: readonly CellSpec[];
  /** Groups of cells that change together, in order. Every cell stands in exactly one. */
  readonly waves: readonly (readonly CellId[])[];
  readonly lease: { readonly ttlMs: number; readonly renewEveryMs: number };
  /** What a `replicated` write does once its peer has been gone for longer than a lease. */
  readonly peerLoss: 'continue' | 'refuse';
}
