/**
 * A tenant's catalogue in the cell's store: a fixed number of aggregates (*shelves*), a product on the shelf of its sku's
 * hash. So browsing and searching read a bounded number of aggregates, never a table, and writers of different products
 * rarely meet. Until a product is written it stands as in the sample catalogue. Prices and stock are not kept here but in
 * the checkout's stock, whose price is what is charged: one truth.
 */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import type { CallBounds } from '../../cell/cell-store.ts';
import type { CommitReceipt } from '../../core/commit.ts';
import { rankingDocument } from '../../core/documents/ranking-document.ts';
import { PlatformError } from '../../core/errors.ts';
import { fnv1a32 } from '../../core/hash.ts';
import { type AggregateId, aggregateId, type TenantId } from '../../core/ids.ts';
import { retryConflicts } from '../commit-retry.ts';
import { sampleCatalog } from '../sample-catalog.ts';
import { scoreOf, type Weights, weightsOf } from './ranking.ts';
import { type Fit, fitOf, termsOf } from './search-terms.ts';

/** Reads of one browse or search. */
export const SHELVES = 8;
/** With titles and summaries at their longest a shelf is 150 kB, a catalogue of 1,000 products 1.2 MB. */
export const SHELF_PRODUCTS_MAX = 125;

/** A type, not an interface: it travels as JSON. */
export type Product = {
  readonly sku: string;
  readonly title: string;
  /** One or two sentences. */
  readonly summary: string;
};

export interface ProductPage {
  readonly products: readonly Product[];
  /** Pass as `after` for the next page; `null` at the end. */
  readonly next: string | null;
}

interface Wanted {
  readonly tenant: TenantId;
  readonly terms: readonly string[];
  readonly limit: number;
  readonly ranked: boolean;
}

const SAMPLE: readonly Product[] = [...sampleCatalog.values()].map(({ sku, title }) => ({ sku, title, summary: '' }));

export class CatalogShelves {
  readonly #runtime: CellRuntime;

  constructor(runtime: CellRuntime) {
    this.#runtime = runtime;
  }

  /** By sku, from after the cursor. */
  async browse(
    wanted: { readonly tenant: TenantId; readonly after: string; readonly limit: number },
    bounds: CallBounds,
  ): Promise<ProductPage> {
    const { tenant, after, limit } = wanted;
    const rest = (await this.#all(tenant, bounds)).filter(({ sku }) => sku > after);
    const products = rest.slice(0, limit);
    return { products, next: rest.length > limit ? (products.at(-1)?.sku ?? null) : null };
  }

  /**
   * A scan of the words of at most `SHELVES × SHELF_PRODUCTS_MAX` products: best first, by the document
   * `ranking`; unranked by sku, and no further than needed.
   */
  async search(wanted: Wanted, bounds: CallBounds): Promise<readonly Product[]> {
    const products = await this.#all(wanted.tenant, bounds);
    const found = fitting(products, wanted.terms);
    if (!wanted.ranked) return first(found, wanted.limit);
    const weights = weightsOf(this.#runtime.documents.current(rankingDocument).body);
    return best(found, { limit: wanted.limit, weights });
  }

  /** `null`: there is no such product. */
  async product(ref: { readonly tenant: TenantId; readonly sku: string }, bounds: CallBounds): Promise<Product | null> {
    const { items } = await this.#runtime.store.read(shelfId(ref.tenant, shelfOf(ref.sku)), bounds);
    const stored = items.get(ref.sku);
    return stored ? (stored as unknown as Product) : (SAMPLE.find(({ sku }) => sku === ref.sku) ?? null);
  }

  /** Adds or replaces. Throws `BUSINESS_REFUSED` when the shelf is full. */
  put(tenant: TenantId, product: Product, bounds: CallBounds): Promise<CommitReceipt | null> {
    return retryConflicts(this.#runtime, bounds, async () => {
      const shelf = await this.#runtime.store.read(shelfId(tenant, shelfOf(product.sku)), bounds);
      const before = shelf.items.get(product.sku) as unknown as Product | undefined;
      if (before?.title === product.title && before.summary === product.summary) return null;
      if (before === undefined && shelf.items.size >= SHELF_PRODUCTS_MAX) throw shelfFull(product.sku);
      const changes = [{ kind: 'put', item: product.sku, data: { ...product } }] as const;
      const draft = { aggregate: shelf.id, class: 'leased', expected: shelf.head, changes } as const;
      return this.#runtime.store.commit(draft, { ...bounds, ack: 'local' });
    });
  }

  async #all(tenant: TenantId, bounds: CallBounds): Promise<readonly Product[]> {
    const ids = Array.from({ length: SHELVES }, (_, shelf) => shelfId(tenant, shelf));
    const shelves = await Promise.all(ids.map((id) => this.#runtime.store.read(id, bounds)));
    const stored = shelves.flatMap(({ items }) => [...items.values()] as unknown as readonly Product[]);
    const bySkuOf = new Map([...SAMPLE, ...stored].map((product) => [product.sku, product]));
    return [...bySkuOf.values()].sort(bySku);
  }
}

export function noSuchProduct(sku: string): PlatformError {
  return new PlatformError({
    code: 'NOT_FOUND',
    kind: 'caller',
    effect: 'none',
    message: `There is no product ${sku} in the catalogue. GET /products lists what there is; PUT /products/${sku} adds it.`,
  });
}

interface Found {
  readonly product: Product;
  readonly fit: Fit;
  readonly words: readonly string[];
}

/** One after the other: who needs only some looks no further. */
function* fitting(products: readonly Product[], terms: readonly string[]): Generator<Found> {
  for (const product of products) {
    const words = wordsOf(product);
    const fit = fitOf(terms, words);
    if (fit !== null) yield { product, fit, words };
  }
}

function best(all: Iterable<Found>, { limit, weights }: { limit: number; weights: Weights }): readonly Product[] {
  return [...all]
    .map((found) => ({ ...found, score: scoreOf(found, weights) }))
    .sort((a, b) => b.score - a.score || bySku(a.product, b.product))
    .slice(0, limit)
    .map(({ product }) => product);
}

function first(all: Iterable<Found>, limit: number): readonly Product[] {
  const found: Product[] = [];
  for (const { product } of all) {
    if (found.push(product) >= limit) break;
  }
  return found;
}

const wordsOf = ({ sku, title, summary }: Product) => termsOf(`${title} ${sku} ${summary}`);
const bySku = (a: Product, b: Product) => (a.sku < b.sku ? -1 : a.sku > b.sku ? 1 : 0);
const shelfOf = (sku: string) => fnv1a32(sku) % SHELVES;

function shelfId(tenant: TenantId, shelf: number): AggregateId {
  return aggregateId(`catalog/${tenant}/${shelf}`);
}

function shelfFull(sku: string): PlatformError {
  return new PlatformError({
    code: 'BUSINESS_REFUSED',
    kind: 'caller',
    effect: 'none',
    message: `The shelf that ${sku} belongs to holds ${SHELF_PRODUCTS_MAX} products, which is its limit. Replace a product, or choose another sku.`,
  });
}
