/** What the store and the services see of the lease: whether this region may write at this instant, and under which epoch. */
import type { Epoch, RegionName } from '../../core/ids.ts';

export type LeaseStanding =
  | { readonly held: true; readonly epoch: Epoch }
  | { readonly held: false; readonly owner: RegionName | null; readonly epoch: Epoch | null };

export interface LeaseView {
  /** By the clock, at this instant. Held means: granted, fence raised, and still valid. */
  standing(): LeaseStanding;
}
