/** The ways in which the fake platform can be wrong, each for a checker or a promise that has to notice. */
import type { OperationName } from '../../core/modes/operations.ts';

export interface FakeFlaws {
  /** A host does not look at who owns the cell. */
  readonly noFence?: boolean;
  /** Writes are acknowledged without being at the peer, and the peer never gets them. */
  readonly losesWrites?: boolean;
  /** `crash` and `stop` are acknowledged and not done. */
  readonly faultsDoNothing?: boolean;
  readonly neverServes?: boolean;
  /** A host goes on without a lease. */
  readonly noLease?: boolean;
  /** What waited for a peer is forgotten when the peer is back. */
  readonly dropsBacklog?: boolean;
  readonly movesWithoutArbiter?: boolean;
  /** No flaw; default: short, so that a test waits for little. */
  readonly leaseTtlMs?: number;
  /** A store that is killed comes back empty. */
  readonly forgets?: boolean;
  /** A throttled cell is taken for dead and moved. */
  readonly movesTheSlow?: boolean;
  /** No gate looks at a release: it goes everywhere. */
  readonly noGates?: boolean;
  /** An operation that no level refuses. */
  readonly servesAlways?: OperationName;
  /** A level of one cell holds in all of them. */
  readonly levelsAreShared?: boolean;
  /** A refused operation is done all the same. */
  readonly doesWhatItRefuses?: boolean;
  /** A reduced search says nothing of it. */
  readonly unmarkedSearch?: boolean;
  /** A release is taken back from one region only. */
  readonly undoesHalf?: boolean;
  /** A commit waits in quarantine until somebody discards it. */
  readonly leavesToPerson?: boolean;
  /** The first so many looks at a move find something against it. */
  readonly objectionsAtFirst?: number;
}
