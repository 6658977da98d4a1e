/** What the fenced store needs of replication: a doorbell, and on request the peer's confirmation. */
import type { Commit } from '../../core/commit.ts';
import type { CallBounds } from '../cell-store.ts';

export type Arrival =
  /** The peer's store has the commit. */
  | 'at-peer'
  /** The peer has been gone for longer than a lease and the policy is to continue: nobody was asked. */
  | 'peer-gone'
  /** The peer enforces a higher epoch: this region is not the owner any more; the commit is in quarantine. */
  | 'stale'
  /** No confirmation in time; the journal has the commit and delivers it later. */
  | 'unknown';

export interface PeerReplication {
  /** Whether a `replicated` write should be begun at all. */
  mayAcknowledge(): boolean;
  /** The doorbell: a commit stands in this store's journal and should go to the peer soon. Never waits. */
  journaled(commit: Commit): void;
  /** As `journaled`, and says whether it arrived. Bounded by the deadline; never throws for a peer that is slow or absent. */
  replicateNow(commit: Commit, bounds: CallBounds): Promise<Arrival>;
  /** As `journaled` for each, in as few calls as they take; `true`: all are at the peer. Never throws either. */
  replicateTogether(commits: readonly Commit[], bounds: CallBounds): Promise<boolean>;
}
