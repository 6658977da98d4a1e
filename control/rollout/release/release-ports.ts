/** What the executor of a release asks of the platform that it runs on: to look at a cell, to replace one side of it, to move it. */
import type { CellId, RegionName } from '../../../core/ids.ts';

export interface PortLimit {
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

/** One region of a cell. */
export interface CellSide {
  readonly region: RegionName;
  /** The name of the release that it runs, or was last asked to run; `null`: nobody can say. */
  readonly release: string | null;
  /** Its process runs and answers. */
  readonly ready: boolean;
  /** It has run itself warm. */
  readonly warm: boolean;
  /** What it believes of the other region. `null`: it did not say. */
  readonly peer: 'ok' | 'suspect' | 'gone' | null;
}

export interface CellSight {
  /** Who holds the cell's lease; `null`: nobody at this moment. */
  readonly holder: RegionName | null;
  readonly sides: readonly [CellSide, CellSide];
}

export interface Place {
  readonly cell: CellId;
  readonly region: RegionName;
}

/** What a cell had before a release came to it: written before anything of it is touched, removed when the rollout is over. */
export interface ReleaseNote {
  readonly cell: CellId;
  /** The release that came. */
  readonly release: string;
  /** Fencing token of whoever wrote it. */
  readonly token: number;
  readonly holder: RegionName;
  readonly before: Readonly<Record<RegionName, string>>;
}

export interface ReleaseNotes {
  read(cell: CellId, limit: PortLimit): Promise<ReleaseNote | null>;
  /** Over nothing, or over one with a lower token. `false`: another orchestrator's is there. */
  write(note: ReleaseNote, limit: PortLimit): Promise<boolean>;
  remove(cell: CellId, limit: PortLimit): Promise<void>;
}

export interface Exercise {
  /** Answers that a service gave, whatever they said. */
  readonly served: number;
  /** Server errors, and connections that ended without an answer. */
  readonly failed: number;
  readonly firstFailure: string | null;
}

/** `refused`: nothing was done, and it may be worth asking again. */
export type MoveOutcome = { readonly outcome: 'done' | 'refused' | 'failed'; readonly note: string };

/** Every call is bounded by its limit. What rejects with effect `none` has done nothing; any other rejection: nobody knows. */
export interface ReleasePorts {
  readonly cells: readonly CellId[];
  look(cell: CellId, limit: PortLimit): Promise<CellSight>;
  /** Resolves when the process runs the release and is ready. Rejects with `PROCESS_FAILED` when it does not get there. */
  replace(at: Place & { readonly release: string; readonly token: number }, limit: PortLimit): Promise<void>;
  /** Asks the process for what a copy may answer, some dozens of times. */
  exercise(at: Place, limit: PortLimit): Promise<Exercise>;
  /** A planned move to that region, losing nothing; goes on with an earlier one of the same release that was left behind. */
  move(to: Place & { readonly release: string }, limit: PortLimit): Promise<MoveOutcome>;
  /** Makes it what newcomers get. */
  settle(order: { readonly release: string; readonly token: number }, limit: PortLimit): Promise<void>;
  readonly notes: ReleaseNotes;
}
