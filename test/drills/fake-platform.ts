/**
 * A platform in one process, as small as a drill lets it be: routers, cell hosts, stores and a payment provider, each an HTTP
 * server that can be killed, stopped and continued, with ownership, epochs and synchronous replication. It can be told to
 * be wrong in the ways that the checkers exist for.
 * Long because it plays every part of a platform; processes, stores and network stand apart.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { request } from 'undici';
import { systemClock } from '../../core/clock.ts';
import type { Json } from '../../core/json.ts';
import type { AutomationPort, AutomationSetting } from '../../drills/ports/automation-port.ts';
import type { FailoverPort } from '../../drills/ports/failover-port.ts';
import type { PlatformPort, ProcessSight } from '../../drills/ports/platform-port.ts';
import { DRILL_SKU } from '../../drills/workload/shopper.ts';
import type { FakeFlaws } from './fake-flaws.ts';
import { FakeLadder } from './fake-ladder.ts';
import { FakeNetwork } from './fake-network.ts';
import { FakeProcess } from './fake-process.ts';
import { problem, type Reply } from './fake-reply.ts';
import { FakeRollout } from './fake-rollout.ts';
import { FakeStore, levelOf } from './fake-store.ts';
import { EAST, WEST } from './sample-history.ts';

const LEASE_TTL_MS = 200;
/** So that a test need not write as many commits as a drill wants to see in a journal. */
const COUNTED_AS = 100;
const REGIONS = [EAST, WEST];
/** Of a cell's answer, by its router. */
const PASSED = ['x-cell', 'x-region', 'x-cell-epoch', 'x-release', 'x-degraded', 'x-staleness-ms', 'retry-after'];
const CELLS = [
  { id: 'c01', home: EAST, standby: WEST },
  { id: 'c02', home: WEST, standby: EAST },
];

export class FakePlatform {
  readonly processes = new Map<string, FakeProcess>();
  readonly rollout: FakeRollout;
  readonly #ladder: FakeLadder;
  readonly #flaws: FakeFlaws;
  readonly #owners = new Map(CELLS.map((cell) => [cell.id, { region: cell.home, epoch: 1 }]));
  readonly #stores = new Map<string, FakeStore>();
  readonly #charges: Json[] = [];
  readonly #network: FakeNetwork;
  readonly #leaseTtlMs: number;
  #looks = 0;
  #leftToPerson: boolean;

  constructor(flaws: FakeFlaws = {}) {
    this.#flaws = flaws;
    this.#ladder = new FakeLadder(flaws);
    const [port, ladder] = [this.port, this.#ladder];
    this.rollout = new FakeRollout({ flaws, port, ladder, move: (cell, region) => this.#move(cell, region) });
    this.#leftToPerson = flaws.leavesToPerson ?? false;
    this.#leaseTtlMs = flaws.leaseTtlMs ?? LEASE_TTL_MS;
    const cells = CELLS.map(({ id }) => id);
    this.#network = new FakeNetwork({ regions: REGIONS, cells, leaseTtlMs: this.#leaseTtlMs });
  }

  async start(): Promise<void> {
    for (const region of REGIONS) {
      for (const { id: cell } of CELLS) {
        const store = new FakeStore();
        this.#stores.set(`${cell}@${region}`, store);
        await this.#add({ name: `${cell}@${region}.store`, kind: 'store', cell, region }, (message, body) =>
          String(message.headers['x-amz-target']).endsWith('.Query')
            ? { status: 200, body: { Count: this.#journalCount(`${cell}@${region}`, body) } }
            : store.scan(),
        );
        await this.#add({ name: `${cell}@${region}`, kind: 'cell', cell, region }, (message, body) =>
          this.#serve({ cell, region, message, body }),
        );
      }
      await this.#add({ name: `router@${region}`, kind: 'router', region }, (message, body) =>
        this.#route(region, { message, body }),
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
          waves: CELLS.map(({ id }) => [id]),
          lease: { ttlMs: this.#leaseTtlMs },
          automation: { cellsMovedMax: 2, windowMs: 60_000, cooldownMs: 600_000 },
        },
        routers: Object.fromEntries(REGIONS.map((region) => [region, this.#url(`router@${region}`)])),
        processes: [...this.processes.values()].map(({ sight }) => ({ ...sight, ...this.rollout.releaseOf(sight) })),
        links: this.#network.sights,
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
        if (!this.#flaws.faultsDoNothing) this.#network.setFault(name, fault);
      },
      heal: async (name) => this.#network.setFault(name, null),
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
      discardLeft: async () => {
        if (!this.#leftToPerson) return [];
        this.#leftToPerson = false;
        return ['stock/acme/mug@1.1'];
      },
      run: async ({ cell, kind, to }) => {
        if (kind === 'failback' && this.#objections().length > 0)
          return { outcome: 'refused', steps: [], decision: null };
        const arbiterUp = this.#up('arbiter');
        if (!arbiterUp && !this.#flaws.movesWithoutArbiter) throw new Error('the arbiter does not answer');
        const from = this.#owners.get(cell)?.region;
        // An owner that can't be asked keeps what it has until its lease is out.
        if (!this.#network.passes(`${cell}@${from}`, 'arbiter')) await systemClock.sleep(1.1 * this.#leaseTtlMs);
        const epoch = this.#move(cell, to);
        return { outcome: 'done', steps: [{ name: 'take', startMs: 0, endMs: 1 }], decision: { epoch } };
      },
    };
  }

  #move(cell: string, region: string): number {
    const epoch = (this.#owners.get(cell)?.epoch ?? 0) + 1;
    this.#owners.set(cell, { region, epoch });
    return epoch;
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
    if (this.#leftToPerson) return ['1 quarantined commits wait to be settled'];
    return objectionsAtFirst > 0 && this.#looks <= objectionsAtFirst ? ['the copy is behind'] : [];
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

  #up(name: string): boolean {
    return this.processes.get(name)?.sight.state === 'ready';
  }

  async #route(at: string, { message, body }: { message: IncomingMessage; body: Json }): Promise<Reply> {
    if (this.#flaws.neverServes) return problem(503, 'NO_CELL_MAP');
    const tenant = String(message.headers.authorization).replace('Bearer ', '');
    const cell = cellOf(tenant);
    const owner = this.#owners.get(cell);
    if (!this.#network.passes(`router@${at}`, `${cell}@${owner?.region}`)) return problem(503, 'CELL_UNREACHABLE');
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
      // As a router does that learns of a move.
      if (statusCode === 421 && this.#owners.get(cell) !== owner) {
        await answer.dump();
        return this.#route(at, { message, body });
      }
      const passed = PASSED.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]]));
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
    const release = this.rollout.releaseOf({ name: `${cell}@${region}`, kind: 'cell' }).release?.name ?? '';
    const headers = { 'x-cell': cell, 'x-region': region, 'x-cell-epoch': String(epoch), 'x-release': release };
    const [, kind, name = '', , sku = ''] = String(message.url).split('/');
    if (kind === '_holdfast') return this.#status({ cell, region });
    const mode = this.#ladder.answer({ ...of, isOwner: owner?.region === region });
    if (mode !== null) return { ...mode, headers: { ...headers, ...mode.headers } };
    const refusal = this.#refusal({ ...of, kind: kind ?? '' });
    if (refusal !== null) return { ...refusal, headers };
    if (this.rollout.fails(release)) return { ...problem(500, 'INTERNAL', 'unknown'), headers };
    const reply = this.#product({ ...of, kind: kind ?? '', name, sku, epoch });
    return { ...reply, headers };
  }

  #status({ cell, region }: { cell: string; region: string }): Reply {
    const state = this.#owners.get(cell)?.region === region || this.#flaws.noFence ? 'active' : 'standby';
    return { status: 200, body: { standing: { state }, counters: {}, replication: { lagMs: 0 } } };
  }

  /** `null`: the host serves it. */
  #refusal(of: { cell: string; region: string; kind: string; message: IncomingMessage }): Reply | null {
    const { cell, region, kind, message } = of;
    const host = `${cell}@${region}`;
    if (this.#flaws.noFence && this.#owners.get(cell)?.region !== region) return null;
    if (!this.#up(`${host}.store`)) return problem(503, 'STORE_UNAVAILABLE', 'unknown');
    if (kind === 'carts') return null;
    if (this.#owners.get(cell)?.region !== region) return problem(421, 'NOT_ACTIVE');
    const held = this.#network.holdsLease(host, this.#up('arbiter'));
    if (!held && !this.#flaws.noLease) return problem(503, 'LEASE_NOT_HELD');
    const other = REGIONS.find((one) => one !== region);
    const peer = this.#network.peer(host, `${cell}@${other}.store`);
    return peer === 'suspect' && message.method !== 'GET' ? problem(503, 'UNREPLICATED_REFUSED') : null;
  }

  #journalCount(host: string, body: Json): number {
    return JSON.stringify(body).includes('JOURNAL#0') ? this.#network.waitingIn(host) * COUNTED_AS : 0;
  }

  /** In this region's store now, and in the peer's as soon as it can be reached. */
  #change(of: { cell: string; region: string; epoch: number }, change: (store: FakeStore | undefined) => void): void {
    const { cell, region, epoch } = of;
    const from = `${cell}@${region}`;
    change(this.#stores.get(from));
    if (this.#flaws.losesWrites) return;
    for (const other of REGIONS.filter((one) => one !== region)) {
      const [to, peer] = [`${cell}@${other}.store`, this.#stores.get(`${cell}@${other}`)];
      const isStale = () => epoch > 0 && epoch < (this.#owners.get(cell)?.epoch ?? 0);
      const deliver = () => {
        if (!isStale() && !this.#flaws.dropsBacklog) change(peer);
      };
      if (this.#network.passes(from, to)) change(peer);
      else this.#network.later({ from, to, deliver });
    }
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
    const put = (aggregate: string, data: Json) =>
      this.#change({ cell, region, epoch }, (store) => store?.put(aggregate, { epoch, data }));
    if (kind === 'stock') {
      const key = `stock/${tenant}/${name}`;
      const { sold = 0 } = (own?.get(key) ?? {}) as { sold?: number };
      if (message.method === 'PUT') put(key, levelOf({ available: (body as { available: number }).available, sold }));
      const level = own?.get(key) ?? null;
      return level === null ? problem(404, 'NOT_FOUND') : { status: 200, body: level };
    }
    if (kind === 'carts') {
      const key = `cart/${tenant}/${name}`;
      const { quantity = 0 } = (body ?? {}) as { quantity?: number };
      const merge = (store: FakeStore | undefined) => store?.putArticle(key, { sku, quantity });
      if (message.method === 'PUT') this.#change({ cell, region, epoch: 0 }, merge);
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

function cellOf(tenant: string): string {
  return (createHash('md5').update(tenant).digest()[0] ?? 0) % 2 === 0 ? 'c01' : 'c02';
}

function nothing(): Reply {
  return { status: 200, body: null };
}
