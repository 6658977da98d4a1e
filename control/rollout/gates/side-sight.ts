/** What the gates see of one region of a cell: how it has answered, what it still owes its peer, how its process is doing. */
import type { CellId, RegionName } from '../../../core/ids.ts';
import type { CallLimit } from '../rollout-executor.ts';

export interface Answers {
  readonly ok: number;
  /** By design: a mistake of the caller's, or another region that owns the cell. */
  readonly refused: number;
  readonly failed: number;
  readonly unknown: number;
}

export interface SideSight {
  readonly cell: CellId;
  readonly region: RegionName;
  /** Since the process began. */
  readonly total: Answers;
  /** Within the last seconds. */
  readonly recent: Answers & { readonly windowMs: number };
  /** Changes with every start of the process: totals of another one begin anew. */
  readonly incarnation: string;
  /** How often it died and nobody had asked for it, in all. */
  readonly deaths: number;
  /** `null`: it was not looked through yet. */
  readonly lagMs: number | null;
  readonly peer: 'ok' | 'suspect' | 'gone' | null;
  /** `null`: its store did not say. */
  readonly quarantined: number | null;
  /** Of what the process may use before it dies, 0–1. */
  readonly heapRatio: number | null;
}

/** A region of a cell that does not say how it is. */
export interface SilentSide {
  readonly cell: CellId;
  readonly region: RegionName;
  readonly because: string;
}

export interface Sides {
  readonly seen: readonly SideSight[];
  readonly silent: readonly SilentSide[];
}

export interface SideEyes {
  /** Both regions of every cell; who does not answer in time is silent. */
  look(limit: CallLimit): Promise<Sides>;
}

export const placeOf = ({ cell, region }: Pick<SideSight, 'cell' | 'region'>): string => `${cell}@${region}`;
