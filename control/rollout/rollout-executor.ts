/**
 * What the rollout machine asks of whatever is being rolled out (a document, a release on one machine, a release on AWS). Contract:
 * each call is idempotent, bounded by the given limit, and may be repeated by another process after this one died in the middle;
 * it never reports `done` for what it has not seen done. What it writes carries the limit's `token`, so that an orchestrator that
 * was stopped between two breaths can't enact its old step after another one has gone on.
 */
import type { CellId } from '../../core/ids.ts';

export interface RolloutExecutor {
  /** The steps that bring the change to one cell, in order, by name; the same for every call, as the record counts them. */
  readonly steps: readonly string[];
  /** No call needs longer; one that does is cut off, and its outcome is unknown. */
  readonly callMsMax: number;
  /** Takes one step for one cell. `unknown`: nobody can say whether it happened; the machine repeats it, then stops. */
  take(at: StepPlace, limit: StepLimit): Promise<StepResult>;
  /** Brings one cell back to what it had before this rollout, whatever steps were taken there. */
  undo(cell: CellId, limit: StepLimit): Promise<StepResult>;
  /** After the last wave: makes the change what newcomers get. */
  settle(limit: StepLimit): Promise<StepResult>;
  /** After every reached cell was undone: leaves no trace that a consumer could still follow. */
  withdraw(limit: StepLimit): Promise<StepResult>;
}

export interface StepPlace {
  readonly cell: CellId;
  readonly step: string;
}

export interface CallLimit {
  readonly withinMs: number;
  /** Aborted when nobody wants the result any more: another orchestrator went on, or an operator aborts. */
  readonly signal: AbortSignal;
}

export interface StepLimit extends CallLimit {
  /**
   * Fencing token: grows with every write of the record, over all rollouts there ever are. Whoever takes an effect in keeps the
   * highest token it has seen and refuses a lower one.
   */
  readonly token: number;
}

export type StepResult =
  | { readonly outcome: 'done'; readonly note: string }
  | { readonly outcome: 'failed' | 'unknown'; readonly note: string };

/** Asked before a rollout begins, before each cell, and again and again while a wave bakes. */
export interface Gate {
  /** `failovers`, `drills`, `freeze`, `answers`, `probes`, `error-budget`, `lag` … */
  readonly name: string;
  /**
   * Whether it is asked between and during the steps of one cell, too. What clients see means something there; the lag of a cell
   * whose standby side was just replaced does not.
   */
  readonly midCell: boolean;
  /** `cells`: those that have the change already; their neighbours count too. Absent evidence is `unknown`, never `open`. */
  look(cells: readonly CellId[], limit: CallLimit): Promise<GateFinding>;
}

export interface GateFinding {
  readonly gate: string;
  readonly state: 'open' | 'closed' | 'unknown';
  /** What was seen, what is allowed. */
  readonly detail: string;
}
