/**
 * The write units of a commit, counted on the very writes that the store sends: nothing here knows how a commit is built. A
 * transaction costs two units for each kilobyte begun of each item that it writes, deletes or only checks.
 */

import { completeDraft } from '../../cell/store/commit-draft.ts';
import { localWrites, replicatedWrites } from '../../cell/store/commit-writes.ts';
import { journalItem } from '../../cell/store/table-layout.ts';
import type { Item, TableWrite } from '../../cell/table/table.ts';
import type { Commit, CommitDraft } from '../../core/commit.ts';
import { FENCE_SHARDS_MAX } from '../../core/fence.ts';
import type { RegionName } from '../../core/ids.ts';

const UNIT_BYTES = 1_024;
const TRANSACTION_FACTOR = 2;

export interface CommitUnits {
  /** In the owner's table: all of its transaction. */
  readonly local: number;
  /** Of these, the check of the fence and the entry of the journal: one region without fencing has neither. */
  readonly localResilience: number;
  /** At the peer. */
  readonly replicated: number;
  /** The journal entry's removal, once the peer has it; not in a transaction. */
  readonly journalDelete: number;
  /** What the same change would take in one region without fence and journal. */
  readonly plain: number;
  /** All of it over that. */
  readonly amplification: number;
  readonly items: { readonly local: number; readonly replicated: number };
  /** Over the wire to the peer. */
  readonly bytes: number;
}

export function unitsOfCommit(draft: CommitDraft): CommitUnits {
  const commit = completeDraft(draft, { epoch: 3, region: 'us-east-1' as RegionName, atMs: 1_700_000_000_000 });
  const parts = { commit, fenceShards: FENCE_SHARDS_MAX };
  const [localItems, replicatedItems] = [localWrites(parts), replicatedWrites(parts)];
  const local = transactionUnits(localItems);
  const replicated = transactionUnits(replicatedItems);
  const guards = localItems.filter(isResilience);
  const localResilience = transactionUnits(guards);
  const journalDelete = unitsOfItem(journalItem(commit));
  const plain = local - localResilience;
  return {
    ...{ local, localResilience, replicated, journalDelete, plain },
    amplification: (local + replicated + journalDelete) / plain,
    items: { local: localItems.length, replicated: replicatedItems.length },
    bytes: bytesOf(commit),
  };
}

const isResilience = (write: TableWrite) =>
  write.kind === 'check' || (write.kind === 'put' && write.item.pk.startsWith('JOURNAL#'));

function transactionUnits(writes: readonly TableWrite[]): number {
  return writes.reduce((sum, write) => sum + TRANSACTION_FACTOR * unitsOfWrite(write), 0);
}

/** What is checked or deleted is as large as what is there: a fence is tiny, and an item of a sample below a kilobyte. */
function unitsOfWrite(write: TableWrite): number {
  return write.kind === 'put' ? unitsOfItem(write.item) : 1;
}

/** Names and values, as DynamoDB counts an item; numbers are counted as text, which is a little too much. */
export function unitsOfItem(item: Item): number {
  const bytes = Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(String(value)),
    0,
  );
  return Math.max(1, Math.ceil(bytes / UNIT_BYTES));
}

const bytesOf = (commit: Commit) => Buffer.byteLength(JSON.stringify(commit));
