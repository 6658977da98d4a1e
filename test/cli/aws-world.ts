/**
 * A cell on AWS, as far as a machine without an account can have one: an engine for each region's table and one for the
 * arbiter, the cell's own runtime in both regions, and a stand-in for Lambda's API that calls it and keeps what it was asked.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDocumentsErrand, tellDocuments } from '../../cell/functions/documents-errand.ts';
import { OnDemandCell } from '../../cell/on-demand-cell.ts';
import { answerSettle, settleOrderOf } from '../../cell/reconcile/settle-order.ts';
import { composeCell, type RunningCell } from '../../cell/runtime.ts';
import { ARBITER_TABLE, cellTableName } from '../../cell/store/table-layout.ts';
import { dynamoClient, ensureTable } from '../../cell/table/dynamo-client.ts';
import { DynamoTable } from '../../cell/table/dynamo-table.ts';
import type { CellParts } from '../../cell/wire-cell.ts';
import type { AwsEndpoint } from '../../cli/aws/aws-reach.ts';
import { type AwsSite, type AwsSiteOptions, openAwsSite } from '../../cli/aws/aws-site.ts';
import { FIS_DRILL_NAMES } from '../../cli/aws/fis-drills.ts';
import type { Machine } from '../../cli/failover-operator.ts';
import { cellId, type RegionName, regionName } from '../../core/ids.ts';
import { systemRng } from '../../core/rng.ts';
import type { Topology } from '../../core/topology.ts';
import { defaultTopology, fenceShards } from '../../core/topology-sizing.ts';
import { startEngineChild } from '../../local/engine/engine-child.ts';
import { machineProbes } from '../../local/engine/machine-probes.ts';
import { resolveEngine } from '../../local/engine/resolve-engine.ts';
import { processLog } from '../../local/supervisor/process-logs.ts';
import { FakeFis } from '../aws/fake-fis.ts';
import { slowClock } from '../doubles/slow-clock.ts';

/** Everything here is processes on one machine, which may be busy. */
export const CLOCK = slowClock(10);
export const CELL = cellId('c01');
export const EAST = regionName('us-east-1');
export const WEST = regionName('us-west-2');

export interface LambdaCall {
  readonly region: string;
  readonly method: string;
  readonly path: string;
  readonly invocationType: string | undefined;
  readonly body: unknown;
}

export interface LambdaReply {
  readonly status: number;
  readonly body?: unknown;
  /** Sets `x-amz-function-error`. */
  readonly functionError?: string;
}

const noDesk: AwsSiteOptions['desk'] = async () => {
  throw new Error('nothing is synthesised in this world');
};

interface Engine {
  readonly url: string;
  stop(): Promise<void>;
}

export class AwsWorld {
  readonly topology: Topology = defaultTopology({ cells: 1 });
  readonly calls: LambdaCall[] = [];
  /** In the place of what the functions would do; `null`: nothing is special. */
  reply: ((call: LambdaCall) => LambdaReply | null) | null = null;
  readonly cells = new Map<string, RunningCell>();
  /** As a service's function has it: only for what operators ask functions. */
  readonly #functions = new Map<string, OnDemandCell>();
  readonly fis = new FakeFis(FIS_DRILL_NAMES);
  #fisUrl = '';
  readonly #engines = new Map<string, Engine>();
  readonly #lambdas = new Map<string, Server>();
  readonly #leaseTtlMs: number;
  /** The operator's; logs and data of the engines lie there, too. */
  readonly stateDir = mkdtempSync(join(tmpdir(), 'holdfast-aws-'));

  /** A short lease needs a machine that is not busy; only who waits one out should ask for it. */
  constructor({ leaseTtlMs = 300_000 } = {}) {
    this.#leaseTtlMs = leaseTtlMs;
  }

  async start(): Promise<this> {
    for (const name of ['arbiter', EAST, WEST]) this.#engines.set(name, await this.#engine(name));
    for (const region of [EAST, WEST]) this.#lambdas.set(region, await this.#lambda(region));
    this.#fisUrl = await this.fis.start();
    await this.table('arbiter', ARBITER_TABLE);
    for (const region of [EAST, WEST]) await this.startCell(region);
    return this;
  }

  async stop(): Promise<void> {
    for (const cell of this.cells.values()) await cell.stop();
    for (const server of this.#lambdas.values()) {
      server.closeAllConnections();
      server.close();
    }
    for (const engine of this.#engines.values()) await engine.stop();
    await this.fis.stop();
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  /** Default: nothing can be synthesised, and the clock is as slow as the cells'. */
  site({ desk = noDesk, clock = CLOCK }: Partial<Pick<AwsSiteOptions, 'desk'> & Machine> = {}): Promise<AwsSite> {
    const machine = { clock, rng: systemRng };
    const endpointOf = (of: AwsEndpoint) => this.endpointOf(of);
    return openAwsSite({ topology: this.topology, stateDir: this.stateDir, machine, desk, endpointOf });
  }

  endpointOf(of: AwsEndpoint): string {
    if (of.service === 'dynamodb')
      return this.#engines.get(of.table === ARBITER_TABLE ? 'arbiter' : of.region)?.url ?? 'http://127.0.0.1:1';
    if (of.service === 'fis') return this.#fisUrl;
    const address = this.#lambdas.get(of.region)?.address() as AddressInfo;
    return `http://127.0.0.1:${address.port}`;
  }

  async startCell(region: RegionName): Promise<void> {
    this.cells.set(region, composeCell(await this.#parts(region)));
    this.#functions.set(region, new OnDemandCell({ ...(await this.#parts(region)), documents: null }));
  }

  async #parts(region: RegionName): Promise<CellParts> {
    const peer = region === EAST ? WEST : EAST;
    const config = {
      ...{ cell: CELL, region, peer, home: EAST, renewEveryMs: 50 },
      ...{ leaseTtlMs: this.#leaseTtlMs, peerLoss: 'continue' as const },
      fenceShards: fenceShards({ writesPerSecondMax: 100 }),
      reconcile: 'manual',
    } as const;
    const [own, theirs, arbiter] = await Promise.all([
      this.table(region, cellTableName(CELL)),
      this.table(peer, cellTableName(CELL)),
      this.table('arbiter', ARBITER_TABLE),
    ]);
    return { config, tables: { own, peer: theirs, arbiter }, clock: CLOCK, rng: systemRng, env: {} };
  }

  async table(engine: string, name: string): Promise<DynamoTable> {
    const client = dynamoClient({ region: EAST, url: this.#engines.get(engine)?.url ?? '' });
    await ensureTable({ client, name, clock: CLOCK });
    return new DynamoTable({ client, name, clock: CLOCK });
  }

  /** As a region that is gone with its store. */
  async loseStore(region: RegionName): Promise<void> {
    await this.#engines.get(region)?.stop();
  }

  async #engine(name: string): Promise<Engine> {
    const engine = resolveEngine(machineProbes(process.cwd()), 'dynoxide');
    if (engine.kind === 'endpoint') throw new Error('an engine of a kind was asked for');
    const dir = join(this.stateDir, name);
    const log = processLog(this.stateDir, name);
    const child = await startEngineChild({ name, engine, dir, log, clock: CLOCK });
    const url = `http://127.0.0.1:${await child.ready}`;
    const stop = async () => {
      child.kill('SIGKILL');
      await child.exited;
    };
    return { url, stop };
  }

  async #lambda(region: RegionName): Promise<Server> {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString('utf8');
      const call: LambdaCall = {
        ...{ region, method: request.method ?? '', path: decodeURIComponent(request.url ?? '') },
        invocationType: request.headers['x-amz-invocation-type'] as string | undefined,
        body: text === '' ? null : JSON.parse(text),
      };
      this.calls.push(call);
      const { status, body, functionError } = this.reply?.(call) ?? (await this.#act(call));
      if (functionError) response.setHeader('x-amz-function-error', functionError);
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(body === undefined ? '' : JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  async #act({ region, path, body }: LambdaCall): Promise<LambdaReply> {
    const cell = this.cells.get(region);
    if (!cell) return { status: 404, body: { message: 'Function not found' } };
    if (path.includes('-keeper:live/')) {
      cell.ring();
      return { status: 202 };
    }
    const ondemand = this.#functions.get(region);
    if (ondemand && isDocumentsErrand(body)) return { status: 200, body: await tellDocuments(ondemand) };
    const order = settleOrderOf(body);
    if (path.includes('-relay:live/') && order)
      return { status: 200, body: await answerSettle(cell.quarantine, order) };
    return { status: 404, body: { message: `nothing stands at ${path}` } };
  }
}
