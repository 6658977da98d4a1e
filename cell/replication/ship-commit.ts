/**
 * Ships one commit of this store's journal to the peer, to its end: applied, found there already, or set aside in the
 * peer's quarantine with this store repaired. Everything here is idempotent; the caller deletes the journal entry only
 * after `shipped` or `quarantined`. Replicator and failover coordinator (drain) share it. What was set aside and came into the
 * line after all stays in the quarantine until reconciliation finds it there: a removal from here that came late could
 * take away the only copy of a commit that another owner has set aside again meanwhile.
 */

import type { Clock } from '../../core/clock.ts';
import { type Commit, includes } from '../../core/commit.ts';
import { type Fence, fenceShardOf } from '../../core/fence.ts';
import type { Epoch } from '../../core/ids.ts';
import type { Rng } from '../../core/rng.ts';
import type { CallBounds } from '../cell-store.ts';
import { fenceNames, raiseFence } from '../store/raise-fence.ts';
import { fenceKey, journalSk, quarantineItem, toFence } from '../store/table-layout.ts';
import { absent, all, any, equals, type Table } from '../table/table.ts';
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
        if (!(await ownedHere(lane, { commit, fence: applied.fence }, bounds))) {
          return quarantine(lane, { commit, fenceEpoch: applied.fence?.epoch ?? commit.epoch }, bounds);
        }
        if (await isForeign(lane, { commit, fenceEpoch: applied.fence?.epoch ?? commit.epoch }, bounds))
          return 'quarantined';
        break;
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

/**
 * The peer's copy was written by a stale writer, or lacks a commit that nobody has any more: ours replaces it. Only under a
 * fence that is not above the commit's own epoch. By the epoch of the copy that is sent a process that slept since it judged
 * could be let in after a failover, whose new owner's commits are in that copy, and put it over what the owner wrote since.
 */
async function repairPeer(lane: ShippingLane, commit: Commit, bounds: CallBounds): Promise<void> {
  const present = await readWhole(lane.peer, commit.aggregate, bounds);
  const wanted = await readWhole(lane.source, commit.aggregate, bounds);
  const fenceGuard = any(absent, { kind: '<=', attribute: 'epoch', value: commit.epoch });
  await replaceAggregate({ target: targetOf(lane.peer, lane), present, wanted, fenceGuard }, bounds);
}

/** The peer's fence names us, or is only closed at an epoch that is ours by our own fence (a close that came late). */
async function ownedHere(
  lane: ShippingLane,
  { commit, fence }: { readonly commit: Commit; readonly fence: Fence | null },
  bounds: CallBounds,
): Promise<boolean> {
  if (fence === null || fence.active !== null) return fence?.active === commit.origin;
  const own = toFence(await lane.source.get(fenceKey(fenceShardOf(commit.aggregate, lane.fenceShards)), bounds));
  return own?.active === commit.origin && own.epoch >= fence.epoch;
}

/**
 * The peer's fence is ours: we own the cell under a later epoch (we took it again after a move that was given up, say),
 * and the commit is of an earlier one. In our line it belongs to the owner's state, which the peer gets whole. Not in our
 * line (`true`): it was replaced here before we became the owner, and only the quarantine is left to keep it.
 */
async function isForeign(lane: ShippingLane, stale: Stale, bounds: CallBounds): Promise<boolean> {
  const { commit } = stale;
  // The target first: then whatever arrives there after we read our own state makes the repair miss, and undoes nothing.
  const present = await readWhole(lane.peer, commit.aggregate, bounds);
  const wanted = await readWhole(lane.source, commit.aggregate, bounds);
  if (!includes(wanted.aggregate.head, commit)) {
    await setAside(lane, stale, bounds);
    return true;
  }
  const fenceGuard = any(fenceNames(commit.origin), all(fenceNames(null), equals('epoch', stale.fenceEpoch)));
  await replaceAggregate({ target: targetOf(lane.peer, lane), present, wanted, fenceGuard }, bounds);
  return false;
}

interface Stale {
  readonly commit: Commit;
  readonly fenceEpoch: number;
}

/** Keeps the commit whole at the owner, then makes this store's aggregate the owner's again. In this order: nothing vanishes. */
async function quarantine(lane: ShippingLane, stale: Stale, bounds: CallBounds): Promise<Shipment> {
  await setAside(lane, stale, bounds);
  for (let round = 0; round < REPAIR_ROUNDS_MAX; round++) {
    const fence = await adoptOwnersFence(lane, stale.commit, bounds);
    // We became the owner meanwhile: our copy is the truth, and the next sweep judges the commit anew.
    if (fence === null || fence.active === stale.commit.origin) return 'waiting';
    if (await repairSource(lane, { commit: stale.commit, fence }, bounds)) return 'quarantined';
  }
  return 'waiting';
}

async function setAside(lane: ShippingLane, { commit, fenceEpoch }: Stale, bounds: CallBounds): Promise<void> {
  const id = journalSk(commit.aggregate, commit);
  const item = quarantineItem({ id, commit, fenceEpoch, quarantinedAtMs: lane.clock.wallMs() });
  await lane.peer.write({ kind: 'put', item, when: absent }, bounds);
}

/**
 * The owner's fence, in this store too: from here on no writer of the stale epoch can commit under our hands. Returns what
 * this store stands at afterwards.
 */
async function adoptOwnersFence(lane: ShippingLane, commit: Commit, bounds: CallBounds): Promise<Fence | null> {
  const key = fenceKey(fenceShardOf(commit.aggregate, lane.fenceShards));
  const fence = toFence(await lane.peer.get(key, bounds));
  if (!fence) return null;
  // A closed store stands at an epoch that nobody owns yet: what its last owner wrote must still be let in here.
  const to = fence.active === null ? { ...fence, epoch: (fence.epoch - 1) as Epoch } : fence;
  const own = toFence(await lane.source.get(key, bounds));
  if (own && own.epoch >= to.epoch) return own;
  await raiseFence({ table: lane.source, shards: lane.fenceShards, to, clock: lane.clock, rng: lane.rng }, bounds);
  return toFence(await lane.source.get(key, bounds));
}

async function repairSource(
  lane: ShippingLane,
  { commit, fence }: { readonly commit: Commit; readonly fence: Fence },
  bounds: CallBounds,
): Promise<boolean> {
  const present = await readWhole(lane.source, commit.aggregate, bounds);
  const wanted = await readWhole(lane.peer, commit.aggregate, bounds);
  const head = present.aggregate.head;
  if (head === null || includes(wanted.aggregate.head, head)) return true;
  // Already under a later owner's epoch: not the stale writer's work any more.
  if (head.epoch > commit.epoch) return true;
  if (fence.epoch <= commit.epoch) return false;
  // Only under the very fence that was looked at: had we become the owner since, this would overwrite the owner's copy.
  const fenceGuard = all(equals('epoch', fence.epoch), fenceNames(fence.active));
  return replaceAggregate({ target: targetOf(lane.source, lane), present, wanted, fenceGuard }, bounds);
}

function targetOf(table: Table, lane: ShippingLane) {
  return { table, fenceShards: lane.fenceShards };
}
