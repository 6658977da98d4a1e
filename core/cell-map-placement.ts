/**
 * Placement: tenant → bucket → cell, plus overrides that pin a tenant. Every bucket names a cell at all times, so every
 * tenant has exactly one cell; nothing here allocates, so the look-up costs a hash and two array reads.
 */
import { fnv1a32 } from './hash.ts';
import type { CellId, TenantId } from './ids.ts';

/** Hash slots between tenant and cell: with a thousand cells each still has 16, and a run of them encodes in kilobytes. */
export const BUCKETS = 16_384;

/** More cells than this would leave fewer than four buckets a cell, too coarse to weigh them. */
export const CELLS_MAX = 4_096;

/** Pinned tenants are exceptions (tests, heavy tenants, quarantine); more of them than this is a second placement. */
export const OVERRIDES_MAX = 10_000;

export interface Placement {
  /** Grows with every published change; a consumer never goes back. An integer from 1. */
  readonly version: number;
  readonly cells: readonly CellId[];
  /** Index into `cells` for each bucket. Nobody may write to it. */
  readonly buckets: Uint16Array;
  readonly overrides: ReadonlyMap<TenantId, CellId>;
  /** Of the encoded form: tells two documents of one version apart. */
  readonly checksum: string;
}

export interface TenantLocation {
  readonly tenant: TenantId;
  readonly bucket: number;
  readonly cell: CellId;
  readonly by: 'bucket' | 'override';
}

export function bucketOf(tenant: TenantId): number {
  return fnv1a32(tenant) % BUCKETS;
}

export function cellOf(placement: Placement, tenant: TenantId): CellId {
  return placement.overrides.get(tenant) ?? cellOfBucket(placement, bucketOf(tenant));
}

/** The same answer with its reason, for people. */
export function locate(placement: Placement, tenant: TenantId): TenantLocation {
  const by = placement.overrides.has(tenant) ? 'override' : 'bucket';
  return { tenant, bucket: bucketOf(tenant), cell: cellOf(placement, tenant), by };
}

/** How many buckets name another cell in `next` than in `previous`. */
export function bucketsMoved(previous: Placement, next: Placement): number {
  let moved = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    if (cellOfBucket(previous, bucket) !== cellOfBucket(next, bucket)) moved += 1;
  }
  return moved;
}

export function cellOfBucket(placement: Placement, bucket: number): CellId {
  // Decoding and building both check that every bucket holds an index of `cells`.
  return placement.cells[placement.buckets[bucket] as number] as CellId;
}
