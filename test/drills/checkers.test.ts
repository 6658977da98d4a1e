import { describe, expect, it } from '@jest/globals';
import { acknowledgedDurable } from '../../drills/checkers/acknowledged-durable.ts';
import { cartsConverge } from '../../drills/checkers/carts-converge.ts';
import { judgeHistory } from '../../drills/checkers/judge.ts';
import { LATE_ANSWER_MS_MAX, noStaleWrite } from '../../drills/checkers/no-stale-write.ts';
import { oneWriterPerEpoch } from '../../drills/checkers/one-writer-per-epoch.ts';
import { type CheckResult, check, worstOf } from '../../drills/checkers/verdict.ts';
import type { AggregateDump, EndState, ReconciledDump } from '../../drills/history/end-state.ts';
import { cellEnd, EAST, endOf, GOOD_FAILOVER, historyOf, type Row, stockFinal, WEST } from './sample-history.ts';

const goodEnd = endOf({ finals: [stockFinal(4)] });
const rules = (result: CheckResult) => [result.verdict, ...result.findings.map((finding) => finding.rule)];
const durable = (rows: readonly Row[], end: EndState) =>
  acknowledgedDurable({ history: historyOf(rows), end, faultAtMs: 100 });

describe('all checkers', () => {
  it('pass a good failover', () => {
    const results = judgeHistory({ history: historyOf(GOOD_FAILOVER), end: goodEnd, faultAtMs: 100 });
    expect(results.map((result) => [result.checker, result.verdict])).toEqual([
      ['one-writer-per-epoch', 'pass'],
      ['no-stale-write', 'pass'],
      ['linearizable', 'pass'],
      ['session-guarantees', 'pass'],
      ['staleness-bound', 'pass'],
      ['acknowledged-durable', 'pass'],
      ['exactly-once-charges', 'pass'],
      ['inventory-conserved', 'pass'],
      ['carts-converge', 'pass'],
    ]);
  });

  it('say unknown when they crash, and unknown never becomes pass', () => {
    const crashed = check('bad', () => {
      throw new Error('boom');
    });
    expect(rules(crashed)).toEqual(['unknown', 'checker-crashed']);
    expect([worstOf([]), worstOf(['pass', 'unknown']), worstOf(['unknown', 'fail']), worstOf(['pass'])]).toEqual([
      'unknown',
      'unknown',
      'fail',
      'pass',
    ]);
  });
});

describe('one writer per epoch', () => {
  it('rejects two regions that acknowledge under one epoch', () => {
    const rows: Row[] = [...GOOD_FAILOVER, { at: [600, 610], key: 'acme/other', asked: 9, region: EAST, epoch: 2 }];
    expect(rules(oneWriterPerEpoch(historyOf(rows)))).toEqual(['fail', 'epoch-shared']);
  });

  it('rejects an epoch that goes back for a key, and lets overlapping calls end in any order', () => {
    const back: Row[] = [...GOOD_FAILOVER, { at: [600, 610], asked: 9, region: EAST, epoch: 1 }];
    expect(rules(oneWriterPerEpoch(historyOf(back)))).toEqual(['fail', 'epoch-went-back']);
    const overlapping: Row[] = [...GOOD_FAILOVER, { at: [505, 520], asked: 9, region: EAST, epoch: 1 }];
    expect(rules(oneWriterPerEpoch(historyOf(overlapping)))).toEqual(['pass']);
  });

  it('does not fence carts', () => {
    const cart = { op: 'cart.put', key: 'acme/k/a', asked: 1 } as const;
    const rows: Row[] = [
      { ...cart, at: [0, 1] },
      { ...cart, at: [2, 3], region: WEST },
    ];
    expect(rules(oneWriterPerEpoch(historyOf(rows)))).toEqual(['pass']);
  });
});

describe('no stale write', () => {
  const stale = (rows: readonly Row[], end = goodEnd) => rules(noStaleWrite({ history: historyOf(rows), end }));

  it('rejects an old epoch acknowledged after the new owner, on any key', () => {
    const rows: Row[] = [...GOOD_FAILOVER, { at: [600, 610], key: 'acme/other', asked: 9, epoch: 1 }];
    expect(stale(rows)).toEqual(['fail', 'stale-acknowledged']);
  });

  it('lets an answer that was in flight come in late, but not later than answers travel', () => {
    const inFlight = (endMs: number): Row[] => [...GOOD_FAILOVER, { at: [490, endMs], key: 'acme/x', asked: 9 }];
    expect(stale(inFlight(520))).toEqual(['pass']);
    expect(stale(inFlight(520 + LATE_ANSWER_MS_MAX))).toEqual(['fail', 'acknowledged-late']);
  });

  it('says unknown of an acknowledgement that names no epoch', () => {
    expect(stale([...GOOD_FAILOVER, { at: [600, 610], key: 'acme/x', asked: 9, epoch: null }])).toEqual(['unknown']);
  });

  it('rejects a refused write whose value stands', () => {
    expect(stale(GOOD_FAILOVER, endOf({ finals: [stockFinal(30)] }))).toEqual(['fail', 'stale-accepted']);
  });

  it('rejects a write of unknown outcome at the old region when it stands although it came too late', () => {
    const late: Row = { at: [600, 900], key: 'acme/z', asked: 7, outcome: 'info', via: 'direct', sentTo: EAST };
    const stands = endOf({ finals: [stockFinal(4), stockFinal(7, 'acme/z')] });
    expect(stale([...GOOD_FAILOVER, late], stands)).toEqual(['fail', 'stale-accepted']);
    expect(stale([...GOOD_FAILOVER, { ...late, at: [440, 900] }], stands)).toEqual(['pass']);
    expect(stale([...GOOD_FAILOVER, { ...late, via: 'router' }], stands)).toEqual(['pass']);
    const back: Row = { at: [1_000, 1_001], key: 'acme/y', asked: 8, epoch: 3 };
    expect(stale([...GOOD_FAILOVER, late, back], stands)).toEqual(['pass']);
  });

  const dump = (over: Partial<AggregateDump>): AggregateDump => ({
    region: WEST,
    aggregate: 'stock#acme#sku-1',
    epoch: 2,
    version: 4,
    contents: 'four',
    lineage: [
      { epoch: 1, version: 2 },
      { epoch: 2, version: 4 },
    ],
    ...over,
  });
  const dumped = (...aggregates: AggregateDump[]) =>
    endOf({ finals: [stockFinal(4)], cells: [cellEnd({ aggregates })] });

  it('rejects a copy that differs from the owner, that lacks something, or that has something more', () => {
    expect(stale(GOOD_FAILOVER, dumped(dump({}), dump({ region: EAST })))).toEqual(['pass']);
    expect(stale(GOOD_FAILOVER, dumped(dump({}), dump({ region: EAST, contents: 'three' })))).toEqual([
      'fail',
      'copy-diverged',
    ]);
    expect(stale(GOOD_FAILOVER, dumped(dump({ region: EAST })))).toEqual(['fail', 'copy-diverged']);
    const lacking = dumped(dump({}), dump({ region: EAST }), dump({ aggregate: 'stock#acme#b' }));
    expect(stale(GOOD_FAILOVER, lacking)).toEqual(['fail', 'copy-missing']);
  });

  it('rejects a quarantined commit that also stands, and accepts one that does not', () => {
    const entry = { region: WEST, aggregate: 'stock#acme#sku-1', epoch: 1, fenceEpoch: 2, id: 'call-9', write: null };
    const cell = (version: number) => cellEnd({ aggregates: [dump({})], quarantine: [{ ...entry, version }] });
    expect(stale(GOOD_FAILOVER, endOf({ cells: [cell(3)] }))).toEqual(['pass']);
    expect(stale(GOOD_FAILOVER, endOf({ cells: [cell(2)] }))).toEqual(['fail', 'quarantined-visible']);
  });

  it('says unknown when the stores could not be read', () => {
    expect(stale(GOOD_FAILOVER, endOf({ cells: [cellEnd({ aggregates: null })] }))).toEqual(['unknown']);
  });

  it('says unknown of what stands and came late when the audit could not be read: it may have been adopted', () => {
    const late: Row = { at: [600, 900], key: 'acme/z', asked: 7, outcome: 'info', via: 'direct', sentTo: EAST };
    const over = { finals: [stockFinal(4), stockFinal(7, 'acme/z')], cells: [cellEnd({ reconciled: null })] };
    expect(stale([...GOOD_FAILOVER, late], endOf(over))).toEqual(['unknown']);
    expect(stale(GOOD_FAILOVER, endOf({ ...over, finals: [stockFinal(30)] }))).toEqual(['fail', 'stale-accepted']);
  });
});

describe('acknowledged writes are durable', () => {
  it('takes a write as superseded by one that may have followed, and as lost when one before it stands', () => {
    expect(durable(GOOD_FAILOVER, goodEnd).verdict).toBe('pass');
    expect(rules(durable(GOOD_FAILOVER, endOf({ finals: [stockFinal(3)] })))).toEqual(['pass']);
    expect(rules(durable(GOOD_FAILOVER, endOf({ finals: [stockFinal(2)] })))).toEqual(['fail', 'lost-uncounted']);
    const allGone = durable(GOOD_FAILOVER, endOf({ finals: [stockFinal(null)] }));
    expect(rules(allGone)).toEqual(['fail', 'lost-uncounted', 'lost-uncounted', 'lost-uncounted']);
    expect(allGone.figures).toMatchObject({ lost: 3, ageMs: 95 });
  });

  it('counts what lies in quarantine, and still rejects it when it was acknowledged as replicated', () => {
    const entry = {
      region: WEST,
      aggregate: 'a',
      epoch: 1,
      version: 2,
      fenceEpoch: 2,
      id: null,
      write: { of: 'stock' as const, key: 'acme/sku-1', value: 4 },
    };
    const end = endOf({ finals: [stockFinal(2)], cells: [cellEnd({ quarantine: [entry] })] });
    expect(rules(durable(GOOD_FAILOVER, end))).toEqual(['fail', 'lost-replicated']);
    const degraded = GOOD_FAILOVER.map((row) => (row.asked === 4 ? { ...row, degraded: 'unreplicated' } : row));
    const counted = durable(degraded, end);
    expect(counted.verdict).toBe('pass');
    expect(counted.figures).toMatchObject({ lost: 1, lostDegraded: 1, lostQuarantined: 1, degradedAcknowledged: 1 });
  });

  it('says unknown of a loss that an unreadable quarantine or audit may explain, and rejects one that nothing explains', () => {
    const degraded = GOOD_FAILOVER.map((row) => (row.asked === 4 ? { ...row, degraded: 'unreplicated' } : row));
    for (const over of [{ quarantine: null }, { reconciled: null }]) {
      const end = endOf({ finals: [stockFinal(2)], cells: [cellEnd(over)] });
      const unsure = durable(degraded, end);
      expect([rules(unsure), unsure.notes]).toEqual([['unknown'], [expect.stringMatching(/first: line 9/)]]);
      expect(rules(durable(GOOD_FAILOVER, end))).toEqual(['fail', 'lost-replicated']);
      expect(rules(durable(degraded, endOf({ finals: [stockFinal(4)], cells: [cellEnd(over)] })))).toEqual(['pass']);
    }
  });

  it('reads what became of a quarantined write: taken in, discarded by somebody, or not known', () => {
    const degraded = GOOD_FAILOVER.map((row) => (row.asked === 2 ? { ...row, degraded: 'unreplicated' } : row));
    const row = (action: ReconciledDump['action'], over: Partial<ReconciledDump> = {}): ReconciledDump => ({
      ...{ region: EAST, aggregate: 'stock/acme/sku-1', id: null, action, by: 'ann', epoch: 2, version: 3 },
      write: { of: 'stock', key: 'acme/sku-1', value: 2 },
      ...over,
    });
    const rows: Row[] = degraded.filter((one) => one.asked === 1 || one.asked === 2);
    const at = (found: number, reconciled: ReconciledDump[]) =>
      durable(rows, endOf({ finals: [stockFinal(found)], cells: [cellEnd({ reconciled })] }));
    expect(rules(at(1, []))).toEqual(['fail', 'lost-uncounted']);
    expect(at(1, [row('discarded')])).toMatchObject({
      verdict: 'pass',
      figures: { lost: 1 },
      notes: [expect.stringMatching(/line 3.*discarded by ann/)],
    });
    expect(at(2, [row('adopted')])).toMatchObject({ verdict: 'pass', figures: { lost: 0 } });
    // A later write does not make what was adopted after it a loss.
    const later: Row = { at: [700, 701], asked: 9, region: WEST, epoch: 2 };
    const adopted = endOf({ finals: [stockFinal(2)], cells: [cellEnd({ reconciled: [row('adopted')] })] });
    expect(durable([...rows, later], adopted).verdict).toBe('pass');
    const stale: Row = { at: [600, 900], key: 'acme/z', asked: 7, outcome: 'info', via: 'direct', sentTo: EAST };
    const stands = (reconciled: ReconciledDump[]) =>
      endOf({ finals: [stockFinal(4), stockFinal(7, 'acme/z')], cells: [cellEnd({ reconciled })] });
    const verdict = (end: EndState) => noStaleWrite({ history: historyOf([...GOOD_FAILOVER, stale]), end }).verdict;
    const write = { of: 'stock' as const, key: 'acme/z', value: 7 };
    expect([verdict(stands([])), verdict(stands([row('adopted', { write })]))]).toEqual(['fail', 'pass']);
    expect(verdict(stands([row('discarded', { write })]))).toBe('fail');
  });

  it('rejects a value that nobody wrote, and an acknowledged order that is not there', () => {
    expect(rules(durable(GOOD_FAILOVER, endOf({ finals: [stockFinal(77)] })))).toEqual(['fail', 'value-of-nobody']);
    const checkout: Row = { at: [0, 5], op: 'checkout', key: 'acme/cart', value: { order: 'o1' } };
    const final = (found: null | { status: string }) =>
      endOf({ finals: [{ of: 'order', key: 'acme/o1', cell: 'c01', found }] });
    expect(rules(durable([checkout], final({ status: 'CONFIRMED' })))).toEqual(['pass']);
    expect(rules(durable([checkout], final(null)))).toEqual(['fail', 'lost-uncounted']);
    expect(rules(durable([{ ...checkout, value: {} }], final(null)))).toEqual(['fail', 'order-unnamed']);
  });

  it('says unknown when a key was not read', () => {
    expect(rules(durable(GOOD_FAILOVER, endOf()))).toEqual(['unknown']);
  });
});

describe('carts converge', () => {
  const put = (at: readonly [number, number], asked: number, over: Partial<Row> = {}): Row => ({
    at,
    asked,
    op: 'cart.put',
    key: 'acme/k/a',
    client: 1,
    ...over,
  });
  const judged = (rows: readonly Row[], east: number, west = east) =>
    rules(
      cartsConverge({
        history: historyOf(rows),
        end: endOf({
          carts: [
            { key: 'acme/k', region: EAST, items: { a: east } },
            { key: 'acme/k', region: WEST, items: { a: west } },
          ],
        }),
      }),
    );
  const rows = [put([0, 1], 10), put([2, 3], 20), put([6, 7], 40, { outcome: 'fail' })];
  const doubtful = [...rows, put([8, 9], 30, { outcome: 'info', region: null })];

  it('accepts the last acknowledged quantity, or a later unknown one', () => {
    expect(judged(rows, 20)).toEqual(['pass']);
    expect(judged(doubtful, 20)).toEqual(['pass']);
    expect(judged(doubtful, 30)).toEqual(['pass']);
  });

  it('rejects carts that differ, a quantity that was replaced, refused, or never put', () => {
    expect(judged(doubtful, 20, 30)).toEqual(['fail', 'carts-differ']);
    expect(judged(rows, 10)).toEqual(['fail', 'cart-write-lost', 'cart-write-lost']);
    expect(judged(rows, 40)).toEqual(['fail', 'cart-of-nobody', 'cart-of-nobody']);
    expect(judged(rows, 9)).toEqual(['fail', 'cart-of-nobody', 'cart-of-nobody']);
    expect(judged(rows, 0)).toEqual(['fail', 'cart-write-lost', 'cart-write-lost']);
  });

  it('lets a merge add what the second region had not seen, and nothing else', () => {
    const crossing = [put([0, 1], 10), put([2, 3], 50), put([6, 7], 30, { region: WEST })];
    expect(judged(crossing, 30)).toEqual(['pass']);
    expect(judged(crossing, 70)).toEqual(['pass']);
    expect(judged(crossing, 80)).toEqual(['pass']);
    expect(judged(crossing, 31)).toEqual(['fail', 'cart-of-nobody', 'cart-of-nobody']);
    expect(judged(crossing, 70, 30)).toEqual(['fail', 'carts-differ']);
  });

  it('judges carts with several writers, or checked out ones, by their equality alone', () => {
    expect(judged([put([0, 1], 1), put([2, 3], 2, { client: 2 })], 1)).toEqual(['pass']);
    expect(judged([...rows, { at: [8, 9], op: 'checkout', key: 'acme/k', value: { order: 'o1' } }], 0)).toEqual([
      'pass',
    ]);
  });

  it('says unknown when a cart was read in one region only, or not at all', () => {
    const one = { key: 'acme/k', region: EAST, items: { a: 20 } };
    expect(rules(cartsConverge({ history: historyOf(rows), end: endOf({ carts: [one] }) }))).toEqual(['unknown']);
    expect(rules(cartsConverge({ history: historyOf(rows), end: endOf() }))).toEqual(['unknown']);
    expect(rules(cartsConverge({ history: historyOf(rows), end: endOf({ carts: null }) }))).toEqual(['unknown']);
  });
});
