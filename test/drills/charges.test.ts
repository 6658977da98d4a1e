import { describe, expect, it } from '@jest/globals';
import { exactlyOnceCharges } from '../../drills/checkers/exactly-once-charges.ts';
import type { CheckResult } from '../../drills/checkers/verdict.ts';
import type { CellEndState, LedgerCharge } from '../../drills/history/end-state.ts';
import { cellEnd, EAST, endOf, GOOD_FAILOVER, historyOf, type Row, WEST } from './sample-history.ts';

const rules = (result: CheckResult) => [result.verdict, ...result.findings.map((finding) => finding.rule)];

describe('exactly once charges', () => {
  const charge = (over: Partial<LedgerCharge>): LedgerCharge => ({
    charge: 'ch1',
    order: 'o1',
    key: 'k1',
    amountCents: 100,
    state: 'captured',
    ...over,
  });
  const judged = (status: string, ...ledger: LedgerCharge[]) =>
    rules(
      exactlyOnceCharges({
        history: historyOf(GOOD_FAILOVER),
        end: endOf({
          ledger,
          finals: [{ of: 'order', key: 'acme/o1', cell: 'c01', found: { status, totalCents: 100 } }],
        }),
      }),
    );

  it('accepts one capture of a confirmed order, and none, or a voided one, of a rejected order', () => {
    expect(judged('confirmed', charge({}))).toEqual(['pass']);
    expect(judged('confirmed', charge({ state: 'declined' }), charge({ charge: 'ch2' }))).toEqual(['pass']);
    expect(judged('rejected')).toEqual(['pass']);
    expect(judged('rejected', charge({ state: 'voided' }))).toEqual(['pass']);
  });

  it('rejects two captures, under one key or two, and captures that do not go with the order', () => {
    expect(judged('confirmed', charge({}), charge({ charge: 'ch2' }))).toEqual(['fail', 'charged-twice']);
    expect(judged('confirmed', charge({}), charge({ charge: 'ch2', key: 'k2' }))).toEqual(['fail', 'charged-twice']);
    expect(judged('confirmed')).toEqual(['fail', 'confirmed-uncharged']);
    expect(judged('rejected', charge({}))).toEqual(['fail', 'rejected-charged']);
  });

  it('says unknown of an unfinished order and of a ledger that was not read', () => {
    expect(judged('pending', charge({}))).toEqual(['unknown']);
    expect(rules(exactlyOnceCharges({ history: historyOf(GOOD_FAILOVER), end: endOf({ ledger: null }) }))).toEqual([
      'unknown',
    ]);
  });

  it('rejects another amount, a charge without an order, and two orders of one key', () => {
    expect(judged('confirmed', charge({ amountCents: 99 }))).toEqual(['fail', 'charged-amount']);
    const order = {
      region: EAST,
      key: 'acme/o1',
      status: 'CONFIRMED',
      settled: true,
      id: 'k',
      totalCents: 1,
      lines: [],
    };
    const end = (over: Partial<CellEndState>) => endOf({ ledger: [charge({})], cells: [cellEnd(over)] });
    const ends = (over: Partial<CellEndState>, rows = GOOD_FAILOVER) =>
      rules(exactlyOnceCharges({ history: historyOf(rows), end: end(over) }));
    expect(ends({ orderNames: [] })).toEqual(['fail', 'charge-without-order']);
    expect(ends({ orderNames: ['o1'] })).toEqual(['pass']);
    expect(ends({ orderNames: null })).toEqual(['unknown']);
    const set = {
      region: WEST,
      aggregate: 'order/acme/o1',
      epoch: 1,
      version: 1,
      fenceEpoch: 2,
      id: null,
      write: null,
    };
    expect(ends({ orderNames: [], quarantine: [set] })).toEqual(['pass']);
    const twice = ends({ orderNames: ['o1'], orders: [order, { ...order, key: 'acme/o2' }] });
    expect(twice).toEqual(['fail', 'two-orders-of-one-key']);
    const copies = ends({ orderNames: ['o1'], orders: [order, { ...order, region: WEST }] });
    expect(copies).toEqual(['pass']);
    const checkout: Row = { at: [0, 5], op: 'checkout', key: 'acme/cart', id: 'mine', value: { order: 'o1' } };
    expect(ends({ orderNames: ['o1'], orders: [order] }, [checkout])).toEqual(['fail', 'order-of-another-key']);
  });
});
