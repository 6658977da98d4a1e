/** The search against every order there is, on small histories; and against runs that are right, and made wrong, on large ones. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { linearizable } from '../../drills/checkers/linearizable.ts';
import { linearize, type Operation } from '../../drills/checkers/linearize.ts';
import { REGISTER, type RegisterOp } from '../../drills/checkers/register-model.ts';
import { registerRun } from './register-run.ts';
import { endOf, historyOf, type Row } from './sample-history.ts';

/** By the definition: some order of all that ended, and of some that did not, respects time and the register. */
function bruteForce(operations: readonly Operation<RegisterOp>[]): boolean {
  type Line = { readonly epoch: number; readonly values: readonly unknown[] };
  const search = (left: readonly Operation<RegisterOp>[], line: Line): boolean => {
    if (left.every((one) => one.endMs === null)) return true;
    return left.some((next) => {
      // Whoever ended before it began comes first.
      if (left.some((other) => other !== next && other.endMs !== null && other.endMs < next.beginMs)) return false;
      const rest = left.filter((other) => other !== next);
      const epochs = next.op.epoch === null ? [line.epoch, 1, 2, 3] : [next.op.epoch];
      return epochs.some((epoch) => {
        if (epoch < line.epoch) return false;
        const kept = epoch === line.epoch ? [line.values] : line.values.map((_, n) => line.values.slice(0, n + 1));
        return kept.some((values) => {
          const { kind, value, durable } = next.op;
          if (kind === 'get') return values.at(-1) === value && search(rest, { epoch, values });
          return search(rest, { epoch, values: durable ? [value] : [...values, value] });
        });
      });
    });
  };
  return search(operations, { epoch: 0, values: [null] });
}

const operation: fc.Arbitrary<Operation<RegisterOp>> = fc
  .record({
    kind: fc.constantFrom('put', 'get'),
    value: fc.constantFrom(1, 2, 3),
    nothing: fc.boolean(),
    epoch: fc.constantFrom(1, 1, 2, 3),
    how: fc.constantFrom('both', 'alone', 'unknown'),
    beginMs: fc.nat(12),
    lastsMs: fc.nat(8),
  })
  .map(({ kind, value, nothing, epoch, how, beginMs, lastsMs }) => {
    const endMs = beginMs + lastsMs;
    if (kind === 'get')
      return { op: { kind: 'get', value: nothing ? null : value, epoch, durable: false }, beginMs, endMs };
    const unknown = how === 'unknown';
    return {
      op: { kind: 'put', value, epoch: unknown ? null : epoch, durable: how === 'both' },
      beginMs,
      endMs: unknown ? null : endMs,
    };
  });

describe('the search', () => {
  it('says what trying every order says', () => {
    const seen = { found: 0, none: 0 };
    fc.assert(
      fc.property(fc.array(operation, { minLength: 2, maxLength: 6 }), (operations) => {
        const { kind } = linearize(REGISTER, operations);
        expect(kind).toBe(bruteForce(operations) ? 'found' : 'none');
        if (kind !== 'exhausted') seen[kind] += 1;
      }),
      { numRuns: 3_000 },
    );
    // Both answers occur, so the agreement means something.
    expect(Math.min(seen.found, seen.none)).toBeGreaterThan(200);
  });
});

const verdictOf = (rows: readonly Row[]) => linearizable({ history: historyOf(rows), end: endOf() }).verdict;
const isOk = (row: Row) => (row.outcome ?? 'ok') === 'ok';
const isGet = (row: Row) => row.op === 'stock.get' && isOk(row);
const isDurable = (row: Row) => row.op === 'stock.put' && isOk(row) && row.degraded === undefined;
const before = (a: Row, b: Row) => a.at[1] < b.at[0];

type Corruption = (rows: readonly Row[], choice: number) => readonly Row[] | null;

const changed = (rows: readonly Row[], row: Row, edit: Partial<Row>) =>
  rows.map((other) => (other === row ? { ...row, ...edit } : other));
const picked = <T>(from: readonly T[], choice: number): T | null => from[choice % Math.max(1, from.length)] ?? null;

/** Each makes a history that no order explains. */
const CORRUPTIONS: Readonly<Record<string, Corruption>> = {
  'a value of nobody': (rows, choice) => {
    const get = picked(rows.filter(isGet), choice);
    return get && changed(rows, get, { value: 999_999 });
  },
  'a refused value': (rows, choice) => {
    const refused = picked(
      rows.filter((row) => row.op === 'stock.put' && row.outcome === 'fail'),
      choice,
    );
    const get = picked(rows.filter(isGet), choice);
    return get && refused && changed(rows, get, { value: refused.asked ?? null });
  },
  'a value that a replicated one had replaced': (rows, choice) => {
    const stale = rows
      .filter(isGet)
      .flatMap((get) =>
        rows
          .filter((newer) => isDurable(newer) && before(newer, get))
          .flatMap((newer) =>
            rows
              .filter((older) => older.op === 'stock.put' && isOk(older) && before(older, newer))
              .map((older) => changed(rows, get, { value: older.asked ?? null })),
          ),
      );
    return picked(stale, choice);
  },
  'nothing, after a replicated value': (rows, choice) => {
    const gets = rows.filter((get) => isGet(get) && rows.some((put) => isDurable(put) && before(put, get)));
    const get = picked(gets, choice);
    return get && changed(rows, get, { outcome: 'fail', code: 'NOT_FOUND' });
  },
  'an answer of an epoch that was over': (rows, choice) => {
    const late = rows.filter(isOk).flatMap((row) => {
      const over = rows.filter((other) => isOk(other) && before(other, row)).map((other) => Number(other.epoch));
      return over.length === 0 || Math.max(...over) < 2 ? [] : [changed(rows, row, { epoch: Math.max(...over) - 1 })];
    });
    return picked(late, choice);
  },
  'a value before it was written': (rows, choice) => {
    const early = rows
      .filter(isGet)
      .flatMap((get) =>
        rows
          .filter((put) => put.op === 'stock.put' && before(get, put))
          .map((put) => changed(rows, get, { value: put.asked ?? null })),
      );
    return picked(early, choice);
  },
};

describe('runs of a register that keeps its promises', () => {
  it('are linearizable', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => expect(verdictOf(registerRun(seed, { steps: 300 }))).toBe('pass')),
      { numRuns: 300 },
    );
  });

  it.each(Object.entries(CORRUPTIONS))('are not, every time, with %s', (_what, corrupt) => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (seed, choice) => {
        const corrupted = corrupt(registerRun(seed, { steps: 150 }), choice);
        fc.pre(corrupted !== null);
        expect(verdictOf(corrupted ?? [])).toBe('fail');
      }),
      { numRuns: 150 },
    );
  });

  it('are searched in a few configurations an operation, however long', () => {
    const rows = registerRun(7, { steps: 20_000 });
    const { verdict, figures } = linearizable({ history: historyOf(rows), end: endOf() });
    expect(verdict).toBe('pass');
    expect(Number(figures.configurations) / rows.length).toBeLessThan(60);
  });
});
