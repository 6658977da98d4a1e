/** Good runs, generated, and each way to break a promise: the checker whose promise it is rejects it, every time. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { judgeHistory } from '../../drills/checkers/judge.ts';
import { type Verdict, worstOf } from '../../drills/checkers/verdict.ts';
import type {
  AggregateDump,
  CellEndState,
  EndState,
  FinalRead,
  LedgerCharge,
  StockDump,
} from '../../drills/history/end-state.ts';
import { dumpOf, type GoodRun, goodRun } from './good-run.ts';
import { EAST, historyOf, type Row, WEST } from './sample-history.ts';

const results = ({ rows, end }: GoodRun) => judgeHistory({ history: historyOf(rows), end, faultAtMs: 50 });
const judged = (run: GoodRun): Verdict => worstOf(results(run).map((result) => result.verdict));

const acknowledged = (rows: readonly Row[]) => rows.filter((row) => row.op === undefined && row.outcome === 'ok');
const finalsWith = (end: EndState, edit: (final: FinalRead) => FinalRead): EndState => ({
  ...end,
  finals: end.finals.map(edit),
});

type Corruption = (run: GoodRun, choice: number) => GoodRun | null;

/** By the checker that has to reject it: each takes a good run and a number to choose by; the result violates a promise. */
const CORRUPTIONS: Readonly<Record<string, Readonly<Record<string, Corruption>>>> = {
  'one-writer-per-epoch': {
    'two regions under one epoch': ({ rows, end }, choice) => {
      const copied = pick(acknowledged(rows), choice);
      const [, endMs] = copied.at;
      const other = copied.region === EAST ? WEST : EAST;
      const extra: Row = {
        ...copied,
        at: [endMs + 1, endMs + 2],
        key: 'acme/twin',
        client: 950,
        id: 'twin',
        region: other,
      };
      return { rows: [...rows, extra], end: withFinal(end, extra) };
    },
    'an epoch that goes back for a key': ({ rows, end }, choice) => {
      const old = pick(acknowledged(rows), choice);
      const [, endMs] = old.at;
      const again = (at: Row['at'], epoch: number, id: string): Row => ({ ...old, at, epoch, id, client: 952 });
      const over = again([endMs + 1, endMs + 2], Number(old.epoch) + 1, 'over');
      return { rows: [...rows, over, again([endMs + 3, endMs + 4], Number(old.epoch), 'back')], end };
    },
  },
  'no-stale-write': {
    'a refused write that stands': ({ rows, end }, choice) => {
      const refused = rows.filter((row) => row.outcome === 'fail');
      if (refused.length === 0) return null;
      const stale = pick(refused, choice);
      return {
        rows,
        end: finalsWith(end, (final) => (final.key === stale.key ? { ...final, found: stale.asked ?? null } : final)),
      };
    },
    'an acknowledgement of an epoch that is over': ({ rows, end }, choice) => {
      const old = pick(
        acknowledged(rows).filter((row) => row.epoch === 1),
        choice,
      );
      const afterMs = Math.max(...rows.map((row) => row.at[1])) + 1;
      const late: Row = { ...old, at: [afterMs, afterMs + 1], key: 'acme/late', client: 951, id: 'late' };
      return { rows: [...rows, late], end: withFinal(end, late) };
    },
    "a copy that differs from the owner's": ({ rows, end }, choice) => {
      const change = pick([{ contents: 'other' }, { version: 9 }, { epoch: 9 }], choice);
      const edit = (dump: AggregateDump) => (dump.region === EAST ? { ...dump, ...change } : dump);
      return { rows, end: cellsWith(end, (cell) => ({ aggregates: (cell.aggregates ?? []).map(edit) })) };
    },
    'a copy that one region lacks': ({ rows, end }) => ({
      rows,
      end: cellsWith(end, (cell) => ({ aggregates: [...(cell.aggregates ?? []), dumpOf(WEST, 'stock/acme/more')] })),
    }),
    'a quarantined commit that also stands': ({ rows, end }, choice) => {
      const entry = { aggregate: 'stock/acme/rope', epoch: 1, version: 1 + (choice % 3), fenceEpoch: 2, id: null };
      return { rows, end: cellsWith(end, () => ({ quarantine: [{ ...entry, region: WEST, write: null }] })) };
    },
  },
  'acknowledged-durable': {
    'an acknowledged write that is gone': ({ rows, end }, choice) => {
      const lost = pick(acknowledged(rows), choice);
      return { rows, end: finalsWith(end, (final) => (final.key === lost.key ? { ...final, found: null } : final)) };
    },
    'a value that nobody wrote': ({ rows, end }, choice) => {
      const { key } = pick(acknowledged(rows), choice);
      return { rows, end: finalsWith(end, (final) => (final.key === key ? { ...final, found: 123_456 } : final)) };
    },
  },
  'exactly-once-charges': {
    'a second charge': ({ rows, end }) => {
      const again: LedgerCharge = { charge: 'ch2', order: 'o1', key: 'other', amountCents: 1, state: 'captured' };
      return { rows, end: { ...end, ledger: [...(end.ledger ?? []), again, { ...again, charge: 'ch3' }] } };
    },
    'a charge of another amount': ({ rows, end }) => {
      const ledger = (end.ledger ?? []).filter((charge) => charge.state === 'captured');
      return ledger.length === 0
        ? null
        : { rows, end: { ...end, ledger: ledger.map((c) => ({ ...c, amountCents: 2 })) } };
    },
    'a charge that stands although the order was rejected, or none although it was confirmed': ({ rows, end }) => {
      const turned = { captured: 'voided', voided: 'captured', declined: 'declined' } as const;
      return { rows, end: { ...end, ledger: (end.ledger ?? []).map((c) => ({ ...c, state: turned[c.state] })) } };
    },
    'a charge without an order': ({ rows, end }, choice) => {
      const extra: LedgerCharge = {
        charge: 'ch9',
        order: `o${choice + 2}`,
        key: 'k9',
        amountCents: 1,
        state: 'captured',
      };
      return { rows, end: { ...end, ledger: [...(end.ledger ?? []), extra] } };
    },
    'one idempotency key with two orders': ({ rows, end }) => ({
      rows,
      end: cellsWith(end, (cell) => ({
        orders: (cell.orders ?? []).flatMap((order) => [order, { ...order, key: 'acme/o2', lines: [] }]),
      })),
    }),
    'an answer that names the order of another key': ({ rows, end }) => ({
      rows,
      end: cellsWith(end, (cell) => ({ orders: (cell.orders ?? []).map((order) => ({ ...order, id: 'another' })) })),
    }),
  },
  'inventory-conserved': {
    'a piece that appeared or vanished': ({ rows, end }, choice) => ({
      rows,
      end: stockWith(end, (stock) => {
        const part = pick(['available', 'reserved', 'sold', 'stocked'] as const, choice);
        return { ...stock, [part]: stock[part] + (choice % 2 === 0 ? 1 : -1) };
      }),
    }),
    'a piece that moved from the shelf to nobody': ({ rows, end }, choice) => ({
      rows,
      end: stockWith(end, (stock) => {
        const part = pick(['reserved', 'sold'] as const, choice);
        return { ...stock, available: stock.available - 1, [part]: stock[part] + 1 };
      }),
    }),
    'less than nothing': ({ rows, end }) => ({
      rows,
      end: stockWith(end, (stock) => ({ ...stock, available: -1, stocked: stock.stocked - stock.available - 1 })),
    }),
  },
  'carts-converge': {
    'a cart that differs between regions': ({ rows, end }) => {
      const [east, west] = end.carts ?? [];
      if (!east || !west) return null;
      return { rows, end: { ...end, carts: [east, { ...west, items: { a: 7 } }] } };
    },
    'a cart that lost its last quantity in both regions': ({ rows, end }) => {
      const carts = (end.carts ?? []).map((cart) => ({ ...cart, items: { a: (cart.items.a ?? 0) - 10 } }));
      return { rows, end: { ...end, carts } };
    },
  },
};

function cellsWith(end: EndState, edit: (cell: CellEndState) => Partial<CellEndState>): EndState {
  return { ...end, cells: end.cells.map((cell) => ({ ...cell, ...edit(cell) })) };
}

/** In one region's copy. */
function stockWith(end: EndState, edit: (stock: StockDump) => StockDump): EndState {
  return cellsWith(end, ({ stock }) => ({ stock: (stock ?? []).map((one, index) => (index === 0 ? edit(one) : one)) }));
}

function withFinal(end: EndState, row: Row): EndState {
  return {
    ...end,
    finals: [...end.finals, { of: 'stock', key: String(row.key), cell: 'c01', found: row.asked ?? null }],
  };
}

function pick<T>(from: readonly T[], choice: number): T {
  const picked = from[choice % from.length];
  if (picked === undefined) throw new Error('nothing to choose from');
  return picked;
}

describe('generated runs', () => {
  it('pass when every promise was kept', () => {
    fc.assert(fc.property(goodRun, (run) => expect(judged(run)).toBe('pass')));
  });

  describe.each(Object.entries(CORRUPTIONS))('are rejected by %s', (checker, corruptions) => {
    it.each(Object.entries(corruptions))('with %s', (_what, corrupt) => {
      fc.assert(
        fc.property(goodRun, fc.nat(), (run, choice) => {
          const corrupted = corrupt(run, choice);
          fc.pre(corrupted !== null);
          const result = results(corrupted ?? run).find((one) => one.checker === checker);
          expect(result?.verdict).toBe('fail');
        }),
      );
    });
  });

  it('are unknown, and not passed, when evidence is missing', () => {
    fc.assert(
      fc.property(goodRun, fc.nat(), ({ rows, end }, choice) => {
        const { key } = pick(acknowledged(rows), choice);
        expect(judged({ rows, end: { ...end, ledger: null } })).toBe('unknown');
        expect(judged({ rows, end: cellsWith(end, () => ({ stock: null })) })).toBe('unknown');
        expect(judged({ rows, end: cellsWith(end, () => ({ orders: null })) })).toBe('unknown');
        expect(judged({ rows, end: { ...end, finals: end.finals.filter((final) => final.key !== key) } })).toBe(
          'unknown',
        );
      }),
    );
  });
});
