/**
 * A platform in one process, as small as a drill lets it be: routers, cell hosts, stores and a payment provider, each an HTTP
 * server that can be killed, stopped and continued, with ownership, epochs and synchronous replication. It can be told to
 * be wrong in the ways that the checkers exist for.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { request } from 'undici';
import type { Json } from '../../core/json.ts';
import type { AutomationPort, AutomationSetting } from '../../drills/ports/automation-port.ts';
import type { FailoverPort } from '../../drills/ports/failover-port.ts';
import type { PlatformPort, PlatformSight, ProcessSight } from '../../drills/ports/platform-port.ts';
import { DRILL_SKU } from '../../drills/workload/shopper.ts';
import { FakeProcess } from './fake-process.ts';
import { FakeStore } from './fake-store.ts';
import { EAST, WEST } from './sample-history.ts';

export interface FakeFlaws {
  /** A host does not look at who owns the cell. */
  readonly noFence?: boolean;
  /** Writes are acknowledged without being at the peer, and the peer never gets them. */
  readonly losesWrites?: boolean;
  /** `crash` and `stop` are acknowledged and not done. */
  readonly faultsDoNothing?: boolean;
  readonly neverServes?: boolean;
  /** A store that is killed comes back empty. */
  readonly forgets?: boolean;
  /** A throttled cell is taken for dead and moved. */
  readonly movesTheSlow?: boolean;
  /** The first so many looks at a move find something against it. */
  readonly objectionsAtFirst?: number;
}

const REGIONS = [EAST, WEST];
const CELLS = [
  { id: 'c01', home: EAST, standby: WEST },
  { id: 'c02', home: WEST, standby: EAST },
];

type FakeLink = PlatformSight['links'][number];
type Reply = { readonly status: number; readonly body: Json; readonly headers?: Readonly<Record<string, string>> };

export class FakePlatform {
  readonly processes = new Map<string, FakeProcess>();
  readonly #flaws: FakeFlaws;
  readonly #owners = new Map(CELLS.map((cell) => [cell.id, { region: cell.home, epoch: 1 }]));
  readonly #stores = new Map<string, FakeStore>();
  readonly #charges: Json[] = [];
  readonly #links = new Map<string, FakeLink>();
  #looks = 0;

  constructor(flaws: FakeFlaws = {}) {
    this.#flaws = flaws;
  }

  async start(): Promise<void> {
    for (const region of REGIONS) {
      for (const { id: cell } of CELLS) {
        const store = new FakeStore();
        this.#stores.set(`${cell}@${region}`, store);
        for (const peer of REGIONS.filter((other) => other !== region)) {
          const link = this.#link(`${cell}@${region}>${cell}@${peer}.store`);
          this.#links.set(link.name, link);
        }
        await this.#add({ name: `${cell}@${region}.store`, kind: 'store', cell, region }, () => store.scan());
        await this.#add({ name: `${cell}@${region}`, kind: 'cell', cell, region }, (message, body) =>
          this.#serve({ cell, region, message, body }),
        );
      }
      await this.#add({ name: `router@${region}`, kind: 'router', region }, (message, body) =>
        this.#route(message, body),
      );
    }
    // What the soak wants to hurt, too; nobody asks them anything.
    for (const region of REGIONS) await this.#add({ name: `control@${region}`, kind: 'control', region }, nothing);
    await this.#add({ name: 'arbiter', kind: 'arbiter' }, nothing);
    await this.#add({ name: 'payments', kind: 'payments' }, (message) => this.#ledger(message));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.processes.values()].map((process) => process.crash()));
  }

  get port(): PlatformPort {
    return {
      view: async () => ({
        engine: 'fake',
        versions: { holdfast: 'test' },
        topology: {
          regions: REGIONS,
          cells: CELLS,
          lease: { ttlMs: 200 },
          automation: { cellsMovedMax: 2, windowMs: 60_000 },
        },
        routers: Object.fromEntries(REGIONS.map((region) => [region, this.#url(`router@${region}`)])),
        processes: [...this.processes.values()].map((process) => process.sight),
        links: [...this.#links.values()],
        payments: this.#url('payments'),
        internalSecret: 'secret',
      }),
      act: async (name, action) => {
        const process = this.processes.get(name);
        if (!process) throw new Error(`no process ${name}`);
        if (this.#flaws.faultsDoNothing) return;
        await process[action]();
        if (action === 'crash' && this.#flaws.forgets) this.#stores.get(name.replace('.store', ''))?.clear();
      },
      throttle: async (name, runRatio) => {
        if (!this.#flaws.faultsDoNothing) this.processes.get(name)?.throttle(runRatio);
        const [cell = ''] = name.split('@');
        if (this.#flaws.movesTheSlow && runRatio < 1) this.#owners.set(cell, { region: WEST, epoch: 2 });
      },
      setFault: async (name, fault) => {
        this.#links.set(name, { ...this.#link(name), fault, counters: { held: 1, delayed: 1, resets: 1, lost: 1 } });
      },
      heal: async (name) => {
        this.#links.set(name, { ...this.#link(name), fault: null });
      },
    };
  }

  get failover(): FailoverPort {
    return {
      watch: async () => async () => undefined,
      plan: async () => {
        this.#looks += 1;
        return { objections: this.#objections() };
      },
      resume: async () => 'nothing to resume',
      run: async ({ cell, kind, to }) => {
        if (kind === 'failback' && this.#objections().length > 0)
          return { outcome: 'refused', steps: [], decision: null };
        const epoch = (this.#owners.get(cell)?.epoch ?? 0) + 1;
        this.#owners.set(cell, { region: to, epoch });
        return { outcome: 'done', steps: [{ name: 'take', startMs: 0, endMs: 1 }], decision: { epoch } };
      },
    };
  }

  #automation: AutomationSetting = { mode: 'assisted', enabled: true };

  get automation(): AutomationPort {
    return {
      mode: async () => this.#automation,
      setMode: async (setting) => {
        this.#automation = setting;
      },
      status: async () => [],
      moves: async () => [],
    };
  }

  readonly tokens = { issueToken: async (tenant: string) => tenant };

  #objections(): readonly string[] {
    const { objectionsAtFirst = 0 } = this.#flaws;
    return objectionsAtFirst > 0 && this.#looks <= objectionsAtFirst ? ['the copy is behind'] : [];
  }

  #link(name: string): FakeLink {
    const [from = '', to = ''] = name.split('>');
    const counters = { held: 0, delayed: 0, resets: 0, lost: 0 };
    return this.#links.get(name) ?? { name, from, to, fault: null, counters };
  }

  async #add(
    what: Pick<ProcessSight, 'name' | 'kind' | 'cell' | 'region'>,
    answer: (message: IncomingMessage, body: Json) => Reply | Promise<Reply>,
  ) {
    const process = new FakeProcess(what, async (message: IncomingMessage, response: ServerResponse, text: string) => {
      const reply = await answer(message, text === '' ? null : (JSON.parse(text) as Json));
      response
        .writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
        .end(JSON.stringify(reply.body));
    });
    this.processes.set(what.name, process);
    await process.start();
  }

  #url(name: string): string {
    return this.processes.get(name)?.sight.url ?? '';
  }

  async #route(message: IncomingMessage, body: Json): Promise<Reply> {
    if (this.#flaws.neverServes) return problem(503, 'NO_CELL_MAP');
    const tenant = String(message.headers.authorization).replace('Bearer ', '');
    const cell = cellOf(tenant);
    const owner = this.#owners.get(cell);
    try {
      const {
        statusCode,
        headers,
        body: answer,
      } = await request(`${this.#url(`${cell}@${owner?.region}`)}${message.url}`, {
        method: (message.method ?? 'GET') as 'GET',
        headers: { 'x-holdfast-tenant': tenant, 'idempotency-key': String(message.headers['idempotency-key']) },
        body: body === null ? null : JSON.stringify(body),
        headersTimeout: 1_000,
      });
      const passed = ['x-cell', 'x-region', 'x-cell-epoch'].map((name) => [name, String(headers[name])] as const);
      return { status: statusCode, body: (await answer.json()) as Json, headers: Object.fromEntries(passed) };
    } catch (thrown) {
      const refused = (thrown as { code?: string }).code === 'ECONNREFUSED';
      return problem(503, 'CELL_UNREACHABLE', refused ? 'none' : 'unknown');
    }
  }

  async #serve(of: { cell: string; region: string; message: IncomingMessage; body: Json }): Promise<Reply> {
    const { cell, region, message } = of;
    const owner = this.#owners.get(cell);
    // A host without a fence believes in the epoch that it once had.
    const epoch = owner?.region === region ? owner.epoch : 1;
    const headers = { 'x-cell': cell, 'x-region': region, 'x-cell-epoch': String(epoch) };
    const [, kind, name = '', , sku = ''] = String(message.url).split('/');
    const isCart = kind === 'carts';
    if (!isCart && owner?.region !== region && !this.#flaws.noFence) return { ...problem(421, 'NOT_ACTIVE'), headers };
    const reply = this.#product({ ...of, kind: kind ?? '', name, sku, epoch });
    return { ...reply, headers };
  }

  #product(of: {
    cell: string;
    region: string;
    message: IncomingMessage;
    body: Json;
    kind: string;
    name: string;
    sku: string;
    epoch: number;
  }): Reply {
    const { cell, region, message, body, kind, name, sku, epoch } = of;
    const tenant = String(message.headers['x-holdfast-tenant']);
    const own = this.#stores.get(`${cell}@${region}`);
    const peers = this.#flaws.losesWrites ? [] : REGIONS.filter((other) => other !== region);
    const stores = [own, ...peers.map((peer) => this.#stores.get(`${cell}@${peer}`))];
    const put = (aggregate: string, data: Json, at = epoch) =>
      stores.map((store) => store?.put(aggregate, { epoch: at, data }));
    if (kind === 'stock') {
      const key = `stock/${tenant}/${name}`;
      const { sold = 0 } = (own?.get(key) ?? {}) as { sold?: number };
      if (message.method === 'PUT') put(key, levelOf({ available: (body as { available: number }).available, sold }));
      const level = own?.get(key) ?? null;
      return level === null ? problem(404, 'NOT_FOUND') : { status: 200, body: level };
    }
    if (kind === 'carts') {
      const key = `cart/${tenant}/${name}`;
      const items = { ...(own?.get(key) as Record<string, Json> | null) };
      if (message.method === 'PUT') put(key, { ...items, [sku]: (body as { quantity: Json }).quantity }, 0);
      const now = (own?.get(key) ?? {}) as Record<string, Json>;
      return {
        status: 200,
        body: { cart: name, lines: Object.entries(now).map(([article, quantity]) => ({ sku: article, quantity })) },
      };
    }
    if (kind === 'orders') {
      const found = own?.get(`order/${tenant}/${name}`) ?? null;
      return found === null ? problem(404, 'NOT_FOUND') : { status: 200, body: found };
    }
    const order = `ord_${String(message.headers['idempotency-key'])}`;
    if (own?.get(`order/${tenant}/${order}`) == null) {
      const placed = { order, status: 'CONFIRMED', settled: true, totalCents: 1, idempotencyKey: order.slice(4) };
      put(`order/${tenant}/${order}`, { ...placed, lines: [{ sku: DRILL_SKU, quantity: 1 }] });
      const stock = own?.get(`stock/${tenant}/${DRILL_SKU}`) as { available: number; sold: number };
      put(`stock/${tenant}/${DRILL_SKU}`, levelOf({ available: stock.available - 1, sold: stock.sold + 1 }));
      this.#charges.push({
        seq: this.#charges.length + 1,
        key: order,
        orderId: order,
        amountCents: 1,
        status: 'captured',
      });
    }
    return { status: 201, body: { order, status: 'CONFIRMED' } };
  }

  #ledger(message: IncomingMessage): Reply {
    const after = Number(new URL(message.url ?? '/', 'http://x').searchParams.get('after') ?? 0);
    return {
      status: 200,
      body: { entries: this.#charges.slice(after, after + 100), next: Math.min(after + 100, this.#charges.length) },
    };
  }
}

function levelOf({ available, sold }: { available: number; sold: number }): Json {
  return { available, reserved: 0, sold, stocked: available + sold };
}

function cellOf(tenant: string): string {
  return (createHash('md5').update(tenant).digest()[0] ?? 0) % 2 === 0 ? 'c01' : 'c02';
}

function nothing(): Reply {
  return { status: 200, body: null };
}

function problem(status: number, code: string, effect = 'none'): Reply {
  return { status, body: { code, effect, title: code } };
}
