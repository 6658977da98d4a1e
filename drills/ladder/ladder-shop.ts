/**
 * A tenant of its own that asks for every operation of the product, as the table of operations names them, and remembers what was
 * acknowledged. Beside the history, which has no model for most of them. Each write has a value of its own.
 */
import { randomUUID } from 'node:crypto';
import type { Json } from '../../core/json.ts';
import { OPERATIONS, type Operation, type OperationName } from '../../core/modes/operations.ts';
import type { Lab } from '../lab.ts';
import { hostOf } from '../old-owner.ts';
import type { Tenant } from '../workload/entry.ts';
import type { Outcome } from '../workload/outcome.ts';
import { itemsOf, membersOf } from '../workload/product.ts';
import { KeptWrites } from './kept-writes.ts';
import type { LadderAnswer } from './ladder-judge.ts';

/** Bought, and in the cart. */
const ROPE = 'ladder-rope';
/** Its title, text, stock and likes are changed. */
const CRATE = 'ladder-crate';
const CART = 'ladder';
/** One that fits the query as a whole and one that begins so: best first is not by sku. */
const FOUND = { 'find-a': 'Zigzags', 'find-b': 'Zigzag' } as const;
const STOCK = 100_000;
const DEADLINE_MS = 2_000;
/** What a busy machine says; asked again, under the same key. */
const TRIES_MAX = 4;
const LATE: ReadonlySet<string> = new Set(['CLIENT_TIMEOUT', 'DEADLINE_EXCEEDED', 'OVERLOADED', 'STORE_CONFLICT']);

/** Nobody answered it in time, however often it was asked. */
export function isLate({ outcome }: LadderAnswer): boolean {
  return outcome.type !== 'ok' && LATE.has(outcome.code);
}

interface Wish {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: Json;
}

type Where = { readonly router: string } | { readonly standbyIn: string };

export class LadderShop {
  readonly cell: string;
  readonly kept = new KeptWrites();
  readonly #lab: Lab;
  readonly #tenant: Tenant;
  readonly #orders: string[] = [];
  #versions: readonly string[] = [];
  #turn = 0;

  constructor(lab: Lab, tenant: Tenant) {
    this.#lab = lab;
    this.#tenant = tenant;
    this.cell = tenant.cell;
  }

  /** Throws when the shop can't be furnished: then the platform did not serve before. */
  async furnish(router: string): Promise<void> {
    const put = async (path: string, body: Json) => {
      const outcome = await this.#patiently({ router }, { method: 'PUT', path, body });
      if (outcome.type !== 'ok') throw new Error(`${this.cell} does not take PUT ${path}: ${outcome.code}.`);
    };
    for (const sku of [ROPE, CRATE]) await put(`/stock/${sku}`, { available: STOCK, priceCents: 100 });
    for (const [sku, title] of Object.entries(FOUND)) await put(`/products/${sku}`, { title });
    await put(`/products/${CRATE}`, { title: 'Crate' });
    await this.ask(operation('checkout'), { router });
    if (this.#orders.length === 0) throw new Error(`${this.cell} takes no order.`);
  }

  /** What the search finds, best first. */
  get best(): readonly string[] {
    return Object.keys(FOUND).reverse();
  }

  /** Asks for one operation. Never rejects: silence is an outcome. */
  async ask(operation: Operation, where: Where): Promise<LadderAnswer> {
    this.#turn += 1;
    const prepared = PREPARED[operation.name]?.(this.#turn);
    if (prepared && 'router' in where) await this.#send(where, { method: 'PUT', ...prepared });
    const wish = this.#wish(operation.name);
    const request = { method: operation.method, path: pathOf(operation, wish), body: wish.body ?? null };
    const outcome = await this.#patiently(where, request);
    this.#remember(operation.name, { wish, outcome });
    return { operation, asked: 'router' in where ? 'router' : 'standby', outcome };
  }

  /** What stands now, by the names of `kept`. */
  async standing(router: string): Promise<ReadonlyMap<string, unknown>> {
    const read = async (name: OperationName) => membersOf((await this.ask(operation(name), { router })).outcome.body);
    const cart = itemsOf((await this.ask(operation('getCart'), { router })).outcome.body);
    const orders = await Promise.all(
      this.#orders.map(async (order) => {
        const outcome = await this.#patiently({ router }, { method: 'GET', path: `/orders/${order}`, body: null });
        return [`order ${order}`, membersOf(outcome.body).order ?? null] as const;
      }),
    );
    return new Map<string, unknown>([
      ['rope in the cart', cart[ROPE] ?? null],
      ['stock of the crate', (await read('getStock')).available],
      ['title of the crate', (await read('getProduct')).title],
      ['text of the crate', (await read('getDescription')).text],
      ['likes of the crate', (await read('getLikes')).likes],
      ...orders,
    ]);
  }

  #wish(name: OperationName): Wish {
    const turn = this.#turn;
    const crate = { params: { sku: CRATE } };
    const wishes: Readonly<Record<OperationName, Wish>> = {
      checkout: { body: { cart: `buy-${turn}` } },
      getOrder: { params: { order: this.#orders.at(-1) ?? '' } },
      putCartItem: { params: { cart: CART, sku: ROPE }, body: { quantity: (turn % QUANTITY_MAX) + 1 } },
      deleteCartItem: { params: { cart: CART, sku: CRATE } },
      getCart: { params: { cart: CART } },
      browseProducts: { query: '?limit=50' },
      searchProducts: { query: '?q=zigzag' },
      getProduct: crate,
      getStock: crate,
      putStock: { ...crate, body: { available: STOCK + turn, priceCents: 100 } },
      putProduct: { ...crate, body: { title: `Crate ${turn}` } },
      getLikes: crate,
      like: crate,
      getDescription: crate,
      putDescription: { ...crate, body: { text: `Text ${turn}`, resolves: [...this.#versions] } },
    };
    return wishes[name];
  }

  #remember(name: OperationName, { wish, outcome }: { wish: Wish; outcome: Outcome }): void {
    if (outcome.type === 'fail') return;
    const standing = outcome.type === 'ok' ? 'acknowledged' : 'unknown';
    const asked = membersOf(wish.body ?? null);
    const said = membersOf(outcome.body);
    if (name === 'putCartItem') this.kept.set('rope in the cart', asked.quantity, standing);
    if (name === 'putStock') this.kept.set('stock of the crate', asked.available, standing);
    if (name === 'putProduct') this.kept.set('title of the crate', asked.title, standing);
    if (name === 'putDescription') this.kept.set('text of the crate', asked.text, standing);
    if (name === 'like') this.kept.count('likes of the crate', standing);
    if (name === 'putDescription' && typeof said.version === 'string') this.#versions = [said.version];
    if (name === 'checkout' && typeof said.order === 'string') {
      this.#orders.push(said.order);
      this.kept.set(`order ${said.order}`, said.order, 'acknowledged');
    }
  }

  async #patiently(where: Where, request: Request): Promise<Outcome> {
    const key = randomUUID();
    for (let tries = 1; ; tries++) {
      const outcome = await this.#send(where, { ...request, key });
      if (outcome.type === 'ok' || !LATE.has(outcome.code) || tries >= TRIES_MAX) return outcome;
    }
  }

  #send(where: Where, { key = randomUUID(), ...request }: Request & { readonly key?: string }): Promise<Outcome> {
    const { http, sight } = this.#lab;
    const { id, cell, token } = this.#tenant;
    const headers = { accept: 'application/json', 'idempotency-key': key, 'x-deadline-ms': String(DEADLINE_MS) };
    const call = { ...request, deadlineMs: DEADLINE_MS };
    if ('router' in where) {
      const origin = sight.routers[where.router] ?? '';
      return http.send({ ...call, origin, headers: { ...headers, authorization: `Bearer ${token}` } });
    }
    const origin = hostOf(this.#lab, { cell, region: where.standbyIn }).url ?? '';
    const internal = {
      authorization: `Holdfast-Internal ${sight.internalSecret}`,
      'x-holdfast-tenant': id,
      'x-holdfast-cell': cell,
    };
    return http.send({ ...call, origin, headers: { ...headers, ...internal } });
  }
}

interface Request {
  readonly method: Operation['method'];
  readonly path: string;
  readonly body: Json;
}

/** The product takes no larger quantity. */
const QUANTITY_MAX = 999;

/** What must lie in a cart before it can be bought, or taken out. */
const PREPARED: Readonly<Partial<Record<OperationName, (turn: number) => Omit<Request, 'method'>>>> = {
  checkout: (turn) => ({ path: `/carts/buy-${turn}/items/${ROPE}`, body: { quantity: 1 } }),
  deleteCartItem: () => ({ path: `/carts/${CART}/items/${CRATE}`, body: { quantity: 1 } }),
};

function pathOf({ path }: Operation, { params = {}, query = '' }: Wish): string {
  return path.replace(/:([a-z]+)/g, (_, name: string) => encodeURIComponent(params[name] ?? '')) + query;
}

function operation(name: OperationName): Operation {
  const found = OPERATIONS.find((one) => one.name === name);
  if (found) return found;
  throw new Error(`The table has no operation ${name}.`);
}
