/**
 * The fence: the epoch that a store enforces. It is sharded by aggregate, because on DynamoDB concurrent transactions
 * conflict on an item that they only check. Invariant: the epoch of a shard never falls; a takeover raises *all* shards
 * before it admits a write, so a commit can succeed only while its own shard still carries its writer's epoch.
 */
import { fnv1a32 } from './hash.ts';
import type { AggregateId, Epoch, RegionName } from './ids.ts';

export interface Fence {
  readonly epoch: Epoch;
  /** Whom this store takes commits from; `null`: from nobody, until a higher epoch opens it. */
  readonly active: RegionName | null;
}

/** Upper bound of shards: each costs one write at a takeover. */
export const FENCE_SHARDS_MAX = 64;

export function fenceShardOf(aggregate: AggregateId, shards: number): number {
  return fnv1a32(aggregate) % shards;
}

/** A commit passes: `epoch = mine and active = here`. */
export function fenceAdmits(fence: Fence | null, writer: { epoch: Epoch; region: RegionName }): boolean {
  return fence !== null && fence.epoch === writer.epoch && fence.active === writer.region;
}

/** A replicated commit passes: fence absent, or not above the commit's epoch. */
export function fenceAdmitsReplicated(fence: Fence | null, commitEpoch: number): boolean {
  return fence === null || fence.epoch <= commitEpoch;
}

/**
 * Raising is idempotent for the same target, and otherwise only upwards. A closed fence may be given to the owner of its
 * epoch, which the arbiter has made one; an open one is never closed or given to another at the same epoch.
 */
export function mayRaise(fence: Fence | null, to: Fence): boolean {
  if (fence === null || fence.epoch < to.epoch) return true;
  return fence.epoch === to.epoch && (fence.active === null || fence.active === to.active);
}
