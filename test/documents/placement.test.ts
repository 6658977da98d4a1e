/** The placement as a document: nothing is lost on the way to the cell map and back, and nobody is moved without being told. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  BUCKETS,
  BUCKETS_MOVED_MAX,
  buildPlacement,
  cellOf,
  decodePlacement,
  encodePlacement,
  rebalance,
  withOverride,
} from '../../core/cell-map.ts';
import { judgeDocument } from '../../core/documents/judge-document.ts';
import {
  type PlacementBody,
  placementBody,
  placementDocument,
  placementFrom,
} from '../../core/documents/placement-document.ts';
import { cellId, tenantId } from '../../core/ids.ts';
import topology from '../../platform.config.ts';

const type = placementDocument(topology);
const [C02, C03] = [cellId('c02'), cellId('c03')];
const first = buildPlacement(topology.cells);
const objectionsTo = (body: unknown, before: PlacementBody = type.bundled) =>
  judgeDocument(type, { text: JSON.stringify(body), before, topology }).objections;

describe('a placement as a document', () => {
  it('begins with what the topology gives', () => {
    expect(type.bundled.pinned).toEqual([]);
    expect(type.bundled.ranges.map(({ cell }) => cell)).toEqual(topology.cells.map(({ id }) => id));
    expect(type.bundled.ranges.reduce((sum, { buckets }) => sum + buckets, 0)).toBe(BUCKETS);
  });

  it('comes back from the form of the cell map as it went', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('c01', 'c02', 'c03'), fc.integer({ min: 1, max: 300 })), { maxLength: 40 }),
        fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/), { maxLength: 5 }),
        (drawn, tenants) => {
          const used = drawn.reduce((sum, [, buckets]) => sum + buckets, 0);
          const ranges = [...drawn, ['c01', BUCKETS - used] as const].map(([cell, buckets]) => ({ cell, buckets }));
          const body = type.parse({ ranges, pinned: tenants.map((tenant) => ({ tenant, cell: 'c02' })) });
          const sent = decodePlacement(JSON.parse(JSON.stringify(encodePlacement(placementFrom(body, 7)))));
          expect(placementBody(sent)).toEqual(body);
          expect(sent.version).toBe(7);
          for (const tenant of tenants) expect(cellOf(sent, tenantId(tenant))).toBe('c02');
        },
      ),
    );
  });

  it('says the same for neighbouring ranges of one cell as for one range', () => {
    const [head, ...rest] = type.bundled.ranges;
    const split = [{ cell: head?.cell, buckets: 1 }, { cell: head?.cell, buckets: Number(head?.buckets) - 1 }, ...rest];
    expect(type.parse({ ranges: split, pinned: [] })).toEqual(type.bundled);
  });

  it.each([
    ['fills too few buckets', { ranges: [{ cell: 'c01', buckets: 5 }], pinned: [] }, /have 5 buckets[\s\S]*16384/],
    ['has a range of nothing', { ranges: [{ cell: 'c01', buckets: 0 }], pinned: [] }, /ranges\[0\]\.buckets/],
    ['pins a tenant twice', { ...type.bundled, pinned: [1, 2].map(() => ({ tenant: 'acme', cell: 'c01' })) }, /twice/],
    ['pins somebody who is no tenant', { ...type.bundled, pinned: [{ tenant: '../', cell: 'c01' }] }, /tenant/],
  ])('is none when it %s', (_what, body, reason) => {
    expect(() => type.parse(body)).toThrow(reason);
  });

  it('is never published with a cell that the topology lacks', () => {
    const body = { ...type.bundled, pinned: [{ tenant: 'acme', cell: 'c99' }] };
    expect(objectionsTo(body)).toContainEqual({ kind: 'semantic', message: expect.stringMatching(/c99[\s\S]*c01/) });
  });

  it('moves tenants only by force, for their data stays behind', () => {
    const moved = placementBody(withOverride(first, { tenant: otherThan(C03), cell: C03 }));
    expect(objectionsTo(moved)).toEqual([{ kind: 'delta', message: expect.stringMatching(/1 pinned[\s\S]*stays/) }]);
    // And the way back is one, too.
    expect(objectionsTo(type.bundled, moved)).toEqual([{ kind: 'delta', message: expect.stringMatching(/1 pinned/) }]);
    const grown = [
      ...topology.cells.slice(0, 2),
      { ...topology.cells[2], id: C03, weight: 2, intake: 'open' as const },
    ];
    const shifted = placementBody(rebalance(first, grown));
    expect(objectionsTo(shifted)).toEqual([{ kind: 'delta', message: expect.stringMatching(/buckets \([\d.]+ %/) }]);
  });

  it('pins a tenant where it lives already without a word', () => {
    const tenant = otherThan(C03);
    const body = placementBody(withOverride(first, { tenant, cell: cellOf(first, tenant) }));
    expect(objectionsTo(body)).toEqual([]);
  });

  it('moves no more in one version than routers take, whatever the force', () => {
    const all = { ranges: [{ cell: C02, buckets: BUCKETS }], pinned: [] };
    expect(objectionsTo(all)).toEqual([
      { kind: 'semantic', message: expect.stringMatching(new RegExp(`${BUCKETS_MOVED_MAX}[\\s\\S]*steps`)) },
    ]);
  });
});

/** Some tenant whose bucket lies elsewhere. */
function otherThan(cell: string) {
  const names = Array.from({ length: 50 }, (_, n) => tenantId(`tenant-${n}`));
  const found = names.find((tenant) => cellOf(first, tenant) !== cell);
  if (found === undefined) throw new Error('fifty tenants in one cell');
  return found;
}
