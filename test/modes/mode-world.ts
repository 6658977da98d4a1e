/** A shop on an in-memory cell whose modes a test sets, and one request for each of its operations. */
import { systemClock } from '../../core/clock.ts';
import { cellId } from '../../core/ids.ts';
import type { Level } from '../../core/modes/ladder.ts';
import { type ModesBody, NO_MODES, type Setting } from '../../core/modes/modes-document.ts';
import { OPERATIONS, type Operation, type OperationName } from '../../core/modes/operations.ts';
import type { SwitchName } from '../../core/modes/switches.ts';
import { createCartApp } from '../../services/cart/app.ts';
import { createCatalogApp } from '../../services/catalog/app.ts';
import { createCheckoutApp } from '../../services/checkout/app.ts';
import type { ServiceApp } from '../../services/http/service-app.ts';
import { MemoryRuntime } from '../doubles/memory-runtime.ts';
import { ScriptedProvider } from '../doubles/scripted-provider.ts';
import { type RequestOptions, type Sent, send } from '../services/requests.ts';

const HOUR_MS = 3_600_000;

export function setting(over: Partial<Setting> = {}): Setting {
  const nowMs = systemClock.wallMs();
  const { cell = cellId('c01'), owner = 'ada', reason = 'a test that says db-7.internal' } = over;
  return { cell, owner, reason, sinceMs: nowMs, expiresAtMs: nowMs + HOUR_MS, ...over };
}

export function atLevel(level: Level, over: Partial<Setting> = {}): ModesBody {
  return level === 100 ? NO_MODES : { levels: [{ level, ...setting(over) }], switches: [] };
}

export function switched(...names: readonly SwitchName[]): ModesBody {
  return { levels: [], switches: names.map((name) => ({ name, ...setting() })) };
}

export interface Asking {
  readonly line: string;
  readonly options: RequestOptions;
}

/** A request that is answered with success on a shop that was just opened; `key` makes it another one. */
export function requestFor({ name, method, path }: Operation, { key = 'k1', order = 'ord_none' } = {}): Asking {
  const filled = path.replace(':order', order).replace(':cart', 'c1').replace(':sku', 'anchor-mug');
  const query = name === 'searchProducts' ? '?q=mug' : '';
  const body = BODIES[name];
  const headers: Record<string, string> = name === 'checkout' || name === 'like' ? { 'idempotency-key': key } : {};
  return { line: `${method} ${filled}${query}`, options: { headers, ...(body === undefined ? {} : { body }) } };
}

const BODIES: Partial<Readonly<Record<OperationName, unknown>>> = {
  checkout: { cart: 'c1' },
  putCartItem: { quantity: 2 },
  putStock: { available: 9, priceCents: 1_250 },
  putProduct: { title: 'Anchor mug, blue' },
  putDescription: { text: 'Holds fast.' },
};

export class ModeWorld {
  readonly runtime = new MemoryRuntime();
  readonly provider = new ScriptedProvider();
  /** Of an order that stands. */
  order = '';
  #version = 0;
  readonly apps: Readonly<Record<Operation['service'], ServiceApp>> = {
    cart: createCartApp(this.runtime),
    catalog: createCatalogApp(this.runtime),
    checkout: createCheckoutApp(this.runtime, this.provider),
  };

  /** With an order, and with something in the cart for the next one. */
  static async open(): Promise<ModeWorld> {
    const world = new ModeWorld();
    await world.ask('putCartItem');
    world.order = String((await world.ask('checkout', { key: 'first' })).body.order);
    await world.ask('putCartItem');
    return world;
  }

  set(body: ModesBody): void {
    const version = ++this.#version;
    const edition = { type: 'modes', version, body, checksum: '', by: 'ada', why: 'test', publishedAtMs: 0 };
    if (this.runtime.documents.take(edition, 'published') !== 'taken') throw new Error('the modes were not taken');
  }

  ask(name: OperationName, over: { key?: string; headers?: Record<string, string> } = {}): Promise<Sent> {
    const operation = operationOf(name);
    const { line, options } = requestFor(operation, { ...over, order: this.order });
    return send(this.apps[operation.service], line, { ...options, headers: { ...options.headers, ...over.headers } });
  }
}

export function operationOf(name: OperationName): Operation {
  const found = OPERATIONS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no operation ${name}`);
  return found;
}
