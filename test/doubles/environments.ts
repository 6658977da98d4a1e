/**
 * Execution environments of one cell's functions in two regions, on tables in memory: real handlers, called with Function URL
 * events; frozen between calls, and in the middle of one if a test says so.
 */

import { handle } from 'hono/aws-lambda';
import type { DocumentKeeping } from '../../cell/documents/document-reader.ts';
import type { Invocation } from '../../cell/functions/invocation.ts';
import { keeperTurn } from '../../cell/functions/keeper-turn.ts';
import { OnDemandCell } from '../../cell/on-demand-cell.ts';
import { freezeAwareClock } from '../../core/freeze-aware-clock.ts';
import type { RegionName } from '../../core/ids.ts';
import { seededRng } from '../../core/rng.ts';
import { type FunctionUrlEvent, toFunctionUrlEvent, toHttpReply } from '../../local/hosts/function-url-event.ts';
import { createCheckoutApp } from '../../services/checkout/app.ts';
import { FaultyTable } from './faulty-table.ts';
import { ScriptedProvider } from './scripted-provider.ts';
import { CELL, EAST, TTL_MS, TwoRegions, WEST } from './two-regions.ts';

const FENCE_SHARDS = 4;
const INVOCATION_MS_MAX = 30_000;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface EnvironmentOptions {
  readonly ttlMs?: number;
  readonly hearsPeer?: boolean;
  /** Absent: it asks for no documents. */
  readonly documents?: DocumentKeeping | null;
}

export class Environments {
  readonly world = new TwoRegions({ reconcile: 'manual' });
  #made = 0;

  /** From here on nothing runs but what a test invokes; the coordinator's doorbell calls the keeper function of the region. */
  async begin(): Promise<void> {
    for (const region of [EAST, WEST]) {
      await this.world.crash(region);
      const keeper = this.environment(region);
      const parts = this.world.at(region);
      this.world.regions[region] = { ...parts, cell: { ...parts.cell, ring: () => void keeper.keep() } };
    }
  }

  environment(region: RegionName, options: EnvironmentOptions = {}): Environment {
    return new Environment(this.world, { ...options, region, seed: ++this.#made });
  }
}

export class Environment {
  readonly cell: OnDemandCell;
  readonly own: FaultyTable;
  readonly peer: FaultyTable;
  readonly arbiter: FaultyTable;
  readonly provider = new ScriptedProvider();
  readonly #world: TwoRegions;
  readonly #region: RegionName;
  readonly #handler: (event: FunctionUrlEvent, context: object) => Promise<unknown>;
  #stoodStillMs = 0;

  constructor(world: TwoRegions, options: EnvironmentOptions & { readonly region: RegionName; readonly seed: number }) {
    const { region, seed, ttlMs = TTL_MS, hearsPeer = false } = options;
    const documents = options.documents === undefined ? {} : { documents: options.documents };
    const peerRegion = region === EAST ? WEST : EAST;
    const storeOf = (name: RegionName) => new FaultyTable(world.stores[name] ?? world.arbiter);
    this.#world = world;
    this.#region = region;
    this.own = storeOf(region);
    this.peer = storeOf(peerRegion);
    this.arbiter = new FaultyTable(world.arbiter);
    const clock = freezeAwareClock({
      monotonicMs: () => world.clock.monotonicMs() - this.#stoodStillMs,
      wallMs: () => world.clock.wallMs(),
      sleep: (ms, signal) => world.clock.sleep(ms, signal),
    });
    const config = {
      ...{ cell: CELL, region, peer: peerRegion, home: EAST, leaseTtlMs: ttlMs, renewEveryMs: TTL_MS / 4 },
      ...{ fenceShards: FENCE_SHARDS, peerLoss: 'continue' as const },
    };
    const tables = { own: this.own, peer: this.peer, arbiter: this.arbiter };
    this.cell = new OnDemandCell({ config, tables, clock, rng: seededRng(seed), env: {}, ...documents }, { hearsPeer });
    const handler = handle(createCheckoutApp(this.cell.cell.runtime, this.provider));
    this.#handler = (event, context) => this.cell.serve(() => handler(event as never, context as never));
  }

  /** One invocation, without letting time pass. */
  invoke(line: string, body?: unknown, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const [method = 'GET', url = '/'] = line.split(' ');
    const named = { 'x-holdfast-tenant': 'acme', 'x-holdfast-cell': CELL };
    const headers = { 'content-type': 'application/json', ...named, ...more };
    const text = body === undefined ? '' : JSON.stringify(body);
    const request = { method, url, headers, body: Buffer.from(text), sourceIp: '127.0.0.1' };
    const event = toFunctionUrlEvent(request, { requestId: 'r1', nowMs: this.#world.clock.wallMs() });
    return this.#handler(event, {}).then((result) => {
      const { status, headers: answered, body: bytes } = toHttpReply(result);
      return { status, headers: answered, body: JSON.parse(bytes.toString('utf8')) as Answer['body'] };
    });
  }

  /** One invocation, to its end. */
  send(line: string, body?: unknown): Promise<Answer> {
    return this.#world.settle(this.invoke(line, body));
  }

  stock(sku: string, available: number): Promise<Answer> {
    return this.send(`PUT /stock/${sku}`, { available, priceCents: 100 });
  }

  keep() {
    const address = { cell: CELL, region: this.#region, urls: urlsOf(this.#region), release: 'r1' };
    return keeperTurn({ cell: this.cell, cadence: 'economy', address }, { ...this.invocation(), scheduled: true });
  }

  invocation(): Invocation {
    const endAtMs = this.cell.cell.clock.monotonicMs() + INVOCATION_MS_MAX;
    return { endAtMs, signal: new AbortController().signal };
  }

  /** Nothing of this process runs for a while, not even its monotonic clock. */
  freeze(ms: number): void {
    this.#stoodStillMs += ms;
    this.#world.clock.jump(ms);
  }
}

export const urlsOf = (region: RegionName) => ({
  cart: `https://cart.${region}.test`,
  catalog: `https://catalog.${region}.test`,
  checkout: `https://checkout.${region}.test`,
});
