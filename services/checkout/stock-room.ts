/**
 * The stock of a tenant's products in the cell's store: applies the pure operations, one commit each, and retries conflicts. An
 * operation that finds itself done commits all the same, without a change: what it found may stand in this region alone, and the
 * next step (the charge, the order's end) must not rest on that.
 */
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
      // What does not go on rests on nothing.
      if (REFUSED.has(change.outcome)) return { ...change, degraded: null };
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

const REFUSED: ReadonlySet<unknown> = new Set<ReserveOutcome>(['out-of-stock', 'too-many-reservations']);

function known(stock: Stock | null, sku: string): Stock {
  if (stock === null) throw noSuchProduct(sku);
  return stock;
}
