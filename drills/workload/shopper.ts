/**
 * One shopper: a sequential client of one tenant that fills carts, looks at things and buys. What it does next comes from
 * its seed alone, so a seed repeats the sequence; when it does it depends on how fast it is answered.
 */
import type { Clock } from '../../core/clock.ts';
import { type Rng, randomInt } from '../../core/rng.ts';
import type { HistoryRecorder } from '../history/history-recorder.ts';
import type { Entry, Tenant } from './entry.ts';
import type { Outcome } from './outcome.ts';
import { membersOf, type ProductCall } from './product.ts';

export interface ShopperOptions {
  readonly client: number;
  readonly tenant: Tenant;
  /** Whose router it prefers. */
  readonly region: string;
  readonly entry: Entry;
  readonly recorder: HistoryRecorder;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Mean of the time between an answer and the next call. */
  readonly thinkMs: number;
  readonly deadlineMs: number;
}

/** What every tenant of a drill can buy; stocked before the history begins. */
export const DRILL_SKU = 'drill-rope';
const CARTS = 2;
const ARTICLES = 3;
/** The product takes no larger quantity. An article is written with rising quantities, so each tells which write it was. */
const QUANTITY_MAX = 999;
/** Products whose stock is set and read: what linearizability is judged by. Few, so that shoppers meet. */
const SHELVES = 2;
/** Shoppers of one tenant have numbers in a row; the product takes no larger stock than a million. */
const WRITERS_MAX = 64;
const COUNTS_MAX = 15_000;
/** Many heartbeats: the copy is nearly always good enough, unless the link to it is what was broken. */
const STALENESS_MS = 5_000;

export function shelfName(n: number): string {
  return `shelf-${n}`;
}

/** Orders that a shopper remembers, to look at them. */
const ORDERS_MAX = 32;

export class Shopper {
  readonly #options: ShopperOptions;
  readonly #quantities = new Map<string, number>();
  readonly #orders: string[] = [];
  #purchases = 0;
  #counts = 0;

  constructor(options: ShopperOptions) {
    this.#options = options;
  }

  /** Until `stopped` says so; resolves after the last answer. */
  async run(stopped: () => boolean): Promise<void> {
    const { clock, rng, thinkMs } = this.#options;
    while (!stopped()) {
      await clock.sleep(thinkMs * (0.5 + rng.next()));
      if (!stopped()) await this.#next();
    }
  }

  #next(): Promise<unknown> {
    const draw = this.#options.rng.next();
    if (draw < 0.25) return this.#fillCart();
    if (draw < 0.35) return this.#call({ op: 'cart.get', name: this.#someCart(), value: null });
    if (draw < 0.45) return this.#call({ op: 'stock.get', name: DRILL_SKU, value: null });
    if (draw < 0.55) return this.#lookAtOrder();
    if (draw < 0.65) return this.#countShelf();
    if (draw < 0.72) return this.#call({ op: 'stock.get', name: this.#someShelf(), value: null });
    // In its own region, from the copy if need be: what sessions and bounds are judged by.
    if (draw < 0.8)
      return this.#call({ op: 'stock.get', name: this.#someShelf(), value: null, maxStalenessMs: STALENESS_MS });
    return this.#buy();
  }

  /** Shelves are written by all shoppers of a tenant and bought from by nobody; each value tells which write it was. */
  #countShelf(): Promise<unknown> {
    const value = (this.#counts++ % COUNTS_MAX) * WRITERS_MAX + (this.#options.client % WRITERS_MAX);
    return this.#call({ op: 'stock.put', name: this.#someShelf(), value });
  }

  #fillCart(): Promise<unknown> {
    const name = this.#someCart();
    const sku = `article-${randomInt(this.#options.rng, ARTICLES)}`;
    const quantity = (this.#quantities.get(`${name}/${sku}`) ?? 0) + 1;
    if (quantity > QUANTITY_MAX) return this.#call({ op: 'cart.get', name, value: null });
    this.#quantities.set(`${name}/${sku}`, quantity);
    return this.#call({ op: 'cart.put', name, sku, value: quantity });
  }

  /** A cart of its own for each purchase, so that checkouts disturb no other cart. */
  async #buy(): Promise<void> {
    const name = `buy-${this.#options.client}-${this.#purchases++}`;
    const filled = await this.#call({ op: 'cart.put', name, sku: DRILL_SKU, value: 1 });
    if (filled.type !== 'ok') return;
    const bought = await this.#call({ op: 'checkout', name, value: null });
    const { order } = membersOf(bought.body);
    if (typeof order === 'string' && this.#orders.length < ORDERS_MAX) this.#orders.push(order);
  }

  #lookAtOrder(): Promise<unknown> {
    const order = this.#orders[randomInt(this.#options.rng, Math.max(1, this.#orders.length))];
    if (order === undefined) return this.#call({ op: 'stock.get', name: DRILL_SKU, value: null });
    return this.#call({ op: 'order.get', name: order, value: null });
  }

  #someCart(): string {
    return `cart-${this.#options.client}-${randomInt(this.#options.rng, CARTS)}`;
  }

  #someShelf(): string {
    return shelfName(randomInt(this.#options.rng, SHELVES));
  }

  #call(call: Omit<ProductCall, 'tenant'>): Promise<Outcome> {
    const { entry, client, tenant, region, recorder, deadlineMs } = this.#options;
    return entry.call({ client, tenant, region, recorder, deadlineMs, call: { ...call, tenant: tenant.id } });
  }
}
