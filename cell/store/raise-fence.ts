/**
 * Raises the fence of a store, all shards of it. A takeover is complete only when *every* shard stands at its target:
 * until then a commit of the old epoch may still pass at some shard. First all shards in one transaction, one call. Only
 * when that meets a commit in flight (or a shard that differs from the others) shard by shard, so that a conflict costs one
 * shard its repetition and not the whole takeover.
 */
import type { Clock } from '../../core/clock.ts';
import { isPlatformError } from '../../core/errors.ts';
import { type Fence, mayRaise } from '../../core/fence.ts';
import type { RegionName } from '../../core/ids.ts';
import { fullJitterMs, type Rng } from '../../core/rng.ts';
import type { CallBounds } from '../cell-store.ts';
import { absent, all, any, type Condition, equals, type Table, type TableWrite } from '../table/table.ts';
import { fenceItem, fenceKey, toFence } from './table-layout.ts';

const CONFLICT_RETRIES_MAX = 10;
const CONFLICT_BACKOFF = { baseMs: 2, capMs: 50 };

export type FenceRaise =
  | { readonly outcome: 'raised' }
  /** At least one shard stands above the target, or at it for somebody else: `seen` is the highest such. */
  | { readonly outcome: 'higher'; readonly seen: Fence };

export interface FenceRaiseOptions {
  readonly table: Table;
  readonly shards: number;
  readonly to: Fence;
  readonly clock: Clock;
  readonly rng: Rng;
}

/** Idempotent. Throws what the store throws; then some shards may be raised and others not, and repeating is safe. */
export async function raiseFence(options: FenceRaiseOptions, bounds: CallBounds): Promise<FenceRaise> {
  if (await raiseTogether(options, bounds)) return { outcome: 'raised' };
  const seen = await Promise.all(everyShard(options.shards).map((shard) => raiseShard(options, shard, bounds)));
  const higher = seen.filter((fence) => fence !== null).sort((a, b) => b.epoch - a.epoch)[0];
  return higher ? { outcome: 'higher', seen: higher } : { outcome: 'raised' };
}

/** The shards of a store that have a fence, each as it stood in its own instant. */
export async function readShards(table: Table, shards: number, bounds: CallBounds): Promise<readonly Fence[]> {
  const keys = everyShard(shards).map(fenceKey);
  return (await table.getMany(keys, bounds)).map((item) => toFence(item)).filter((fence) => fence !== null);
}

/** The highest fence of a store, or `null` when it has none yet. */
export async function readFence(table: Table, shards: number, bounds: CallBounds): Promise<Fence | null> {
  return (await readShards(table, shards, bounds)).toSorted((a, b) => b.epoch - a.epoch)[0] ?? null;
}

const everyShard = (shards: number): readonly number[] => Array.from({ length: shards }, (_, shard) => shard);

async function raiseTogether({ table, shards, to }: FenceRaiseOptions, bounds: CallBounds): Promise<boolean> {
  const when = raisable(to);
  const writes = everyShard(shards).map((shard): TableWrite => ({ kind: 'put', item: fenceItem(shard, to), when }));
  try {
    return (await table.transact(writes, bounds)).outcome === 'done';
  } catch (error) {
    if (isPlatformError(error) && error.code === 'STORE_CONFLICT') return false;
    throw error;
  }
}

async function raiseShard(options: FenceRaiseOptions, shard: number, bounds: CallBounds): Promise<Fence | null> {
  const { table, to, clock, rng } = options;
  const write = { kind: 'put', item: fenceItem(shard, to), when: raisable(to) } as const;
  for (let attempt = 0; ; attempt++) {
    try {
      const result = await table.write(write, bounds);
      if (result.outcome === 'done') return null;
      const existing = toFence(result.refusals[0]?.existing ?? null);
      return existing && !mayRaise(existing, to) ? existing : null;
    } catch (error) {
      const conflict = isPlatformError(error) && error.code === 'STORE_CONFLICT';
      if (!conflict || attempt >= CONFLICT_RETRIES_MAX) throw error;
      await clock.sleep(fullJitterMs(rng, { ...CONFLICT_BACKOFF, attempt }), bounds.signal);
    }
  }
}

/** The fence takes commits from this region; `null`: it is closed. */
export function fenceNames(active: RegionName | null): Condition {
  return active === null ? { kind: 'attribute-absent', attribute: 'active' } : equals('active', active);
}

/** `mayRaise`, as the store checks it. */
function raisable(to: Fence): Condition {
  const sameTarget = to.active === null ? fenceNames(null) : any(fenceNames(null), fenceNames(to.active));
  return any(absent, { kind: '<', attribute: 'epoch', value: to.epoch }, all(equals('epoch', to.epoch), sameTarget));
}
