/** The table of a cell in one region, by the layout that the history format states: enough of it to be dumped. */
import type { Json } from '../../core/json.ts';

interface Kept {
  readonly epoch: number;
  readonly version: number;
  readonly data: Json;
}

const ITEMS: Readonly<Record<string, string>> = { stock: 'ITEM#level', order: 'ITEM#order' };

export class FakeStore {
  readonly #aggregates = new Map<string, Kept>();

  get(aggregate: string): Json | null {
    return this.#aggregates.get(aggregate)?.data ?? null;
  }

  /** Quantities of a drill only rise, so what comes late changes nothing. */
  putArticle(cart: string, { sku, quantity }: { sku: string; quantity: number }): void {
    const items = this.get(cart) as Record<string, number> | null;
    this.put(cart, { epoch: 0, data: { ...items, [sku]: Math.max(quantity, items?.[sku] ?? 0) } });
  }

  put(aggregate: string, { epoch, data }: { epoch: number; data: Json }): void {
    const version = (this.#aggregates.get(aggregate)?.version ?? 0) + 1;
    this.#aggregates.set(aggregate, { epoch, version, data });
  }

  clear(): void {
    this.#aggregates.clear();
  }

  scan(): { status: number; body: Json } {
    const items: Json[] = [...this.#aggregates].flatMap(([aggregate, { epoch, version, data }]): Json[] => [
      {
        pk: { S: `AGG#${aggregate}` },
        sk: { S: 'HEAD' },
        epoch: { N: String(epoch) },
        version: { N: String(version) },
        lineage: { S: JSON.stringify([{ epoch, version }]) },
      },
      {
        pk: { S: `AGG#${aggregate}` },
        sk: { S: ITEMS[aggregate.split('/')[0] ?? ''] ?? 'ITEM#it' },
        data: { S: JSON.stringify(data) },
      },
    ]);
    return { status: 200, body: { Items: items } };
  }
}

export function levelOf({ available, sold }: { available: number; sold: number }): Json {
  return { available, reserved: 0, sold, stocked: available + sold };
}
