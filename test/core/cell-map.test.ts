import { describe, expect, it } from '@jest/globals';
import {
  BUCKETS,
  bucketOf,
  buildPlacement,
  cellOf,
  decodeOwnership,
  decodePlacement,
  encodePlacement,
  locate,
  mergeOwnership,
  type Owner,
  type PlacementLimits,
  raiseOwner,
  rebalance,
  validatePlacement,
  withOverride,
} from '../../core/cell-map.ts';
import { cellId, epoch, regionName, tenantId } from '../../core/ids.ts';

const cell = (id: string, weight = 1, intake: 'open' | 'draining' = 'open') => ({ id: cellId(id), weight, intake });
const three = [cell('c01'), cell('c02'), cell('c03')];
const ids = ['c01', 'c02', 'c03', 'c04'].map(cellId);
const limits = (over: Partial<PlacementLimits> = {}): PlacementLimits => ({
  previous: null,
  topologyCells: ids,
  bucketsMovedMax: BUCKETS / 4,
  bytesMax: 100_000,
  ...over,
});

function heldBy(placement: ReturnType<typeof buildPlacement>): Record<string, number> {
  const held: Record<string, number> = {};
  for (const index of placement.buckets) {
    const id = placement.cells[index] as string;
    held[id] = (held[id] ?? 0) + 1;
  }
  return held;
}

describe('placement', () => {
  it('gives each cell the share of its weight and a draining one nothing', () => {
    const placement = buildPlacement([cell('c01', 2), cell('c02', 1), cell('c03', 1), cell('c04', 9, 'draining')]);
    expect(heldBy(placement)).toEqual({ c01: 8192, c02: 4096, c03: 4096 });
  });

  it('sends a tenant to the cell of its bucket, and a pinned tenant to the cell of its override', () => {
    const placement = buildPlacement(three);
    const acme = tenantId('acme');
    const byHash = cellOf(placement, acme);
    const elsewhere = cellId(byHash === 'c01' ? 'c02' : 'c01');
    const pinned = withOverride(placement, { tenant: acme, cell: elsewhere });
    expect(locate(placement, acme)).toEqual({ tenant: acme, bucket: bucketOf(acme), cell: byHash, by: 'bucket' });
    expect(locate(pinned, acme)).toEqual({ tenant: acme, bucket: bucketOf(acme), cell: elsewhere, by: 'override' });
    expect(pinned.version).toBe(placement.version + 1);
    expect(cellOf(withOverride(pinned, { tenant: acme, cell: null }), acme)).toBe(byHash);
  });

  it('moves a quarter to a fourth cell, and nothing between the others', () => {
    const before = buildPlacement(three);
    const after = rebalance(before, [...three, cell('c04')]);
    const moved = [...before.buckets.keys()].filter(
      (bucket) => before.cells[before.buckets[bucket] as number] !== after.cells[after.buckets[bucket] as number],
    );
    expect(moved).toHaveLength(BUCKETS / 4);
    expect(moved.every((bucket) => after.cells[after.buckets[bucket] as number] === 'c04')).toBe(true);
  });

  it('leaves a draining cell what it holds when another joins', () => {
    const before = buildPlacement(three);
    const after = rebalance(before, [cell('c01', 1, 'draining'), cell('c02'), cell('c03'), cell('c04')]);
    expect(heldBy(after).c01).toBe(heldBy(before).c01);
  });

  it('returns the same placement when nothing changes', () => {
    const placement = buildPlacement(three);
    expect(rebalance(placement, three)).toBe(placement);
  });

  it('refuses cells it cannot place on', () => {
    expect(() => buildPlacement([])).toThrow('0 cells');
    expect(() => buildPlacement([cell('c01', 1, 'draining')])).toThrow('Every cell is draining');
    expect(() => buildPlacement([cell('c01', 0)])).toThrow('Cell c01 has weight 0. Allowed: an integer 1–100.');
    expect(() => buildPlacement([cell('c01'), cell('c01')])).toThrow('listed twice');
    const pinned = withOverride(buildPlacement(three), { tenant: tenantId('acme'), cell: cellId('c03') });
    expect(() => rebalance(pinned, three.slice(0, 2))).toThrow('Tenant acme is pinned to c03');
  });

  it('encodes a fresh map in a few hundred bytes', () => {
    expect(JSON.stringify(encodePlacement(buildPlacement(three))).length).toBeLessThan(200);
  });
});

describe('validatePlacement', () => {
  const first = buildPlacement(three);
  const second = rebalance(first, [...three, cell('c04')]);

  it('passes the next version and says how much moves', () => {
    const judged = validatePlacement(encodePlacement(second), limits({ previous: first }));
    expect(judged).toMatchObject({ unchanged: false, bucketsMoved: BUCKETS / 4, placement: { version: 2 } });
    expect(judged.warnings).toEqual(['4096 buckets moved: 100 % of the limit of 4096.']);
  });

  it('knows the document in force again', () => {
    const judged = validatePlacement(encodePlacement(first), limits({ previous: first }));
    expect(judged).toMatchObject({ unchanged: true, bucketsMoved: 0 });
  });

  it('refuses an older version, so that a delayed publisher cannot put an old map over a newer one', () => {
    expect(() => validatePlacement(encodePlacement(first), limits({ previous: second }))).toThrow('older than 2');
  });

  it('refuses other content under the same version', () => {
    const other = { ...first, ...buildPlacement([cell('c01'), cell('c02')]) };
    expect(() => validatePlacement(encodePlacement(other), limits({ previous: first }))).toThrow('different content');
  });

  it('refuses a version that moves too many buckets, but counts the limit for each version that was missed', () => {
    const tight = limits({ previous: first, bucketsMovedMax: 2048 });
    expect(() => validatePlacement(encodePlacement(second), tight)).toThrow('moves 4096 of 16384');
    const third = withOverride(second, { tenant: tenantId('acme'), cell: cellId('c01') });
    expect(validatePlacement(encodePlacement(third), tight).bucketsMoved).toBe(4096);
  });

  it('refuses what is too large, and warns from four fifths of the limit', () => {
    const bytes = JSON.stringify(encodePlacement(first)).length;
    expect(() => validatePlacement(encodePlacement(first), limits({ bytesMax: bytes - 1 }))).toThrow('takes');
    expect(validatePlacement(encodePlacement(first), limits({ bytesMax: bytes })).warnings).toHaveLength(1);
    expect(validatePlacement(encodePlacement(first), limits({ bytesMax: bytes * 2 })).warnings).toEqual([]);
  });

  it('refuses cells that the topology lacks', () => {
    expect(() => validatePlacement(encodePlacement(second), limits({ topologyCells: ids.slice(0, 3) }))).toThrow('c04');
  });

  it('refuses a damaged document by its checksum', () => {
    const document = encodePlacement(first);
    expect(() => decodePlacement({ ...document, version: 7 })).toThrow('checksum');
    expect(() => decodePlacement({ ...document, cells: ['c02', 'c01', 'c03'] })).toThrow('checksum');
  });
});

describe('ownership', () => {
  const owner = (region: string, at: number): Owner => ({ region: regionName(region), epoch: epoch(at) });
  const c01 = cellId('c01');

  it('goes to the highest epoch, whoever comes last', () => {
    const known = new Map([[c01, owner('us-west-2', 8)]]);
    const late = new Map([[c01, owner('us-east-1', 7)]]);
    expect(mergeOwnership(known, late)).toBe(known);
    expect(mergeOwnership(late, known).get(c01)).toEqual(owner('us-west-2', 8));
  });

  it('does not change hands within an epoch', () => {
    const known = new Map([[c01, owner('us-east-1', 7)]]);
    expect(raiseOwner(known, { cell: c01, owner: owner('us-west-2', 7) })).toBe(known);
    expect(raiseOwner(known, { cell: c01, owner: owner('us-west-2', 8) }).get(c01)).toEqual(owner('us-west-2', 8));
  });

  it('refuses malformed owners', () => {
    for (const hostile of [
      null,
      {},
      [null],
      [{ cell: 'c01', region: 'us-east-1', epoch: 0 }],
      [{ cell: '__proto__' }],
    ]) {
      expect(() => decodeOwnership(hostile)).toThrow(expect.objectContaining({ code: 'INVALID_CELL_MAP' }));
    }
  });
});
