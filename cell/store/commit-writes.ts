/**
 * The writes of one commit, as the transaction that carries them: here under the fence, at the peer under the apply rule.
 * Both share every write but the guards, so that what is replicated is what was committed.
 */
import type { Commit } from '../../core/commit.ts';
import { fenceShardOf } from '../../core/fence.ts';
import { absent, all, any, type Condition, equals, type Item, type TableWrite } from '../table/table.ts';
import {
  aggregateKey,
  dataItem,
  fenceKey,
  headItem,
  IDEMPOTENCY_PREFIX,
  ITEM_PREFIX,
  journalItem,
  outboxKey,
} from './table-layout.ts';

/** Position of the guards in the transaction, so that a refusal can be told from its index. */
export const FENCE_WRITE = 0;
export const HEAD_WRITE = 1;

/** Fence check, head at the commit's base, the changes, the journal entry. Mergeable commits have no fence to check. */
export function localWrites(options: { commit: Commit; fenceShards: number }): TableWrite[] {
  const { commit, fenceShards } = options;
  const fenceIsOurs = all(equals('epoch', commit.epoch), equals('active', commit.origin));
  return [
    guardFence({ commit, fenceShards, when: fenceIsOurs }),
    { kind: 'put', item: nextHead(commit), when: standsAt(commit.previous) },
    ...changeWrites(commit, { idempotencyOnce: true }),
    { kind: 'put', item: journalItem(commit) },
  ];
}

/** Fence not above the commit, head at the commit's base, the changes. No journal entry: that is what stops loops. */
export function replicatedWrites(options: { commit: Commit; fenceShards: number }): TableWrite[] {
  const { commit, fenceShards } = options;
  const fenceIsNotAbove = any(absent, { kind: '<=', attribute: 'epoch', value: commit.epoch });
  return [
    guardFence({ commit, fenceShards, when: fenceIsNotAbove }),
    { kind: 'put', item: nextHead(commit), when: standsAt(commit.previous) },
    ...changeWrites(commit, { idempotencyOnce: false }),
  ];
}

export function standsAt(revision: { epoch: number; version: number } | null): Condition {
  return revision === null ? absent : all(equals('epoch', revision.epoch), equals('version', revision.version));
}

function guardFence(options: { commit: Commit; fenceShards: number; when: Condition }): TableWrite {
  const key = fenceKey(fenceShardOf(options.commit.aggregate, options.fenceShards));
  // A mergeable commit keeps the position of the guard with a check that always holds.
  const always: Condition = any(absent, { kind: '>', attribute: 'epoch', value: 0 });
  return { kind: 'check', key, when: options.commit.class === 'mergeable' ? always : options.when };
}

function nextHead(commit: Commit): Item {
  return headItem(commit.aggregate, { epoch: commit.epoch, version: commit.version, lineage: commit.lineage });
}

function changeWrites(commit: Commit, options: { idempotencyOnce: boolean }): TableWrite[] {
  const { aggregate, idempotency, atMs: at } = commit;
  const pk = aggregateKey(aggregate);
  const writes = commit.changes.map(
    (change): TableWrite =>
      change.kind === 'put'
        ? { kind: 'put', item: dataItem(aggregate, change.item, change.data) }
        : { kind: 'delete', key: { pk, sk: ITEM_PREFIX + change.item } },
  );
  for (const message of commit.outbox) {
    const { pk, sk } = outboxKey(aggregate, message.id);
    writes.push({ kind: 'put', item: { pk, sk, message: JSON.stringify(message), at } });
  }
  for (const id of commit.outboxDone) writes.push({ kind: 'delete', key: outboxKey(aggregate, id) });
  if (idempotency) {
    const item: Item = { pk, sk: IDEMPOTENCY_PREFIX + idempotency.key, record: JSON.stringify(idempotency) };
    writes.push(options.idempotencyOnce ? { kind: 'put', item, when: absent } : { kind: 'put', item });
  }
  return writes;
}
