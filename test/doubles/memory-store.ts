/**
 * The cell store in memory, with the same meaning as the fenced one: versions, idempotency records, outbox and effects.
 * `probe` sees every call before and after it takes effect and may throw, so that a test can crash a caller at any step.
 */
import type { CallBounds, CellStore, DeliveredMessage } from '../../cell/cell-store.ts';
import { checkDraft, completeDraft } from '../../cell/store/commit-draft.ts';
import { judgeApply } from '../../core/apply-rule.ts';
import type { Clock } from '../../core/clock.ts';
import {
  type Aggregate,
  type Commit,
  type CommitDraft,
  type CommitReceipt,
  type Head,
  type IdempotencyRecord,
  type OutboxMessage,
  sameRevision,
} from '../../core/commit.ts';
import type { AckMode } from '../../core/consistency.ts';
import { type ErrorCode, PlatformError } from '../../core/errors.ts';
import type { AggregateId, Epoch, RegionName } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';

export interface StoreCall {
  readonly kind: 'read' | 'commit';
  readonly phase: 'before' | 'after';
  readonly aggregate: AggregateId;
  readonly draft: CommitDraft | null;
}

export interface MemoryStoreOptions {
  readonly clock: Clock;
  readonly region: RegionName;
  /** The epoch that this region may write with; `null` while it holds no lease. */
  readonly epoch: () => Epoch | null;
}

interface Stored {
  readonly head: Head | null;
  readonly items: Map<string, JsonObject>;
  readonly records: Map<string, IdempotencyRecord>;
  readonly outbox: Map<string, OutboxMessage>;
}

export class MemoryStore implements CellStore {
  readonly #options: MemoryStoreOptions;
  readonly #aggregates = new Map<AggregateId, Stored>();
  /** Every commit that stands, in order: what a journal would hold. */
  readonly commits: Commit[] = [];
  probe: (call: StoreCall) => void | Promise<void> = () => undefined;
  degraded: CommitReceipt['degraded'] = null;
  /** A takeover has fenced this store, whatever the lease says. */
  fenced = false;

  constructor(options: MemoryStoreOptions) {
    this.#options = options;
  }

  async read(aggregate: AggregateId, bounds: CallBounds): Promise<Aggregate> {
    this.#checkDeadline(bounds);
    await this.probe({ kind: 'read', phase: 'before', aggregate, draft: null });
    const stored = this.#stored(aggregate);
    const { head, items, records } = stored;
    const copy = { id: aggregate, head, items: new Map(items), idempotency: new Map(records) };
    await this.probe({ kind: 'read', phase: 'after', aggregate, draft: null });
    return copy;
  }

  async commit(draft: CommitDraft, options: CallBounds & { readonly ack: AckMode }): Promise<CommitReceipt> {
    checkDraft(draft);
    this.#checkDeadline(options);
    const { aggregate } = draft;
    await this.probe({ kind: 'commit', phase: 'before', aggregate, draft });
    const commit = this.#admit(draft);
    this.#apply(commit);
    this.commits.push(commit);
    await this.probe({ kind: 'commit', phase: 'after', aggregate, draft });
    return { epoch: commit.epoch, version: commit.version, ack: options.ack, degraded: this.degraded };
  }

  async confirmOwner(epoch: Epoch, bounds: CallBounds): Promise<void> {
    this.#checkDeadline(bounds);
    if (this.#options.epoch() !== epoch || this.fenced) throw refused('LEASE_NOT_HELD', 'This region holds no lease.');
  }

  /** Takes a commit of the peer by the apply rule, without a fence; what the rule does not apply is left alone. */
  absorb(commit: Commit): void {
    const head = this.#stored(commit.aggregate).head;
    if (judgeApply({ fence: null, head, commit }) === 'apply') this.#apply(commit);
  }

  /** Messages that are not done, as the outbox would deliver them. */
  pending(): readonly DeliveredMessage[] {
    return [...this.#aggregates].flatMap(([aggregate, { outbox }]) =>
      [...outbox.values()].map((message) => ({ aggregate, ...message })),
    );
  }

  /** Reads without a call. */
  peek(aggregate: AggregateId): ReadonlyMap<string, JsonObject> {
    return this.#stored(aggregate).items;
  }

  records(aggregate: AggregateId): readonly IdempotencyRecord[] {
    return [...this.#stored(aggregate).records.values()];
  }

  #stored(aggregate: AggregateId): Stored {
    return this.#aggregates.get(aggregate) ?? { head: null, items: new Map(), records: new Map(), outbox: new Map() };
  }

  #checkDeadline(bounds: CallBounds): void {
    if (bounds.signal?.aborted || bounds.deadlineAtMs <= this.#options.clock.monotonicMs()) {
      throw refused('DEADLINE_EXCEEDED', 'The deadline had passed before the store was called. Nothing was sent.');
    }
  }

  #admit(draft: CommitDraft): Commit {
    const epoch = draft.class === 'mergeable' ? 0 : this.#options.epoch();
    if (epoch === null) throw refused('LEASE_NOT_HELD', 'This region holds no lease. Nothing was written.');
    const { head, records } = this.#stored(draft.aggregate);
    if (!sameRevision(head, draft.expected)) {
      throw refused('VERSION_CONFLICT', `${draft.aggregate} moved. Nothing was written; read it again.`);
    }
    if (draft.idempotency && records.has(draft.idempotency.key)) {
      throw refused('VERSION_CONFLICT', `Idempotency key ${draft.idempotency.key} is recorded already. Read it again.`);
    }
    const { region, clock } = this.#options;
    return completeDraft(draft, { epoch, region, atMs: clock.wallMs() });
  }

  #apply(commit: Commit): void {
    const { items, records, outbox } = this.#stored(commit.aggregate);
    for (const change of commit.changes) {
      // Through JSON, as every real store does: what does not survive it must fail here too.
      if (change.kind === 'put') items.set(change.item, JSON.parse(JSON.stringify(change.data)) as JsonObject);
      else items.delete(change.item);
    }
    if (commit.idempotency) records.set(commit.idempotency.key, commit.idempotency);
    for (const message of commit.outbox) outbox.set(message.id, message);
    for (const id of commit.outboxDone) outbox.delete(id);
    const next = { epoch: commit.epoch, version: commit.version, lineage: commit.lineage };
    this.#aggregates.set(commit.aggregate, { head: next, items, records, outbox });
  }
}

function refused(code: ErrorCode, message: string): PlatformError {
  return new PlatformError({ code, kind: 'dependency', effect: 'none', message });
}
