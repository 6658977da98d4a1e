/**
 * Conservation of inventory, in every region's copy: available + reserved + sold = stocked, nothing negative, what is reserved is
 * reserved by orders, and what is sold is what confirmed orders took. A confirmed order sells a moment later, so what is sold
 * lies between what settled orders took and what confirmed ones did. A copy of which commits lie, or lay, in quarantine
 * may differ by them: that is said, not passed over.
 */
import { type History, isOk } from '../history/call.ts';
import type { CellEndState, EndState, OrderDump, StockDump } from '../history/end-state.ts';
import { type CheckResult, check, type Finding } from './verdict.ts';

export function inventoryConserved(input: { readonly history: History; readonly end: EndState }): CheckResult {
  return check('inventory-conserved', () => {
    const judged = input.end.cells.flatMap((cell) => (cell.stock ?? []).map((stock) => judgeStock(stock, cell)));
    return {
      findings: [...judged.flatMap(({ findings }) => findings), ...negativeReads(input.history)],
      missing: missingIn(input),
      notes: judged.flatMap(({ notes }) => notes),
      figures: {
        copies: judged.length,
        sold: input.end.cells.flatMap((cell) => cell.stock ?? []).reduce((sum, { sold }) => sum + sold, 0),
      },
    };
  });
}

/** Somebody bought, and nobody looked into the store afterwards. */
function missingIn({ history, end }: { readonly history: History; readonly end: EndState }): readonly string[] {
  const selling = new Set(
    history.calls.filter((call) => call.op === 'checkout' && isOk(call)).map((call) => call.cell),
  );
  return [...selling].flatMap((name) => {
    const cell = end.cells.find((one) => one.cell === name);
    return cell?.stock && cell.orders ? [] : [`Stock and orders of cell ${name} were not read from its stores.`];
  });
}

function negativeReads(history: History): readonly Finding[] {
  return history.calls
    .filter((call) => call.op === 'stock.get' && isOk(call) && typeof call.value === 'number' && call.value < 0)
    .map((call) => ({
      rule: 'negative-stock',
      message: `${call.key} was answered with less than nothing.`,
      lines: [call.line],
    }));
}

function judgeStock(stock: StockDump, cell: CellEndState): { findings: readonly Finding[]; notes: readonly string[] } {
  const { region, key, available, reserved, sold, stocked, reservations } = stock;
  const subject = `Cell ${cell.cell}: ${key} in ${region}`;
  const of = (rule: string, what: string): Finding => ({ rule, message: `${subject} ${what}.`, lines: [] });
  const parts = { available, reserved, sold, stocked };
  const broken = Object.entries(parts).filter(([, pieces]) => !Number.isSafeInteger(pieces) || pieces < 0);
  const held = Object.values(reservations).reduce((sum, pieces) => sum + pieces, 0);
  const findings = [
    ...broken.map(([name, pieces]) => of('negative-stock', `has ${pieces} ${name}`)),
    ...(available + reserved + sold === stocked
      ? []
      : [of('not-conserved', `has ${available} + ${reserved} + ${sold} of ${stocked} pieces`)]),
    ...(held === reserved ? [] : [of('reserved-of-nobody', `has ${reserved} reserved, orders hold ${held}`)]),
  ];
  // Without the orders there is nothing to compare with; `missingIn` says so.
  const difference = cell.orders ? differenceOf(stock, ordersWith(stock, cell.orders)) : null;
  if (difference === null) return { findings, notes: [] };
  if (isSetAside(stock, cell)) return { findings, notes: [`${subject} ${difference}; commits were set aside.`] };
  return { findings: [...findings, of('sold-differs', difference)], notes: [] };
}

/** Of the same tenant and the same copy, with this product in it. */
function ordersWith(stock: StockDump, orders: readonly OrderDump[]): readonly { order: OrderDump; quantity: number }[] {
  const [tenant, sku] = partsOf(stock.key);
  return orders
    .filter(
      (order) => order.region === stock.region && partsOf(order.key)[0] === tenant && order.status === 'CONFIRMED',
    )
    .map((order) => {
      const lines = order.lines.filter((line) => line.sku === sku);
      return { order, quantity: lines.reduce((sum, line) => sum + line.quantity, 0) };
    });
}

function differenceOf(
  { sold }: StockDump,
  orders: readonly { readonly order: OrderDump; readonly quantity: number }[],
): string | null {
  const taken = (some: typeof orders) => some.reduce((sum, { quantity }) => sum + quantity, 0);
  const least = taken(orders.filter(({ order }) => order.settled));
  const most = taken(orders);
  if (sold >= least && sold <= most) return null;
  return `has sold ${sold}; confirmed orders took ${least === most ? most : `${least} to ${most}`}`;
}

function isSetAside({ key }: StockDump, { quarantine, reconciled }: CellEndState): boolean {
  const [tenant] = partsOf(key);
  const ofTenant = (aggregate: string) => aggregate === `stock/${key}` || aggregate.startsWith(`order/${tenant}/`);
  return [...(quarantine ?? []), ...(reconciled ?? [])].some(({ aggregate }) => ofTenant(aggregate));
}

/** `<tenant>/<sku or order>`. */
function partsOf(key: string): readonly [string, string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}
