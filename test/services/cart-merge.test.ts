/** The merge of carts: what makes lanes converge whatever order, duplication or delay replication has. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type CartLanes,
  cartLines,
  type Lane,
  type LaneLine,
  lanesOf,
  mergeCarts,
  netQuantity,
  shifted,
} from '../../services/cart/cart-lanes.ts';

const REGIONS = ['us-east-1', 'us-west-2', 'us-east-2'];
const SKUS = ['anchor-mug', 'tide-clock', 'fisher-cap'];

const delta = fc.record({
  region: fc.constantFrom(...REGIONS),
  sku: fc.constantFrom(...SKUS),
  pieces: fc.integer({ min: -9, max: 9 }),
});
type Delta = { readonly region: string; readonly sku: string; readonly pieces: number };

/** Every state that each lane went through: a view may hold any of them, but only one state has a given version. */
function historyOf(deltas: readonly Delta[]): ReadonlyMap<string, readonly Lane[]> {
  const history = new Map(
    REGIONS.map((region): [string, Lane[]] => [region, [{ region, version: 0, lines: new Map() }]]),
  );
  for (const { region, sku, pieces } of deltas) {
    const states = history.get(region) ?? [];
    const last = states.at(-1);
    if (!last) continue;
    const lines = new Map<string, LaneLine>([...last.lines, [sku, shifted(last.lines.get(sku), pieces)]]);
    states.push({ region, version: last.version + 1, lines });
  }
  return history;
}

/** Three views of one history, each as far as replication has brought it. */
const views = fc
  .tuple(fc.array(delta, { maxLength: 40 }), fc.array(fc.nat(), { minLength: 9, maxLength: 9 }))
  .map(([deltas, picks]) => {
    const history = historyOf(deltas);
    const view = (index: number): CartLanes =>
      lanesOf(
        ...REGIONS.flatMap((region, at) => {
          const states = history.get(region) ?? [];
          return states[(picks[index * 3 + at] ?? 0) % states.length] ?? [];
        }),
      );
    return { a: view(0), b: view(1), c: view(2), history };
  });

describe('merging carts', () => {
  it('is commutative, associative and idempotent', () => {
    fc.assert(
      fc.property(views, ({ a, b, c }) => {
        expect(plain(mergeCarts(a, b))).toEqual(plain(mergeCarts(b, a)));
        expect(plain(mergeCarts(mergeCarts(a, b), c))).toEqual(plain(mergeCarts(a, mergeCarts(b, c))));
        expect(plain(mergeCarts(a, a))).toEqual(plain(a));
        expect(plain(mergeCarts(mergeCarts(a, b), b))).toEqual(plain(mergeCarts(a, b)));
      }),
    );
  });

  it('loses no change of any lane once every lane has arrived', () => {
    fc.assert(
      fc.property(fc.array(delta, { maxLength: 40 }), (deltas) => {
        const newest = [...historyOf(deltas).values()].flatMap((states) => states.at(-1) ?? []);
        const merged = lanesOf(...newest);
        for (const sku of SKUS) {
          const wanted = deltas.filter((each) => each.sku === sku).reduce((sum, each) => sum + each.pieces, 0);
          expect(netQuantity(merged, sku)).toBe(wanted);
        }
      }),
    );
  });

  it('never goes back: a late, older state of a lane changes nothing', () => {
    fc.assert(
      fc.property(views, ({ a, history }) => {
        const newest = lanesOf(...[...history.values()].flatMap((states) => states.at(-1) ?? []));
        expect(plain(mergeCarts(newest, a))).toEqual(plain(newest));
      }),
    );
  });

  it('shows no product with nothing or less than nothing in it', () => {
    fc.assert(
      fc.property(views, ({ a }) => {
        for (const line of cartLines(a)) expect(line.quantity).toBeGreaterThan(0);
      }),
    );
  });
});

function plain(lanes: CartLanes) {
  return [...lanes.values()]
    .map(({ region, version, lines }) => ({ region, version, lines: [...lines].sort() }))
    .sort((x, y) => (x.region < y.region ? -1 : 1));
}
