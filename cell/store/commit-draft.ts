/** Checks what a service asks to commit, against the limits of one transaction, and completes it to a commit. */
import {
  COMMIT_BYTES_MAX,
  COMMIT_CHANGES_MAX,
  COMMIT_OUTBOX_MAX,
  type Commit,
  type CommitDraft,
  extendLineage,
} from '../../core/commit.ts';
import { PlatformError } from '../../core/errors.ts';
import type { RegionName } from '../../core/ids.ts';
import { TAKEN_IN_ITEM } from '../../core/reconcile.ts';

export function checkDraft(draft: CommitDraft): void {
  const outbox = (draft.outbox?.length ?? 0) + (draft.outboxDone?.length ?? 0);
  // The note of what was taken in comes on top of a commit that was within the limits once.
  const changes = draft.changes.filter(({ item }) => item !== TAKEN_IN_ITEM).length;
  if (changes > COMMIT_CHANGES_MAX) throw tooLarge('changes', changes, COMMIT_CHANGES_MAX);
  if (outbox > COMMIT_OUTBOX_MAX) throw tooLarge('outbox messages', outbox, COMMIT_OUTBOX_MAX);
  const bytes = JSON.stringify(draft.changes).length;
  if (bytes > COMMIT_BYTES_MAX) throw tooLarge('bytes', bytes, COMMIT_BYTES_MAX);
}

export function completeDraft(
  draft: CommitDraft,
  writer: { readonly epoch: number; readonly region: RegionName; readonly atMs: number },
): Commit {
  const { expected } = draft;
  const { epoch } = writer;
  const version = (expected?.version ?? 0) + 1;
  return {
    aggregate: draft.aggregate,
    class: draft.class,
    epoch,
    version,
    lineage: extendLineage(expected, { epoch, version }),
    previous: expected && { epoch: expected.epoch, version: expected.version },
    origin: writer.region,
    changes: draft.changes,
    idempotency: draft.idempotency ?? null,
    outbox: draft.outbox ?? [],
    outboxDone: draft.outboxDone ?? [],
    atMs: writer.atMs,
  };
}

function tooLarge(what: string, seen: number, allowed: number): PlatformError {
  return new PlatformError({
    code: 'PAYLOAD_TOO_LARGE',
    kind: 'caller',
    effect: 'none',
    message: `One change has ${seen} ${what}; allowed are ${allowed}. Split it into several.`,
    details: { what, seen, allowed },
  });
}
