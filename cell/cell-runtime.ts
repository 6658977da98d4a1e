/**
 * What a service stands on, once per process. On Lambda each function's bundle has its own; on one machine the cell's host
 * builds it and drives its loops. There the bundles share one module instance (esbuild splitting), so a process has one
 * lease keeper and one store however many services it runs.
 */
import type { Clock } from '../core/clock.ts';
import type { Documents } from '../core/documents/document-type.ts';
import type { CellId, Epoch, RegionName, TenantId } from '../core/ids.ts';
import type { Rng } from '../core/rng.ts';
import type { Admission } from '../resilience/admission.ts';
import type { CellStore, ConflictRule, MessageHandler } from './cell-store.ts';

export interface CellIdentity {
  readonly cell: CellId;
  /** Where this process runs. */
  readonly region: RegionName;
  readonly peer: RegionName;
}

export type Standing =
  /** This region holds the lease, its fence is raised, and the lease is valid now. */
  | { readonly state: 'active'; readonly epoch: Epoch }
  /** Somebody else's, as far as is known; `owner` is where a router should go, if known. */
  | { readonly state: 'standby'; readonly owner: RegionName | null; readonly epoch: Epoch | null };

export interface CellRuntime {
  readonly identity: CellIdentity;
  readonly store: CellStore;
  readonly clock: Clock;
  readonly rng: Rng;
  /** What this process runs, as it was deployed; `null`: nobody told. */
  readonly release: string | null;
  /** One line for the log of this process. Never throws. */
  readonly log: (line: string) => void;
  /** Limits, modes and whatever else is set at run time: in memory, always there. */
  readonly documents: Documents;
  /** The door of the process: refuses early what is beyond the document `limits`. */
  readonly admission: Admission;
  /** The standing at this instant; cheap, in memory, checks the lease by the clock. */
  standing(): Standing;
  /** Whether the placement that this cell knows gives it the tenant; `true` while it knows none. */
  servesTenant(tenant: TenantId): boolean;
  /** Whether this process exchanges heartbeats with the peer: if not, that it has heard nothing is no sign of anything. */
  readonly hearsPeer: boolean;
  /** Upper bound of how far this region's copy of the peer's commits is behind, ms; `null` when unknown. */
  stalenessMs(): number | null;
  /**
   * The same for this region's copy of the whole cell, while the peer owns it; `null` also while this store may still hold
   * commits that the owner does not have. Zero at the owner.
   */
  copyStalenessMs(): number | null;
  /** A name for "all that this region has committed so far", short and opaque. */
  commitMark(): string;
  /** Whether all of the peer's commits that one of its marks names are here; `false` also when nobody can tell. */
  hasPeersMark(mark: string): boolean;
  /** Registers the handler of an outbox topic. Once per topic. */
  onMessage(handler: MessageHandler): void;
  /** Declares how quarantined commits of a service's aggregates are merged. Once per prefix. */
  onConflict(rule: ConflictRule): void;
  /** A setting from the environment of the process (`PAYMENTS_URL` …); throws `INVALID_INPUT` when it is missing. */
  setting(name: string): string;
}
