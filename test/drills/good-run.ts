/** Runs that kept every promise, generated: what checkers must pass, and what corruptions are made of. */
import fc from 'fast-check';
import type {
  AggregateDump,
  CartView,
  EndState,
  FinalRead,
  LedgerCharge,
  OrderDump,
  StockDump,
} from '../../drills/history/end-state.ts';
import { cellEnd, EAST, endOf, type Row, WEST } from './sample-history.ts';

/** A run that kept every promise: epochs in order, each with one owner; each write to a key of its own; a checkout and a cart. */
export interface GoodRun {
  readonly rows: readonly Row[];
  readonly end: EndState;
}

export const goodRun: fc.Arbitrary<GoodRun> = fc
  .record({
    reigns: fc.array(
      fc.array(fc.constantFrom('ok', 'ok', 'ok', 'fail', 'info-applied', 'info'), { minLength: 1, maxLength: 8 }),
      {
        minLength: 2,
        maxLength: 4,
      },
    ),
    charged: fc.boolean(),
    quantities: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ reigns, charged, quantities }) => {
    const rows: Row[] = [];
    const finals: FinalRead[] = [];
    let t = 0;
    for (const [index, outcomes] of reigns.entries()) {
      const owner = { region: index % 2 === 0 ? EAST : WEST, epoch: index + 1 };
      // Every reign acknowledges something, so that it is one.
      for (const outcome of ['ok', ...outcomes]) {
        const value = rows.length;
        const key = `acme/probe-${value}`;
        const type = outcome === 'ok' ? 'ok' : outcome === 'fail' ? 'fail' : 'info';
        rows.push({
          at: [t, t + 5],
          key,
          asked: value,
          outcome: type,
          ...owner,
          ...(type === 'fail' ? { code: 'NOT_ACTIVE' } : {}),
        });
        const stands = outcome === 'ok' || outcome === 'info-applied';
        finals.push({ of: 'stock', key, cell: 'c01', found: stands ? value : null });
        t += 10;
      }
    }
    const checkout = { op: 'checkout', key: 'acme/basket', value: { order: 'o1' }, region: EAST, epoch: 1 } as const;
    rows.unshift({ ...checkout, at: [0, 5], client: 900, id: 'checkout-1' });
    finals.push({
      of: 'order',
      key: 'acme/o1',
      cell: 'c01',
      found: { status: charged ? 'CONFIRMED' : 'REJECTED', totalCents: 1 },
    });
    for (let quantity = 1; quantity <= quantities; quantity++) {
      rows.push({ at: [t, t + 1], op: 'cart.put', key: 'acme/k/a', asked: quantity * 10, client: 901, epoch: null });
      t += 2;
    }
    const cart = (region: string): CartView => ({ key: 'acme/k', region, items: { a: quantities * 10 } });
    const charge: LedgerCharge = {
      charge: 'ch1',
      order: 'o1',
      key: 'o1',
      amountCents: 1,
      state: charged ? 'captured' : 'voided',
    };
    const shop = [EAST, WEST].map((region) => shopOf({ region, charged }));
    const cell = cellEnd({
      aggregates: [EAST, WEST].map((region) => dumpOf(region, 'stock/acme/rope')),
      stock: shop.map(({ stock }) => stock),
      orders: shop.map(({ order }) => order),
      orderNames: ['o1'],
    });
    const end = endOf({ finals, carts: [cart(EAST), cart(WEST)], ledger: [charge], cells: [cell] });
    return { rows, end };
  });

/** One region's copy of the product that was bought, and of the order. */
function shopOf({ region, charged }: { region: string; charged: boolean }): { stock: StockDump; order: OrderDump } {
  const sold = charged ? 2 : 0;
  const level = { available: 100 - sold, reserved: 0, sold, stocked: 100, reservations: {} };
  const status = charged ? 'CONFIRMED' : 'REJECTED';
  const order = { region, key: 'acme/o1', status, settled: true, id: 'checkout-1', totalCents: 1 };
  return { stock: { region, key: 'acme/rope', ...level }, order: { ...order, lines: [{ sku: 'rope', quantity: 2 }] } };
}

/** One region's copy of an aggregate, three versions of the first epoch and one of the second. */
export function dumpOf(region: string, aggregate: string): AggregateDump {
  const lineage = [
    { epoch: 1, version: 3 },
    { epoch: 2, version: 4 },
  ];
  return { region, aggregate, epoch: 2, version: 4, contents: 'same', lineage };
}
