/** The stock of a tenant's products in the cell's store: applies the pure operations, one commit each, and retries conflicts. */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import type { CallBounds } from '../../cell/cell-store.ts';
import type { CommitReceipt } from '../../core/commit.ts';
import { type AggregateId, aggregateId, type TenantId } from '../../core/ids.ts';
import { retryConflicts } from '../commit-retry.ts';
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
import { decodeStock, STOCK_PREFIX, stockChanges } from './stock-items.ts';

export interface StockRef {
  readonly tenant: TenantId;
  readonly sku: string;
}

export function stockId({ tenant, sku }: StockRef): AggregateId {
  return aggregateId(`${STOCK_PREFIX}${tenant}/${sku}`);
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
