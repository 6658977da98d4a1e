/** What an edge router's key-value store holds for a map: see `edge-lookup.ts` for the layout. */
import { BUCKETS, bucketOf, type Ownership, type Placement } from './cell-map.ts';
import { BUCKETS_PER_PART, cellCode, PARTS, PINNED_MARK } from './edge-lookup.ts';
import type { CellSpec } from './topology.ts';

/** Every key that the store should have, and no other. */
export function edgeEntries(
  map: { readonly placement: Placement; readonly ownership: Ownership },
  cells: readonly CellSpec[],
): ReadonlyMap<string, string> {
  const { placement, ownership } = map;
  const entries = new Map<string, string>();
  const pinnedParts = new Set([...placement.overrides.keys()].map((tenant) => partOf(bucketOf(tenant))));
  for (let part = 0; part < PARTS; part++) {
    entries.set(`b${part}`, (pinnedParts.has(part) ? PINNED_MARK : '') + codesOf(placement, part));
  }
  const indexOf = new Map(placement.cells.map((cell, index) => [cell, index]));
  for (const [tenant, cell] of placement.overrides) entries.set(`t${tenant}`, cellCode(indexOf.get(cell) ?? 0));
  for (const { id, home } of cells) {
    const index = indexOf.get(id);
    if (index !== undefined) entries.set(`c${cellCode(index)}`, ownership.get(id)?.region ?? home);
  }
  return entries;
}

function codesOf(placement: Placement, part: number): string {
  const from = part * BUCKETS_PER_PART;
  const codes = [...placement.buckets.subarray(from, Math.min(from + BUCKETS_PER_PART, BUCKETS))].map(cellCode);
  const [first = ''] = codes;
  return codes.every((code) => code === first) ? first : codes.join('');
}

function partOf(bucket: number): number {
  return Math.floor(bucket / BUCKETS_PER_PART);
}
