/**
 * The port through which a service changes and reads its cell's data. One implementation commits to DynamoDB under the
 * fence (`fenced-store.ts`); tests have an in-memory one; both pass the same contract suite.
 */
import type { Aggregate, Change, Commit, CommitDraft, CommitReceipt, Revision } from '../core/commit.ts';
import type { AckMode } from '../core/consistency.ts';
import type { AggregateId, Epoch } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';

export interface CallBounds {
  /** On this process's monotonic clock (`Clock.monotonicMs`). Past it the call rejects; it never waits longer. */
  readonly deadlineAtMs: number;
  readonly signal?: AbortSignal;
}

export interface CellStore {
  /** The aggregate as this region's store has it, read strongly. An aggregate nobody wrote has head `null` and no items. */
  read(aggregate: AggregateId, bounds: CallBounds): Promise<Aggregate>;

  /**
   * Commits atomically or not at all. Throws a `PlatformError`:
   * `VERSION_CONFLICT` (effect none; the head moved: read again), `LEASE_NOT_HELD` / `FENCE_STALE_EPOCH` (none; this
   * region may not write), `PEER_UNREPLICATED` (none; refused because the peer is gone), `STORE_UNAVAILABLE`,
   * `STORE_THROTTLED`, `STORE_CONFLICT` (none), `OUTCOME_UNKNOWN` (unknown: the commit may or may not stand).
   */
  commit(draft: CommitDraft, options: CallBounds & { readonly ack: AckMode }): Promise<CommitReceipt>;

  /**
   * Resolves if this region was the owner under `epoch` when everything was read that had been read before the call: nobody
   * else had opened by then. Throws `LEASE_NOT_HELD` (none) when it was not, and what the store throws when nobody can tell.
   */
  confirmOwner(epoch: Epoch, bounds: CallBounds): Promise<void>;
}

/** A commit that arrived with an epoch below the fence, with what the fence was. */
export interface QuarantinedCommit {
  readonly id: string;
  readonly commit: Commit;
  readonly fenceEpoch: number;
  readonly quarantinedAtMs: number;
}

/** What became of a quarantined commit; the audit of reconciliation, never removed. */
export interface ReconciledCommit {
  readonly id: string;
  readonly action: 'adopted' | 'merged' | 'discarded' | 'superseded';
  readonly by: string;
  readonly reason: string;
  /** Wall clock of the owner, for people. */
  readonly atMs: number;
  /** The commit of the line that took it in; `null` when none did. */
  readonly takenInAs: Revision | null;
  readonly commit: Commit;
}

export type MergeResult =
  /** Made on the present state, these do what the commit did. */
  | { readonly kind: 'changes'; readonly changes: readonly Change[] }
  /** What the commit did stands already, or others see to it. */
  | { readonly kind: 'nothing'; readonly why: string }
  | { readonly kind: 'person'; readonly why: string };

/** How a service merges a quarantined commit into what others wrote since. Pure; asked again whenever the present moved. */
export interface ConflictRule {
  /** Of the aggregates that it speaks for, such as `stock/`. */
  readonly prefix: string;
  merge(present: Aggregate, commit: Commit): MergeResult;
}

/** A message of the outbox as a handler gets it: at least once, so handlers are idempotent. */
export interface DeliveredMessage {
  readonly aggregate: AggregateId;
  readonly id: string;
  readonly topic: string;
  readonly body: JsonObject;
}

export interface MessageHandler {
  readonly topic: string;
  /** Resolves when the message is dealt with. The handler itself commits `outboxDone`; a rejection is retried with backoff. */
  handle(message: DeliveredMessage, bounds: CallBounds): Promise<void>;
}
