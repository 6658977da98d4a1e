/**
 * What settling a quarantined commit writes, whether alone (`settlement.ts`) or with others (`settle-together.ts`): the commit
 * that takes it in, its row of the audit, and the removal of its row from the quarantine. Pure.
 */
import type { Aggregate, Change, Commit, CommitDraft } from '../../core/commit.ts';
import { changesTakingIn } from '../../core/reconcile.ts';
import type { QuarantinedCommit, ReconciledCommit } from '../cell-store.ts';
import { quarantineKey, reconciledItem } from '../store/table-layout.ts';
import { absent, any, equals, type TableWrite } from '../table/table.ts';
import { markUncopied } from './audit-copies.ts';

/** Why the loop takes in what nobody touched. */
export const UNTOUCHED = 'nobody wrote to it since';

/** `automatic`: whatever needs no person. The others are a person's choice, and nothing else is done instead. */
export type Wish = 'automatic' | 'adopt' | 'merge' | 'discard';

export interface Order {
  readonly wish: Wish;
  readonly by: string;
  readonly reason: string;
}

/** The loop's own. */
export const AUTOMATIC: Order = { wish: 'automatic', by: 'holdfast', reason: '' };

/** `whole`: `changes` are the commit's own, as they were. */
export function draftTakingIn(options: {
  readonly commit: Commit;
  readonly present: Aggregate;
  readonly changes: readonly Change[];
  readonly whole: boolean;
}): CommitDraft {
  const { commit, present } = options;
  return {
    ...{ aggregate: commit.aggregate, class: commit.class, expected: present.head },
    changes: changesTakingIn(options),
    // Its client's repeat gets the answer that it would have got.
    ...(commit.idempotency && !present.idempotency.has(commit.idempotency.key)
      ? { idempotency: commit.idempotency }
      : {}),
    ...{ outbox: commit.outbox, outboxDone: commit.outboxDone },
  };
}

/** The line, over an earlier *superseded* only: that was said of a line of history that may be over. And whether it is to be copied. */
export function auditWrites(audit: ReconciledCommit): readonly TableWrite[] {
  const line = { kind: 'put', item: reconciledItem(audit), when: any(absent, equals('action', 'superseded')) } as const;
  return [line, ...markUncopied(audit)];
}

/** Only as it was seen: whoever took it away meanwhile had a reason, and it must be judged anew. */
export function removalOf(row: QuarantinedCommit): TableWrite {
  return { kind: 'delete', key: quarantineKey(row.id), when: equals('at', row.quarantinedAtMs) };
}

export function auditFor(of: {
  readonly row: QuarantinedCommit;
  readonly order: Order;
  readonly action: ReconciledCommit['action'];
  readonly why: string;
  readonly takenInAs: ReconciledCommit['takenInAs'];
  readonly atMs: number;
}): ReconciledCommit {
  const { row, order, action, why, takenInAs, atMs } = of;
  const asked = order.wish === 'automatic' || order.reason === why ? [] : [order.reason];
  const reason = [...asked, why].join('; ');
  return { id: row.id, action, by: order.by, reason, atMs, takenInAs, commit: row.commit };
}
