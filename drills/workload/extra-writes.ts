/**
 * Clients that a drill adds to the load for its own question: writes of one kind at a fixed pace to one place, a region's
 * host (as a client with an old address) or a region's router. Everything is in the history; what they saw can be asked.
 */
import type { Lab } from '../lab.ts';
import type { ProcessSight } from '../ports/platform-port.ts';
import type { Tenant } from './entry.ts';
import { EXTRA_CLIENTS } from './load.ts';
import { type Pace, type Probe, Prober } from './prober.ts';
import type { ProductCall } from './product.ts';
import { shelfName } from './shopper.ts';

export interface ExtraWritesOptions {
  readonly lab: Lab;
  readonly cell: string;
  readonly op: 'stock.put' | 'cart.put';
  readonly to: { readonly host: ProcessSight } | { readonly router: string };
  readonly pace: Pace;
  /** In names of products and carts; unique in the drill. */
  readonly series: string;
  /** Block of client numbers, from 0; unique in the drill. */
  readonly block: number;
  /** Writes go round over this many products; default: each to one of its own. */
  readonly products?: number;
  /** One call in so many reads a shelf that shoppers write meanwhile: who may not write may not show its own store either. */
  readonly readEvery?: number;
}

/** Client numbers of one block; above the lanes that any pace needs. */
const BLOCK = 200;

export class ExtraWrites {
  readonly #options: ExtraWritesOptions;
  readonly #probes: Probe[] = [];
  readonly #perClient = new Map<number, number>();
  readonly #running: Promise<void>;
  #stopped = false;

  /** Begins at once. Throws when the cell has no tenant. */
  constructor(options: ExtraWritesOptions) {
    this.#options = options;
    const { lab, cell, pace, block } = options;
    const tenant = lab.tenants.find((one) => one.cell === cell);
    if (!tenant) throw new Error(`${cell} has no tenant in this drill.`);
    const { entry, recorder, clock } = lab;
    const prober = new Prober({
      ...{ tenant, entry, recorder, clock },
      firstClient: EXTRA_CLIENTS + block * BLOCK,
      pace: () => pace,
      lanes: pace.openMax,
      onProbe: (probe) => this.#probes.push(probe),
      send: (of) => this.#send(tenant, of),
    });
    this.#running = prober.run(() => this.#stopped);
  }

  /** Resolves after the last answer. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.#running;
  }

  /** Answers that somebody gave, whatever they say. */
  answered(): number {
    return this.#probes.filter(({ outcome }) => outcome.status > 0).length;
  }

  /** Of what was invoked in the window. */
  acknowledged(window: { readonly fromMs: number; readonly toMs: number }): number {
    const inside = ({ invokedAtMs }: Probe) => invokedAtMs >= window.fromMs && invokedAtMs <= window.toMs;
    return this.#probes.filter((probe) => inside(probe) && probe.outcome.type === 'ok').length;
  }

  /** Answers that say "not you" or "not any more". */
  refused(): { readonly total: number; readonly byFence: number } {
    const codes = this.#probes.flatMap(({ outcome }) => (outcome.type === 'fail' ? [outcome.code] : []));
    return {
      total: codes.filter((code) => REFUSALS.has(code)).length,
      byFence: codes.filter((code) => code === 'FENCE_STALE_EPOCH').length,
    };
  }

  #send(tenant: Tenant, { client, sequence }: { client: number; sequence: number }) {
    const { lab, to, pace, readEvery } = this.#options;
    if (readEvery !== undefined && 'host' in to && sequence % readEvery === 0) return this.#read(to.host, client);
    const call = this.#call({ tenant: tenant.id, client, sequence });
    const common = { client, tenant, recorder: lab.recorder, call, deadlineMs: pace.deadlineMs };
    if ('host' in to) return lab.entry.callDirect({ ...common, host: to.host });
    return lab.entry.call({ ...common, region: to.router });
  }

  /** Of a tenant with shoppers, which the first one of a cell is not. */
  #read(host: ProcessSight, client: number) {
    const { lab, cell, pace } = this.#options;
    const tenant = lab.tenants.findLast((one) => one.cell === cell);
    if (!tenant) throw new Error(`${cell} has no tenant in this drill.`);
    const call = { op: 'stock.get' as const, tenant: tenant.id, name: shelfName(0), value: null };
    return lab.entry.callDirect({ client, tenant, recorder: lab.recorder, call, deadlineMs: pace.deadlineMs, host });
  }

  #call({ tenant, client, sequence }: { tenant: string; client: number; sequence: number }): ProductCall {
    const { op, series, products } = this.#options;
    if (op === 'stock.put')
      return { op, tenant, name: `${series}-${products ? sequence % products : sequence}`, value: sequence };
    // One cart for all, so that both regions write into it, and an article for each client, so that each has one writer.
    const quantity = ((this.#perClient.get(client) ?? 0) % QUANTITY_MAX) + 1;
    this.#perClient.set(client, quantity);
    return { op, tenant, name: 'shared-cart', sku: `${series}-${client}`, value: quantity };
  }
}

/** The product takes no larger quantity. */
const QUANTITY_MAX = 999;
const REFUSALS: ReadonlySet<string> = new Set(['NOT_ACTIVE', 'LEASE_NOT_HELD', 'FENCE_STALE_EPOCH']);
