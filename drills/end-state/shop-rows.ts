/** The shop's own rows of a table, read as an auditor does: what is in stock, what was ordered. Only what the format states is relied upon. */
import type { Json } from '../../core/json.ts';
import type { OrderDump, StockDump } from '../history/end-state.ts';
import { membersOf } from '../workload/product.ts';

export type Row = Readonly<Record<string, string>>;

interface Scope {
  readonly region: string;
  readonly tenants: ReadonlySet<string>;
}

const STOCK = 'AGG#stock/';
const ORDER = 'AGG#order/';
const RESERVATION = 'ITEM#reservation/';

export function stockOf(rows: readonly Row[], { region, tenants }: Scope): readonly StockDump[] {
  const own = rows.filter((row) => row.pk?.startsWith(STOCK) && tenants.has(tenantOf(row.pk)));
  const reservations = new Map<string, Record<string, number>>();
  for (const row of own) {
    if (!row.sk?.startsWith(RESERVATION)) continue;
    const held = reservations.get(row.pk ?? '') ?? {};
    held[row.sk.slice(RESERVATION.length)] = Number(dataOf(row).quantity);
    reservations.set(row.pk ?? '', held);
  }
  return own
    .filter((row) => row.sk === 'ITEM#level')
    .map((row) => {
      const { available, reserved, sold, stocked } = dataOf(row);
      const level = {
        available: Number(available),
        reserved: Number(reserved),
        sold: Number(sold),
        stocked: Number(stocked),
      };
      const pk = row.pk ?? '';
      return { region, key: pk.slice(STOCK.length), ...level, reservations: reservations.get(pk) ?? {} };
    });
}

export function ordersOf(rows: readonly Row[], { region, tenants }: Scope): readonly OrderDump[] {
  return orderRows(rows)
    .filter((row) => tenants.has(tenantOf(row.pk ?? '')))
    .map((row) => {
      const { status, settled, idempotencyKey, totalCents, lines } = dataOf(row);
      return {
        region,
        key: String(row.pk?.slice(ORDER.length)),
        status: String(status),
        settled: settled === true || status === 'REJECTED',
        id: String(idempotencyKey),
        totalCents: Number(totalCents),
        lines: (Array.isArray(lines) ? lines : []).map((line: Json) => {
          const { sku, quantity } = membersOf(line);
          return { sku: String(sku), quantity: Number(quantity) };
        }),
      };
    });
}

/** Of every tenant, without its name: other tenants' orders are nobody's business, that they exist explains their charges. */
export function orderNamesOf(rows: readonly Row[]): readonly string[] {
  return orderRows(rows).map((row) => String(row.pk?.split('/').at(-1)));
}

/** Aggregates are called `<kind>/<tenant>/…`. */
export function tenantOf(aggregate: string): string {
  return aggregate.split('/')[1] ?? '';
}

function orderRows(rows: readonly Row[]): readonly Row[] {
  return rows.filter((row) => row.pk?.startsWith(ORDER) && row.sk === 'ITEM#order');
}

function dataOf(row: Row): Readonly<Record<string, Json>> {
  return membersOf(JSON.parse(row.data ?? 'null') as Json);
}
