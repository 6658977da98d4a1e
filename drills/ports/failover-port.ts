/** How a drill moves a cell. The platform's own coordinator stands behind it; the drill judges only what clients see of it. */

export type MoveKind = 'switchover' | 'failover' | 'failback';

export interface Move {
  readonly cell: string;
  readonly kind: MoveKind;
  /** The region that is to own the cell afterwards. */
  readonly to: string;
  /** Where the operator (or the control process) stands: its links to arbiter and stores are the ones used. */
  readonly operatorRegion: string;
}

export interface MoveResult {
  readonly outcome: 'done' | 'refused' | 'failed';
  readonly steps: readonly {
    readonly name: string;
    /** Milliseconds since `run` was called. */
    readonly startMs: number;
    readonly endMs: number;
    readonly detail?: string;
  }[];
  /** The coordinator's own record: who decided what, on which evidence. Goes into the report as it is. */
  readonly decision: unknown;
}

export interface FailoverPort {
  /**
   * Begins to watch the leases of these cells from a region, as its control process would all the time, so that a failover
   * need not begin to wait only when it is asked for. Resolves with what ends the watch.
   */
  watch(options: { readonly cells: readonly string[]; readonly operatorRegion: string }): Promise<() => Promise<void>>;
  /** What would be done, without doing it; for the report. */
  plan(move: Move): Promise<unknown>;
  /** Goes on with a move that its coordinator left behind. A rejection: it is still unfinished. */
  resume(of: {
    readonly cell: string;
    readonly operatorRegion: string;
  }): Promise<'done' | 'failed' | 'nothing to resume'>;
  /**
   * Decides like a person on duty what no rule may decide: the older of two writes of the same thing is discarded, audited
   * with the reason. What the platform settles by itself is left to it. Resolves with the names of what was discarded.
   */
  discardLeft(of: { readonly cell: string; readonly reason: string }): Promise<readonly string[]>;
  /** Resolves when it is over, one way or the other; a rejection counts as failed. */
  run(move: Move): Promise<MoveResult>;
}
