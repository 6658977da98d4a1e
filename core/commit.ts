/**
 * A commit: one atomic change of one aggregate, and the unit of replication, quarantine and audit. An aggregate is the
 * items under one table key; its head says which commit it stands at. Versions grow by one with every commit of an
 * aggregate, across epochs too; the head's lineage says up to which version each epoch wrote, so that a commit that
 * arrives late can be told to be *included* already or to be *divergent*.
 */
import type { AckMode, ConsistencyClass } from './consistency.ts';
import type { AggregateId, RegionName } from './ids.ts';
import type { Json, JsonObject } from './json.ts';

/** Epoch 0 belongs to mergeable aggregates, which no fence guards: each is written by one region only. */
export interface Revision {
  readonly epoch: number;
  readonly version: number;
}

export interface Head extends Revision {
  readonly lineage: readonly Revision[];
}

/** Epochs that a head remembers. A commit of an older epoch than the oldest remembered is quarantined, never guessed at. */
export const LINEAGE_LENGTH_MAX = 16;

export type Change =
  | { readonly kind: 'put'; readonly item: string; readonly data: JsonObject }
  | { readonly kind: 'delete'; readonly item: string };

/** Kept as an item of the aggregate, so that it is as durable and as replicated as the change that it names. */
export interface IdempotencyRecord {
  readonly key: string;
  /** A digest of the request: the same key with another request is refused. */
  readonly fingerprint: string;
  /** What was answered, so that a repeat gets the same. */
  readonly response: Json;
}

export interface OutboxMessage {
  /** Unique within the aggregate. */
  readonly id: string;
  readonly topic: string;
  readonly body: JsonObject;
}

export interface Commit extends Revision {
  readonly aggregate: AggregateId;
  readonly class: ConsistencyClass;
  /** The revision that this commit was made on; `null` for the first. */
  readonly previous: Revision | null;
  /** The head's lineage once this commit stands. */
  readonly lineage: readonly Revision[];
  readonly origin: RegionName;
  readonly changes: readonly Change[];
  readonly idempotency: IdempotencyRecord | null;
  readonly outbox: readonly OutboxMessage[];
  /** Ids of messages of this aggregate that are dealt with. */
  readonly outboxDone: readonly string[];
  /** Wall clock of the origin, for people. */
  readonly atMs: number;
}

/** What a service asks the store to commit; epoch, version and origin are the store's to fill in. */
export interface CommitDraft {
  readonly aggregate: AggregateId;
  readonly class: ConsistencyClass;
  /** The head as read. `null`: the aggregate must not exist yet. */
  readonly expected: Head | null;
  readonly changes: readonly Change[];
  readonly idempotency?: IdempotencyRecord;
  readonly outbox?: readonly OutboxMessage[];
  readonly outboxDone?: readonly string[];
}

export interface CommitReceipt extends Revision {
  readonly ack: AckMode;
  /** `replicated` was asked for and the peer has been gone for longer than a lease: only this region has the commit. */
  readonly degraded: 'unreplicated' | null;
}

/** An aggregate as it stands: its head, and its items by name. */
export interface Aggregate {
  readonly id: AggregateId;
  readonly head: Head | null;
  readonly items: ReadonlyMap<string, JsonObject>;
  /** What was answered under which idempotency key, by key. */
  readonly idempotency: ReadonlyMap<string, IdempotencyRecord>;
}

/** Changes of one commit: DynamoDB takes 100 items a transaction; fence, head, journal, record and outbox need some. */
export const COMMIT_CHANGES_MAX = 50;
export const COMMIT_OUTBOX_MAX = 10;
/** A journal entry is one item of at most 400 kB. */
export const COMMIT_BYTES_MAX = 256 * 1024;

export function extendLineage(head: Head | null, next: Revision): readonly Revision[] {
  const earlier = (head?.lineage ?? []).filter((revision) => revision.epoch !== next.epoch);
  return [...earlier, { epoch: next.epoch, version: next.version }].slice(-LINEAGE_LENGTH_MAX);
}

export function sameRevision(a: Revision | null, b: Revision | null): boolean {
  return a === null || b === null ? a === b : a.epoch === b.epoch && a.version === b.version;
}

/** Whether the history that led to `head` contains the commit. */
export function includes(head: Head | null, commit: Revision): boolean {
  const upTo = head?.lineage.find((revision) => revision.epoch === commit.epoch);
  return upTo !== undefined && upTo.version >= commit.version;
}
