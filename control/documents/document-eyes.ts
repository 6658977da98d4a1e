/** How whoever publishes sees which edition a cell's processes run. */
import type { CellId, RegionName } from '../../core/ids.ts';
import type { Limit } from './document-store.ts';

export interface SeenEdition {
  readonly region: RegionName;
  /** `null`: the process does not answer, or does not know the type. */
  readonly version: number | null;
  /** What it last refused, if anything. */
  readonly refused: { readonly version: number | null; readonly reason: string } | null;
}

export interface DocumentEyes {
  /** One line for each region of the cell, also for those that are silent. Never throws. */
  look(of: { readonly cell: CellId; readonly type: string }, limit: Limit): Promise<readonly SeenEdition[]>;
}
