/**
 * What the rollout machine asks of whatever is being rolled out (a document, a release on one machine, a release on AWS). Contract:
 * each call is idempotent, bounded by the given limit, and may be repeated by another process after this one died in the middle;
 * it never reports `done` for what it has not seen done.
 */
import type { CellId } from '../../core/ids.ts';

export interface RolloutExecutor {
  /** The steps that bring the change to one cell, in order, by name; the same for every call, as the record counts them. */
  readonly steps: readonly string[];
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

export interface StepLimit {
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

export type StepResult =
  | { readonly outcome: 'done'; readonly note: string }
  | { readonly outcome: 'failed' | 'unknown'; readonly note: string };

/** Asked before a rollout begins, before each wave, and again and again while a wave bakes. */
export interface Gate {
  /** `failovers`, `drills`, `freeze`, `answers`, `probes`, `error-budget`, `lag` … */
  readonly name: string;
  /** `cells`: those that have the change already; their neighbours count too. Absent evidence is `unknown`, never `open`. */
  look(cells: readonly CellId[], limit: StepLimit): Promise<GateFinding>;
}

export interface GateFinding {
  readonly gate: string;
  readonly state: 'open' | 'closed' | 'unknown';
  /** What was seen, what is allowed. */
  readonly detail: string;
}
