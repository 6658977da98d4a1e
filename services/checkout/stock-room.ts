/** The stock of a tenant's products in the cell's store: applies the pure operations, one commit each, and retries conflicts. */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import type { CallBounds } from '../../cell/cell-store.ts';
import type { Aggregate, Change, CommitReceipt } from '../../core/commit.ts';
import { type AggregateId, aggregateId, type TenantId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { retryConflicts } from '../commit-retry.ts';
import { sampleCatalog } from './sample-catalog.ts';
import {
  noSuchProduct,
  openStock,
  type ReserveOutcome,
  reserve,
  restock,
  type Settlement,
  type Stock,
  type StockChange,
  type StockLevel,
  settle,
} from './stock.ts';

export interface StockRef {
  readonly tenant: TenantId;
  readonly sku: string;
}

const LEVEL_ITEM = 'level';
const SETTLED_ITEM = 'settled';
const RESERVATION_PREFIX = 'reservation/';

export function stockId({ tenant, sku }: StockRef): AggregateId {
  return aggregateId(`stock/${tenant}/${sku}`);
}

export class StockRoom {
  readonly #runtime: CellRuntime;

  constructor(runtime: CellRuntime) {
    this.#runtime = runtime;
  }

  /** The level as it stands; the catalogue's opening stock before the first write; `null` for an unknown product. */
  async level(ref: StockRef, bounds: CallBounds): Promise<StockLevel | null> {
    const aggregate = await this.#runtime.store.read(stockId(ref), bounds);
    return decodeStock(aggregate, ref.sku)?.level ?? null;
  }

  async restock(
    ref: StockRef & { readonly available: number; readonly priceCents: number },
    bounds: CallBounds,
  ): Promise<{ readonly level: StockLevel; readonly degraded: CommitReceipt['degraded'] }> {
    const { available, priceCents } = ref;
    const { stock, degraded } = await this.#change(ref, bounds, (before) => ({
      outcome: 'restocked',
      stock: before ? restock(before, { available, priceCents }) : openStock({ available, priceCents }),
    }));
    return { level: stock.level, degraded };
  }

  async reserve(
    ref: StockRef & { readonly orderId: string; readonly quantity: number },
    bounds: CallBounds,
  ): Promise<ReserveOutcome> {
    return (await this.#change(ref, bounds, (before) => reserve(known(before, ref.sku), ref))).outcome;
  }

  async settle(
    ref: StockRef & { readonly orderId: string; readonly as: Settlement },
    bounds: CallBounds,
  ): Promise<void> {
    await this.#change(ref, bounds, (before) => settle(known(before, ref.sku), ref));
  }

  #change<Outcome>(
    ref: StockRef,
    bounds: CallBounds,
    operation: (before: Stock | null) => StockChange<Outcome>,
  ): Promise<StockChange<Outcome> & { readonly degraded: CommitReceipt['degraded'] }> {
    return retryConflicts(this.#runtime, bounds, async () => {
      const aggregate = await this.#runtime.store.read(stockId(ref), bounds);
      const before = decodeStock(aggregate, ref.sku);
      const change = operation(before);
      if (change.stock === before) return { ...change, degraded: null };
      const receipt = await this.#runtime.store.commit(
        {
          aggregate: aggregate.id,
          class: 'strict',
          expected: aggregate.head,
          changes: stockChanges(before, change.stock),
        },
        { ...bounds, ack: 'replicated' },
      );
      return { ...change, degraded: receipt.degraded };
    });
  }
}

function known(stock: Stock | null, sku: string): Stock {
  if (stock === null) throw noSuchProduct(sku);
  return stock;
}

function decodeStock(aggregate: Aggregate, sku: string): Stock | null {
  const level = aggregate.items.get(LEVEL_ITEM);
  if (level === undefined) {
    const product = sampleCatalog.get(sku);
    return product ? openStock({ available: product.openingStock, priceCents: product.priceCents }) : null;
  }
  const reservations = new Map<string, number>();
  for (const [item, data] of aggregate.items) {
    if (item.startsWith(RESERVATION_PREFIX))
      reservations.set(item.slice(RESERVATION_PREFIX.length), Number(data.quantity));
  }
  const settled = (aggregate.items.get(SETTLED_ITEM)?.orders ?? []) as readonly string[];
  return { level: level as unknown as StockLevel, reservations, settled };
}

/** Only what differs: a reservation must not rewrite the list of settled orders. */
function stockChanges(before: Stock | null, after: Stock): Change[] {
  const changes: Change[] = [{ kind: 'put', item: LEVEL_ITEM, data: { ...after.level } }];
  for (const [orderId, quantity] of after.reservations) {
    if (before?.reservations.has(orderId)) continue;
    changes.push({ kind: 'put', item: RESERVATION_PREFIX + orderId, data: { quantity } });
  }
  for (const orderId of before?.reservations.keys() ?? []) {
    if (!after.reservations.has(orderId)) changes.push({ kind: 'delete', item: RESERVATION_PREFIX + orderId });
  }
  if (after.settled !== before?.settled && after.settled.length > 0) {
    changes.push({ kind: 'put', item: SETTLED_ITEM, data: { orders: after.settled } satisfies JsonObject });
  }
  return changes;
}
