/**
 * Where everything lies in a cell's table. One table a cell and region:
 *
 *   AGG#<aggregate>      HEAD | ITEM#<name> | IDEM#<key>     aggregates
 *   FENCE#<shard>        FENCE                               the fence; the keeper's proof that the store takes writes counts on it
 *   JOURNAL#<shard>      <aggregate>#<epoch>#<version>       commits not yet known to be at the peer
 *   OUTBOX#<shard>       <aggregate>#<message id>            messages not yet dealt with
 *   QUARANTINE           <aggregate>#<epoch>#<version>       commits that came with an epoch below the fence
 *   RECONCILED           <aggregate>#<epoch>#<version>       what became of those that were settled: kept for ever
 *   RECONCILED_COPY      <aggregate>#<epoch>#<version>       of the other region's, what was discarded or merged
 *   RECONCILED_UNCOPIED  <aggregate>#<epoch>#<version>       of ours, what is still to be copied there
 *   HEARTBEAT            <origin region>                     how far the peer's commits have arrived here
 *   PROBE                peer <region>                       whether the peer's store takes writes again
 */
import type { Commit, Head, Revision } from '../../core/commit.ts';
import type { Fence } from '../../core/fence.ts';
import { fnv1a32 } from '../../core/hash.ts';
import type { AggregateId, Epoch, RegionName } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import type { QuarantinedCommit, ReconciledCommit } from '../cell-store.ts';
import type { Beat } from '../replication/staleness.ts';
import type { Item, Key } from '../table/table.ts';

/** Journal and outbox are spread over this many table keys: a partition of DynamoDB takes 1,000 writes a second. */
export const JOURNAL_SHARDS = 4;

export { ARBITER_TABLE, cellTableName } from '../../core/aws-names.ts';

export const HEAD = 'HEAD';
export const ITEM_PREFIX = 'ITEM#';
export const IDEMPOTENCY_PREFIX = 'IDEM#';
export const QUARANTINE = 'QUARANTINE';
export const RECONCILED = 'RECONCILED';
export const UNCOPIED = 'RECONCILED_UNCOPIED';
export const RECONCILED_COPY = 'RECONCILED_COPY';
export const HEARTBEAT = 'HEARTBEAT';
export const PROBE = 'PROBE';

export const aggregateKey = (id: AggregateId) => `AGG#${id}`;
export const headKey = (id: AggregateId): Key => ({ pk: aggregateKey(id), sk: HEAD });
export const fenceKey = (shard: number): Key => ({ pk: `FENCE#${shard}`, sk: 'FENCE' });
export const journalShardOf = (id: AggregateId) => fnv1a32(id) % JOURNAL_SHARDS;
export const JOURNAL_PREFIX = 'JOURNAL#';
export const journalPk = (shard: number) => JOURNAL_PREFIX + shard;
export const outboxPk = (shard: number) => `OUTBOX#${shard}`;
export const outboxKey = (aggregate: AggregateId, id: string): Key => ({
  pk: outboxPk(journalShardOf(aggregate)),
  sk: `${aggregate}#${id}`,
});
/** Sorts an aggregate's entries by epoch, then version. */
export const journalSk = (aggregate: AggregateId, revision: Revision) =>
  `${aggregate}#${String(revision.epoch).padStart(10, '0')}#${String(revision.version).padStart(12, '0')}`;
export const journalKey = (commit: Pick<Commit, 'aggregate' | 'epoch' | 'version'>): Key => ({
  pk: journalPk(journalShardOf(commit.aggregate)),
  sk: journalSk(commit.aggregate, commit),
});

export function headItem(id: AggregateId, head: Head): Item {
  const { epoch, version } = head;
  return { pk: aggregateKey(id), sk: HEAD, epoch, version, lineage: JSON.stringify(head.lineage) };
}

export function toHead(item: Item | null): Head | null {
  if (!item) return null;
  return {
    epoch: Number(item.epoch),
    version: Number(item.version),
    lineage: JSON.parse(String(item.lineage)) as Revision[],
  };
}

export function fenceItem(shard: number, fence: Fence): Item {
  const { pk, sk } = fenceKey(shard);
  const { epoch, active } = fence;
  return active ? { pk, sk, epoch, active } : { pk, sk, epoch };
}

export function toFence(item: Item | null): Fence | null {
  if (!item) return null;
  return { epoch: Number(item.epoch) as Epoch, active: item.active ? (String(item.active) as RegionName) : null };
}

export function beatItem(region: RegionName, beat: Beat): Item {
  return { pk: HEARTBEAT, sk: region, beat: JSON.stringify(beat) };
}

export function toBeat(item: Item | null): Beat | null {
  return item?.beat === undefined ? null : (JSON.parse(String(item.beat)) as Beat);
}

export function journalItem(commit: Commit): Item {
  const { pk, sk } = journalKey(commit);
  return { pk, sk, at: commit.atMs, commit: JSON.stringify(commit) };
}

export function toCommit(item: Item): Commit {
  return JSON.parse(String(item.commit)) as Commit;
}

export function dataItem(id: AggregateId, name: string, data: JsonObject): Item {
  return { pk: aggregateKey(id), sk: ITEM_PREFIX + name, data: JSON.stringify(data) };
}

export function quarantineItem(quarantined: QuarantinedCommit): Item {
  return {
    pk: QUARANTINE,
    sk: quarantined.id,
    commit: JSON.stringify(quarantined.commit),
    fenceEpoch: quarantined.fenceEpoch,
    at: quarantined.quarantinedAtMs,
  };
}

export function toQuarantined(item: Item): QuarantinedCommit {
  return {
    id: item.sk,
    commit: toCommit(item),
    fenceEpoch: Number(item.fenceEpoch),
    quarantinedAtMs: Number(item.at),
  };
}

export const quarantineKey = (id: string): Key => ({ pk: QUARANTINE, sk: id });
export const reconciledKey = (id: string): Key => ({ pk: RECONCILED, sk: id });
export const uncopiedKey = (id: string): Key => ({ pk: UNCOPIED, sk: id });
export const withKeyOfCopy = (line: Item): Item => ({ ...line, pk: RECONCILED_COPY });

export function reconciledItem(settled: ReconciledCommit): Item {
  const { id, action, by, reason, atMs, takenInAs, commit } = settled;
  return {
    ...reconciledKey(id),
    ...{ action, by, reason, at: atMs, commit: JSON.stringify(commit) },
    ...(takenInAs ? { epoch: takenInAs.epoch, version: takenInAs.version } : {}),
  };
}

export function toReconciled(item: Item): ReconciledCommit {
  return {
    id: item.sk,
    action: String(item.action) as ReconciledCommit['action'],
    by: String(item.by),
    reason: String(item.reason),
    atMs: Number(item.at),
    takenInAs: item.epoch === undefined ? null : { epoch: Number(item.epoch), version: Number(item.version) },
    commit: toCommit(item),
  };
}
