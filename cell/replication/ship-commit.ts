/**
 * Ships one commit of this store's journal to the peer, to its end: applied, found there already, or set aside in the
 * peer's quarantine with this store repaired. Everything here is idempotent; the caller deletes the journal entry only
 * after `shipped` or `quarantined`. Replicator and failover coordinator (drain) share it.
 */

import type { Clock } from '../../core/clock.ts';
import { type Commit, includes } from '../../core/commit.ts';
import { fenceShardOf } from '../../core/fence.ts';
import type { Epoch } from '../../core/ids.ts';
import type { Rng } from '../../core/rng.ts';
import type { CallBounds } from '../cell-store.ts';
import { raiseFence } from '../store/raise-fence.ts';
import { fenceKey, journalSk, quarantineItem, toFence } from '../store/table-layout.ts';
import { absent, any, type Table } from '../table/table.ts';
import { applyCommit } from './apply-commit.ts';
import { readWhole, replaceAggregate } from './replace-aggregate.ts';

export type Shipment =
  | 'shipped'
  | 'quarantined'
  /** An earlier commit of the aggregate must arrive first. */
  | 'waiting';

/** Rounds of judge-and-repair against a moving aggregate before the entry is left for the next sweep. */
const REPAIR_ROUNDS_MAX = 5;

export interface ShippingLane {
  /** The store whose journal holds the commit. */
  readonly source: Table;
  readonly peer: Table;
  readonly fenceShards: number;
  readonly clock: Clock;
  readonly rng: Rng;
}

/** `first`: no earlier entry of this aggregate is in the journal, so nothing that it could wait for will come. */
export async function shipCommit(
  lane: ShippingLane,
  options: { readonly commit: Commit; readonly first: boolean },
  bounds: CallBounds,
): Promise<Shipment> {
  const { commit, first } = options;
  const target = { table: lane.peer, fenceShards: lane.fenceShards };
  for (let round = 0; round < REPAIR_ROUNDS_MAX; round++) {
    const applied = await applyCommit(target, commit, bounds);
    switch (applied.verdict) {
      case 'apply':
      case 'skip':
        return 'shipped';
      case 'quarantine':
        return quarantine(lane, { commit, fenceEpoch: applied.fence?.epoch ?? commit.epoch }, bounds);
      case 'wait':
        if (!first) return 'waiting';
        await repairPeer(lane, commit, bounds);
        break;
      case 'repair':
        await repairPeer(lane, commit, bounds);
    }
  }
  return 'waiting';
}

/** The peer's copy was written by a stale writer, or lacks a commit that nobody has any more: ours replaces it. */
async function repairPeer(lane: ShippingLane, commit: Commit, bounds: CallBounds): Promise<void> {
  const present = await readWhole(lane.peer, commit.aggregate, bounds);
  const wanted = await readWhole(lane.source, commit.aggregate, bounds);
  const fenceGuard = any(absent, { kind: '<=', attribute: 'epoch', value: wanted.aggregate.head?.epoch ?? 0 });
  await replaceAggregate({ target: targetOf(lane.peer, lane), present, wanted, fenceGuard }, bounds);
}

/** Keeps the commit whole at the owner, then makes this store's aggregate the owner's again. In this order: nothing vanishes. */
async function quarantine(
  lane: ShippingLane,
  stale: { readonly commit: Commit; readonly fenceEpoch: number },
  bounds: CallBounds,
): Promise<Shipment> {
  const { commit, fenceEpoch } = stale;
  const id = journalSk(commit.aggregate, commit);
  const item = quarantineItem({ id, commit, fenceEpoch, quarantinedAtMs: lane.clock.wallMs() });
  await lane.peer.write({ kind: 'put', item, when: absent }, bounds);
  await adoptOwnersFence(lane, commit, bounds);
  for (let round = 0; round < REPAIR_ROUNDS_MAX; round++) {
    if (await repairSource(lane, commit, bounds)) return 'quarantined';
  }
  return 'waiting';
}

/** The owner's fence, in this store too: from here on no writer of the stale epoch can commit under our hands. */
async function adoptOwnersFence(lane: ShippingLane, commit: Commit, bounds: CallBounds): Promise<void> {
  const shard = fenceShardOf(commit.aggregate, lane.fenceShards);
  const fence = toFence(await lane.peer.get(fenceKey(shard), bounds));
  if (!fence) return;
  // A closed store stands at an epoch that nobody owns yet: what its last owner wrote must still be let in here.
  const to = fence.active === null ? { ...fence, epoch: (fence.epoch - 1) as Epoch } : fence;
  const own = toFence(await lane.source.get(fenceKey(shard), bounds));
  if (own && own.epoch >= to.epoch) return;
  await raiseFence({ table: lane.source, shards: lane.fenceShards, to, clock: lane.clock, rng: lane.rng }, bounds);
}

async function repairSource(lane: ShippingLane, commit: Commit, bounds: CallBounds): Promise<boolean> {
  const present = await readWhole(lane.source, commit.aggregate, bounds);
  const wanted = await readWhole(lane.peer, commit.aggregate, bounds);
  const head = present.aggregate.head;
  if (head === null || includes(wanted.aggregate.head, head)) return true;
  // Already under a later owner's epoch: not the stale writer's work any more.
  if (head.epoch > commit.epoch) return true;
  const fenceGuard = { kind: '>', attribute: 'epoch', value: commit.epoch } as const;
  return replaceAggregate({ target: targetOf(lane.source, lane), present, wanted, fenceGuard }, bounds);
}

function targetOf(table: Table, lane: ShippingLane) {
  return { table, fenceShards: lane.fenceShards };
}
