/**
 * The record of one change of ownership: the decision (why, on what evidence, by whom, what is expected), written before
 * the first step, and the log of the steps. It lies in the arbiter; every step first moves it by a write conditional on
 * its version, so a second or a delayed coordinator can't enact an old plan.
 */
import type { CellId, Epoch, RegionName } from '../../core/ids.ts';

export type FailoverKind =
  /** Planned: nothing may be lost; stops when the old store can't be fenced and drained. */
  | 'switchover'
  /** Unplanned: goes on without the old region, after its lease has run out. */
  | 'failover'
  /** A switchover back to the home region. */
  | 'failback';

export type Step = 'catch-up' | 'fence' | 'drain' | 'wait' | 'release' | 'open' | 'done' | 'aborted' | 'failed';
export type TerminalStep = Extract<Step, 'done' | 'aborted' | 'failed'>;

/** What was known when it was decided (the four questions that come before any failover). */
export interface Evidence {
  /** Is it this region's fault alone, or everybody's? Cells of the old region whose store answered, of how many. */
  readonly scope: {
    readonly answered: number;
    readonly asked: number;
    readonly reading: 'cell' | 'region' | 'global' | 'none';
  };
  /** Can the receiver take the load? Its sized writes a second with and without this cell. */
  readonly receiver: {
    readonly activeCells: number;
    readonly writesPerSecondMax: number;
    readonly withThisCell: number;
  };
  /** How far behind is the receiver? */
  readonly replication: {
    /** `null`: the old store did not answer. */
    readonly pendingInJournal: number | null;
    readonly morePending: boolean;
  };
  /** Is it quicker to repair? What the operator answered, or what speaks for it. */
  readonly repair: string;
  readonly oldStoreReachable: boolean;
  readonly newStoreReachable: boolean;
  /** Fenced commits of the receiver that the owner has not got: until they are shipped, its copy may differ. `null`: it did not say. */
  readonly receiverUnshipped: number | null;
  /** Commits in either store that wait for a person or a rule; up to a page of each. `null`: one of them did not say. */
  readonly quarantined: number | null;
}

export interface Decision {
  readonly kind: FailoverKind;
  readonly cell: CellId;
  readonly from: RegionName;
  readonly to: RegionName;
  readonly seenEpoch: Epoch;
  /** For how long the old store is asked to close; absent in records of earlier versions. */
  readonly fenceWithinMs?: number;
  readonly decidedBy: string;
  readonly reason: string;
  readonly decidedAtMs: number;
  readonly evidence: Evidence;
  readonly expected: { readonly path: 'fenced' | 'lease-wait'; readonly awayMsMax: number; readonly loss: string };
  /** What speaks against it. A kind that promises to lose nothing is refused while there is any. */
  readonly objections: readonly string[];
}

export interface StepLog {
  readonly step: Step;
  readonly atMs: number;
  readonly tookMs: number;
  readonly outcome: string;
}

export interface FailoverRecord {
  readonly id: string;
  readonly version: number;
  readonly state: 'running' | 'done' | 'aborted' | 'failed';
  readonly step: Step;
  /** No step takes longer: a record that does not move for this long is abandoned. */
  readonly stepDeadlineMs: number;
  readonly decision: Decision;
  /** Whether every shard of the old store's fence was raised: the proof for an early take-over. */
  readonly fenced: boolean;
  readonly drained: { readonly shipped: number; readonly complete: boolean } | null;
  readonly newEpoch: Epoch | null;
  readonly log: readonly StepLog[];
}

export function isTerminal(step: Step): step is TerminalStep {
  return step === 'done' || step === 'aborted' || step === 'failed';
}
