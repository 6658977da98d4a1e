/**
 * How an edge router finds the region of a tenant with two look-ups in a key-value store, whatever the number of cells: the
 * part of the bucket table that has the tenant's bucket, then the cell. Kept apart from what writes the store, because it
 * runs where every byte and every language feature counts.
 *
 *   b<part>       two characters for each of its buckets, or two for all of them; with "!" in front: some of its tenants are pinned
 *   t<tenant>     the cell of a pinned tenant, two characters
 *   c<cell>       the cell's active region
 */
import { BUCKETS, bucketOf } from './cell-map-placement.ts';
import type { TenantId } from './ids.ts';

/** A value may have 1 kB: 512 characters and a mark. */
export const BUCKETS_PER_PART = 256;
export const PARTS = BUCKETS / BUCKETS_PER_PART;
export const PINNED_MARK = '!';
/** Two characters of 64 name 4,096 cells. */
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const CODE_LENGTH = 2;

export function cellCode(index: number): string {
  return DIGITS.charAt(Math.floor(index / DIGITS.length)) + DIGITS.charAt(index % DIGITS.length);
}

/** `get` rejects when there is no such key. Resolves to the region's name. */
export async function regionOfTenant(tenant: TenantId, get: (key: string) => Promise<string>): Promise<string> {
  const bucket = bucketOf(tenant);
  let part = await get(`b${Math.floor(bucket / BUCKETS_PER_PART)}`);
  if (part.charAt(0) === PINNED_MARK) {
    const pinned = await pinnedCell(tenant, get);
    if (pinned !== null) return await get(`c${pinned}`);
    part = part.slice(1);
  }
  const at = part.length === CODE_LENGTH ? 0 : (bucket % BUCKETS_PER_PART) * CODE_LENGTH;
  return await get(`c${part.slice(at, at + CODE_LENGTH)}`);
}

async function pinnedCell(tenant: TenantId, get: (key: string) => Promise<string>): Promise<string | null> {
  try {
    return await get(`t${tenant}`);
  } catch (_error) {
    // Another tenant of this part is pinned.
    return null;
  }
}
