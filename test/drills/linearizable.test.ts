import { describe, expect, it } from '@jest/globals';
import { linearizable } from '../../drills/checkers/linearizable.ts';
import type { EndState, ReconciledDump } from '../../drills/history/end-state.ts';
import { cellEnd, EAST, endOf, historyOf, type Row, WEST } from './sample-history.ts';

const put = (at: readonly [number, number], asked: number, over: Partial<Row> = {}): Row => ({ at, asked, ...over });
const get = (at: readonly [number, number], value: number | null, over: Partial<Row> = {}): Row => ({
  at,
  op: 'stock.get',
  ...(value === null ? { outcome: 'fail' as const, code: 'NOT_FOUND' } : { value }),
  ...over,
});
const AT_WEST = { region: WEST, epoch: 2 } as const;
const UNKNOWN = { outcome: 'info', region: null, epoch: null } as const;

function judged(rows: readonly Row[], end: EndState = endOf()) {
  const { verdict, findings, notes } = linearizable({ history: historyOf(rows), end });
  return { verdict, lines: findings.flatMap((finding) => finding.lines), notes };
}
const verdictOf = (rows: readonly Row[], end?: EndState) => judged(rows, end).verdict;

describe('a register in one epoch', () => {
  it('shows nothing, then the last value, and either value while two writes overlap', () => {
    expect(verdictOf([get([0, 1], null), put([2, 3], 1), get([4, 5], 1)])).toBe('pass');
    const overlapping = [put([0, 10], 1), put([5, 15], 2)];
    for (const shown of [1, 2]) expect(verdictOf([...overlapping, get([20, 21], shown)])).toBe('pass');
    expect(verdictOf([...overlapping, get([20, 21], 1), get([22, 23], 2)])).toBe('fail');
  });

  it.each<[string, readonly Row[]]>([
    ['an old value after a newer one was acknowledged', [put([0, 1], 1), put([2, 3], 2), get([4, 5], 1)]],
    ['nothing, although a value was acknowledged', [put([0, 1], 1), get([4, 5], null)]],
    ['a value that nobody wrote', [put([0, 1], 1), get([4, 5], 9)]],
    ['a value before it was asked for', [get([0, 1], 1), put([2, 3], 1)]],
    ['a refused value', [put([0, 1], 1), put([2, 3], 2, { outcome: 'fail', code: 'NOT_ACTIVE' }), get([4, 5], 2)]],
    ['a value that goes and comes back', [put([0, 1], 1), put([2, 30], 2), get([4, 5], 2), get([6, 7], 1)]],
    [
      'two readers that saw two writes in different order',
      [put([0, 1], 0), put([2, 40], 1), put([2, 40], 2), get([4, 5], 1), get([6, 7], 2), get([8, 9], 1)],
    ],
  ])('is not linearizable with %s', (_what, rows) => {
    expect(verdictOf(rows)).toBe('fail');
  });

  it('names the line at which no order is left', () => {
    expect(judged([put([0, 1], 1), put([2, 3], 2), get([4, 5], 1)]).lines).toEqual([5]);
  });

  it('lets a write of unknown outcome happen late, or never, but once', () => {
    const doubtful = [put([0, 1], 1), put([2, 3], 2, UNKNOWN), put([4, 5], 3)];
    expect(verdictOf([...doubtful, get([6, 7], 3)])).toBe('pass');
    expect(verdictOf([...doubtful, get([6, 7], 3), get([8, 9], 2)])).toBe('pass');
    expect(verdictOf([...doubtful, get([6, 7], 2), put([8, 9], 4), get([10, 11], 2)])).toBe('fail');
    expect(verdictOf([put([0, 1], 1), get([2, 3], 2), put([4, 5], 2, UNKNOWN)])).toBe('fail');
  });
});

describe('a register across epochs', () => {
  it('keeps what was acknowledged as replicated', () => {
    expect(verdictOf([put([0, 1], 1), get([4, 5], 1, AT_WEST)])).toBe('pass');
    expect(verdictOf([put([0, 1], 1), get([4, 5], null, AT_WEST)])).toBe('fail');
    expect(verdictOf([put([0, 1], 1), put([2, 3], 2), get([4, 5], 1, AT_WEST)])).toBe('fail');
  });

  it('may lose at the change of the epoch, and only there, what one region acknowledged alone', () => {
    const alone = [put([0, 1], 1), put([2, 3], 2, { degraded: 'unreplicated' })];
    expect(verdictOf([...alone, get([4, 5], 1, AT_WEST)])).toBe('pass');
    expect(verdictOf([...alone, get([4, 5], 2, AT_WEST)])).toBe('pass');
    expect(verdictOf([...alone, get([4, 5], 1)])).toBe('fail');
    expect(verdictOf([...alone, get([4, 5], null, AT_WEST)])).toBe('fail');
    expect(verdictOf([...alone, get([4, 5], 1, AT_WEST), get([6, 7], 2, AT_WEST)])).toBe('fail');
  });

  it('may undo what was shown and never acknowledged', () => {
    const shown = [put([0, 1], 1), put([2, 90], 2, UNKNOWN), get([4, 5], 2)];
    expect(verdictOf([...shown, get([6, 7], 1, AT_WEST)])).toBe('pass');
    expect(verdictOf([...shown, get([6, 7], 1)])).toBe('fail');
    expect(verdictOf([...shown, put([6, 7], 3), get([8, 9], 2, AT_WEST)])).toBe('fail');
  });

  it('rejects an answer of the old epoch after one of the new: a zombie that reads its own store', () => {
    expect(verdictOf([put([0, 1], 1), put([2, 3], 2, AT_WEST), get([4, 5], 1)])).toBe('fail');
    expect(verdictOf([put([0, 1], 1), get([2, 3], 1, AT_WEST), get([4, 5], 1)])).toBe('fail');
    expect(verdictOf([put([0, 1], 1), get([2, 10], 1, AT_WEST), get([2, 10], 1)])).toBe('pass');
  });

  it('lets an undone write come back when it was adopted, and not when it was discarded', () => {
    const rows = [
      put([0, 1], 1),
      put([2, 3], 2, { degraded: 'unreplicated' }),
      get([4, 5], 1, AT_WEST),
      get([6, 7], 2, AT_WEST),
    ];
    const row = (action: ReconciledDump['action']): EndState =>
      endOf({
        cells: [
          cellEnd({
            reconciled: [
              {
                ...{
                  region: EAST,
                  aggregate: 'stock/acme/sku-1',
                  id: 'call-1',
                  action,
                  by: 'ann',
                  epoch: 2,
                  version: 9,
                },
                write: { of: 'stock', key: 'acme/sku-1', value: 2 },
              },
            ],
          }),
        ],
      });
    expect(verdictOf(rows)).toBe('fail');
    expect(verdictOf(rows, row('adopted'))).toBe('pass');
    expect(verdictOf(rows, row('discarded'))).toBe('fail');
    // Nobody can say whether there was an adoption.
    expect(verdictOf(rows, endOf({ cells: [cellEnd({ reconciled: null })] }))).toBe('unknown');
  });

  it('leaves out what a standby answered, and products that are bought', () => {
    expect(verdictOf([put([0, 1], 1), get([4, 5], null, {}), put([6, 7], 2)])).toBe('fail');
    expect(verdictOf([put([0, 1], 1), put([2, 3], 2), get([4, 5], 1, { stalenessMs: 40 })])).toBe('pass');
    const sold: Row = { at: [6, 7], op: 'cart.put', key: 'acme/basket/sku-1', asked: 1 };
    expect(verdictOf([put([0, 1], 100), get([4, 5], 99), sold])).toBe('pass');
  });
});

describe('an order', () => {
  const bought = (at: readonly [number, number], status: string, over: Partial<Row> = {}): Row => ({
    ...{ at, op: 'checkout', key: 'acme/basket', value: { order: 'o1', status } },
    ...over,
  });
  const seen = (at: readonly [number, number], status: string, over: Partial<Row> = {}): Row => ({
    ...{ at, op: 'order.get', key: 'acme/o1', value: { order: 'o1', status } },
    ...over,
  });
  const absent = (at: readonly [number, number], over: Partial<Row> = {}): Row => ({
    ...{ at, op: 'order.get', key: 'acme/o1', outcome: 'fail', code: 'NOT_FOUND' },
    ...over,
  });

  it('moves on, and stays at its end', () => {
    expect(verdictOf([bought([0, 1], 'PENDING'), seen([2, 3], 'PENDING'), seen([4, 5], 'CONFIRMED')])).toBe('pass');
    expect(verdictOf([bought([0, 1], 'PENDING'), seen([2, 9], 'CONFIRMED'), seen([3, 8], 'PENDING')])).toBe('pass');
  });

  it.each<[string, readonly Row[]]>([
    ['goes back', [bought([0, 1], 'CONFIRMED'), seen([2, 3], 'PENDING')]],
    [
      'goes back in the next epoch although it was acknowledged',
      [bought([0, 1], 'CONFIRMED'), seen([2, 3], 'PENDING', AT_WEST)],
    ],
    ['is not there after it was acknowledged', [bought([0, 1], 'PENDING'), absent([2, 3], AT_WEST)]],
    ['comes to two ends', [bought([0, 1], 'PENDING'), seen([2, 9], 'CONFIRMED'), seen([3, 8], 'REJECTED')]],
    ['changes its end', [bought([0, 1], 'CONFIRMED'), seen([2, 3], 'REJECTED')]],
    ['is of a status that does not exist', [bought([0, 1], 'SHIPPED')]],
  ])('is not linearizable when it %s', (_what, rows) => {
    expect(verdictOf(rows)).toBe('fail');
  });

  it('may go back at the change of the epoch, and only there, to what was acknowledged', () => {
    const shown = [bought([0, 1], 'PENDING'), seen([2, 3], 'CONFIRMED')];
    expect(verdictOf([...shown, seen([4, 5], 'PENDING', AT_WEST)])).toBe('pass');
    expect(verdictOf([...shown, seen([4, 5], 'PENDING')])).toBe('fail');
    expect(verdictOf([...shown, absent([4, 5], AT_WEST)])).toBe('fail');
  });
});

describe('a search that is too long', () => {
  it('is unknown, with the key and its line', () => {
    const rows = [...Array.from({ length: 9 }, (_, n) => put([n, 90 + n], n)), get([100, 101], 8)];
    const { verdict, notes } = linearizable({ history: historyOf(rows), end: endOf(), configurationsMax: 200 });
    expect(verdict).toBe('unknown');
    expect(notes.join()).toMatch(/acme\/sku-1 \(line 1\) was given up/);
  });
});
