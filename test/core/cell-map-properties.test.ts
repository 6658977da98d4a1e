/** Properties of the cell map that examples can't show: over generated topologies, histories and hostile documents. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  BUCKETS,
  bucketsMoved,
  buildPlacement,
  decodeOwnership,
  decodePlacement,
  encodePlacement,
  mergeOwnership,
  type Placement,
  type PlacementCell,
  rebalance,
  validatePlacement,
  withOverride,
} from '../../core/cell-map.ts';
import { isPlatformError } from '../../core/errors.ts';
import { cellId, epoch, regionName, tenantId } from '../../core/ids.ts';

const cellsOf = (weights: readonly number[]): PlacementCell[] =>
  weights.map((weight, index) => ({ id: cellId(`c${index}`), weight, intake: 'open' }));

const weightsArbitrary = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 40 });

function heldBy(placement: Placement): Map<string, number> {
  const held = new Map<string, number>();
  for (const index of placement.buckets) {
    const id = placement.cells[index] as string;
    held.set(id, (held.get(id) ?? 0) + 1);
  }
  return held;
}

function onlyPlatformErrors(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch (error) {
    return isPlatformError(error) && error.code === 'INVALID_CELL_MAP' && error.effect === 'none';
  }
}

describe('properties of placement', () => {
  it('every cell holds its share to within one bucket', () => {
    fc.assert(
      fc.property(weightsArbitrary, weightsArbitrary, (first, second) => {
        for (const placement of [
          buildPlacement(cellsOf(second)),
          rebalance(buildPlacement(cellsOf(first)), cellsOf(second)),
        ]) {
          const held = heldBy(placement);
          const sum = second.reduce((total, weight) => total + weight, 0);
          second.forEach((weight, index) => {
            expect(Math.abs((held.get(`c${index}`) ?? 0) - (BUCKETS * weight) / sum)).toBeLessThan(1);
          });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('a cell whose share is whole takes none of what rounding leaves over', () => {
    // 42 of 448 is exactly 1,536 buckets; the cell held all of them before, so it stands first in line for a left-over.
    const weights = [42, 91, 75, 1, 27, 1, 72, 92, 42, 5];
    expect(heldBy(rebalance(buildPlacement(cellsOf([1])), cellsOf(weights))).get('c0')).toBe(1536);
  });

  it('a rebalance moves exactly what the gaining cells gain', () => {
    fc.assert(
      fc.property(weightsArbitrary, weightsArbitrary, (first, second) => {
        const before = buildPlacement(cellsOf(first));
        const after = rebalance(before, cellsOf(second));
        const held = heldBy(before);
        let gained = 0;
        for (const [id, count] of heldBy(after)) gained += Math.max(0, count - (held.get(id) ?? 0));
        expect(bucketsMoved(before, after)).toBe(gained);
      }),
      { numRuns: 60 },
    );
  });

  it('a new cell takes only its share, and only it gains', () => {
    fc.assert(
      fc.property(weightsArbitrary, fc.integer({ min: 1, max: 100 }), (weights, joining) => {
        const before = buildPlacement(cellsOf(weights));
        const after = rebalance(before, cellsOf([...weights, joining]));
        const share = (BUCKETS * joining) / (weights.reduce((sum, weight) => sum + weight, 0) + joining);
        expect(bucketsMoved(before, after)).toBeLessThan(share + 1);
        const newcomer = `c${weights.length}`;
        expect(bucketsMoved(before, after)).toBe(heldBy(after).get(newcomer) ?? 0);
      }),
      { numRuns: 60 },
    );
  });

  it('bounded steps reach the same balance, each within its bound', () => {
    fc.assert(
      fc.property(
        weightsArbitrary,
        weightsArbitrary,
        fc.integer({ min: 1500, max: BUCKETS }),
        (first, second, step) => {
          // Cells that leave have to stay listed while they empty, so only joining and reweighting is done in steps here.
          const target = cellsOf([...second, ...first.slice(second.length)]);
          let placement = buildPlacement(cellsOf(first));
          for (let round = 0; round < 13; round++) {
            const next = rebalance(placement, target, { bucketsMovedMax: step });
            expect(bucketsMoved(placement, next)).toBeLessThanOrEqual(step);
            if (next === placement) return;
            placement = next;
          }
          throw new Error('did not settle');
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is the same for the same input', () => {
    fc.assert(
      fc.property(weightsArbitrary, weightsArbitrary, (first, second) => {
        const make = () => encodePlacement(rebalance(buildPlacement(cellsOf(first)), cellsOf(second)));
        expect(make()).toEqual(make());
      }),
      { numRuns: 20 },
    );
  });
});

describe('properties of the document', () => {
  const mixed = fc
    .tuple(weightsArbitrary, fc.array(fc.nat(), { minLength: BUCKETS, maxLength: BUCKETS, size: 'max' }))
    .map(([weights, noise]) => {
      const placement = buildPlacement(cellsOf(weights));
      return { placement, buckets: Uint16Array.from(noise, (value) => value % weights.length) };
    });

  it('decodes to what was encoded, through JSON', () => {
    fc.assert(
      fc.property(
        weightsArbitrary,
        fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/), { maxLength: 20 }),
        (weights, tenants) => {
          let placement = rebalance(buildPlacement(cellsOf(weights)), cellsOf([...weights, 7]));
          for (const tenant of tenants) {
            placement = withOverride(placement, { tenant: tenantId(tenant), cell: cellId('c0') });
          }
          expect(decodePlacement(JSON.parse(JSON.stringify(encodePlacement(placement))))).toEqual(placement);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('stays below 64 kB of buckets when thoroughly mixed', () => {
    fc.assert(
      fc.property(mixed, ({ placement, buckets }) => {
        expect(encodePlacement({ ...placement, buckets }).buckets.length).toBeLessThanOrEqual(BUCKETS * 4);
      }),
      { numRuns: 3 },
    );
  });

  it('throws nothing but INVALID_CELL_MAP for any value', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
        (value) => {
          expect(onlyPlatformErrors(() => decodePlacement(value))).toBe(true);
          expect(onlyPlatformErrors(() => decodeOwnership(value))).toBe(true);
          expect(onlyPlatformErrors(() => decodeOwnership([value]))).toBe(true);
        },
      ),
    );
  });

  it('throws nothing but INVALID_CELL_MAP for a good document with one field replaced', () => {
    const good = encodePlacement(buildPlacement(cellsOf([1, 2, 3])));
    const limits = { previous: null, topologyCells: ['c0', 'c1', 'c2'].map(cellId), bucketsMovedMax: 1, bytesMax: 1e6 };
    const field = fc.constantFrom('schema', 'version', 'cells', 'buckets', 'overrides', 'checksum');
    const hostile = fc.oneof(fc.anything(), fc.base64String(), fc.array(fc.array(fc.string())), fc.integer());
    fc.assert(
      fc.property(field, hostile, (name, value) => {
        expect(onlyPlatformErrors(() => validatePlacement({ ...good, [name]: value }, limits))).toBe(true);
      }),
    );
  });
});

describe('properties of ownership', () => {
  const ownership = fc
    .array(
      fc.record({
        cell: fc.nat(5),
        region: fc.constantFrom('us-east-1', 'us-west-2'),
        epoch: fc.integer({ min: 1, max: 9 }),
      }),
    )
    .map(
      (entries) =>
        new Map(entries.map((e) => [cellId(`c${e.cell}`), { region: regionName(e.region), epoch: epoch(e.epoch) }])),
    );

  it('no merge lowers an epoch, and merging twice changes nothing', () => {
    fc.assert(
      fc.property(ownership, ownership, (known, incoming) => {
        const merged = mergeOwnership(known, incoming);
        for (const [cell, owner] of known) expect(merged.get(cell)?.epoch).toBeGreaterThanOrEqual(owner.epoch);
        for (const [cell, owner] of incoming) expect(merged.get(cell)?.epoch).toBeGreaterThanOrEqual(owner.epoch);
        expect(mergeOwnership(merged, incoming)).toBe(merged);
      }),
    );
  });
});
