/**
 * The functions as Lambda loads and calls them: the bundles that are deployed, which read their environment, events in Lambda's own
 * shapes, DynamoDB engines behind them, nothing running in between. One purchase, its replication, and a failover to the other region.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stop } from 'esbuild';
import { LeaseArbiter } from '../../cell/lease/lease-arbiter.ts';
import { raiseFence } from '../../cell/store/raise-fence.ts';
import { ARBITER_TABLE, cellTableName, journalPk } from '../../cell/store/table-layout.ts';
import { dynamoClient, ensureTable } from '../../cell/table/dynamo-client.ts';
import { DynamoTable } from '../../cell/table/dynamo-table.ts';
import { systemClock } from '../../core/clock.ts';
import { cellId, epoch, regionName } from '../../core/ids.ts';
import { releasedTo } from '../../core/lease.ts';
import { seededRng } from '../../core/rng.ts';
import { buildFunctions } from '../../infra/bundle-functions.ts';
import { type FunctionName, functionSpec, type TableRole } from '../../infra/functions.ts';
import { startEngineChild } from '../../local/engine/engine-child.ts';
import { machineProbes } from '../../local/engine/machine-probes.ts';
import { resolveEngine } from '../../local/engine/resolve-engine.ts';
import { readBoundedBody } from '../../local/hosts/bounded-body.ts';
import { toFunctionUrlEvent, toHttpReply } from '../../local/hosts/function-url-event.ts';
import { processLog } from '../../local/supervisor/process-logs.ts';
import { AskedTables } from './asked-tables.ts';

type Handler = (event: unknown, context: unknown) => Promise<unknown>;
type Region = 'us-east-1' | 'us-west-2';

const EAST = 'us-east-1';
const WEST = 'us-west-2';
const CELL = cellId('c01');
const SHARDS = 4;
const PAYMENTS_TABLE = 'holdfast-payments';
const SCHEDULE = { version: '0', id: 'e1', 'detail-type': 'Scheduled Event', source: 'aws.events', detail: {} };
const context = { functionName: 'f', awsRequestId: 'r1', getRemainingTimeInMillis: () => 30_000 };
const bounds = () => ({ deadlineAtMs: systemClock.monotonicMs() + 10_000 });

const directory = mkdtempSync(join(tmpdir(), 'holdfast-lambda-'));
/** Inside the checkout, where the SDK is found as Lambda's runtime has it. */
mkdirSync('dist', { recursive: true });
const bundles = mkdtempSync(join(process.cwd(), 'dist', 'lambda-under-test-'));
const engines: Awaited<ReturnType<typeof startEngineChild>>[] = [];
const urls: Record<string, string> = {};
const functions = new Map<string, Handler>();
const before = { ...process.env };
const LOADED = ['cart', 'checkout', 'relay', 'keeper', 'replicator'] as const satisfies readonly FunctionName[];
let provider: Server;
let tables: AskedTables;

beforeAll(async () => {
  for (const [name, { code }] of await buildFunctions(process.cwd())) writeFileSync(join(bundles, `${name}.mjs`), code);
  for (const region of [EAST, WEST]) urls[region] = await engine(region);
  for (const [region, name] of [
    [EAST, cellTableName(CELL)],
    [WEST, cellTableName(CELL)],
    [EAST, ARBITER_TABLE],
    [EAST, PAYMENTS_TABLE],
  ] as const) {
    const client = dynamoClient({ region, url: urls[region] ?? '' });
    await ensureTable({ client, name, clock: systemClock });
  }
  tables = await AskedTables.open((region) => urls[region] ?? '');
  process.env.HOLDFAST_STORE_URL = tables.url('payments', { role: 'payments', region: EAST });
  const payments = await load('payments', EAST);
  provider = await serve(payments);
  for (const region of [EAST, WEST] as const) {
    for (const name of LOADED) {
      const { entry } = functionSpec(name);
      Object.assign(process.env, environment(name, region));
      functions.set(`${entry} ${region}`, await load(name, region));
    }
  }
}, 60_000);

afterAll(async () => {
  process.env = before;
  provider?.close();
  tables?.close();
  for (const child of engines) child.kill('SIGKILL');
  await Promise.all(engines.map((child) => child.exited));
  for (const made of [directory, bundles]) rmSync(made, { recursive: true, force: true });
  await stop();
});

async function engine(name: string): Promise<string> {
  const found = resolveEngine(machineProbes(process.cwd()));
  if (found.kind === 'endpoint') throw new Error('This test starts its own engines; unset DYNAMODB_ENDPOINT.');
  const dir = mkdtempSync(join(directory, name));
  const child = await startEngineChild({ name, engine: found, dir, log: processLog(dir, name), clock: systemClock });
  engines.push(child);
  return `http://127.0.0.1:${await child.ready}`;
}

function environment(name: FunctionName, region: Region): Record<string, string> {
  const peer = region === EAST ? WEST : EAST;
  const { port } = provider.address() as AddressInfo;
  const url = (service: string) => `https://${service}.${region}.test/`;
  return {
    AWS_LAMBDA_FUNCTION_NAME: 'holdfast-c01',
    AWS_REGION: region,
    HOLDFAST_CELL: 'c01',
    HOLDFAST_REGION: region,
    HOLDFAST_PEER: peer,
    HOLDFAST_HOME: EAST,
    HOLDFAST_STORE_URL: tables.url(name, { role: 'own', region }),
    HOLDFAST_PEER_STORE_URL: tables.url(name, { role: 'peer', region: peer }),
    HOLDFAST_ARBITER_URL: tables.url(name, { role: 'arbiter', region: EAST }),
    HOLDFAST_LEASE_TTL_MS: '300000',
    HOLDFAST_RENEW_EVERY_MS: '60000',
    HOLDFAST_FENCE_SHARDS: String(SHARDS),
    HOLDFAST_PEER_LOSS: 'continue',
    HOLDFAST_RELEASE: 'r1',
    HOLDFAST_KEEPERS: 'economy',
    HOLDFAST_SERVICE_URLS: JSON.stringify({ cart: url('cart'), catalog: url('catalog'), checkout: url('checkout') }),
    PAYMENTS_URL: `http://127.0.0.1:${port}`,
  };
}

/** The bundle that is deployed, as a module of its own for each region: each function has a process of its own. */
async function load(name: FunctionName, region: string): Promise<Handler> {
  const module = (await import(`${join(bundles, name)}.mjs?${region}`)) as { readonly handler: Handler };
  return module.handler;
}

async function serve(handler: Handler): Promise<Server> {
  const server = createServer(async (request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const body = await readBoundedBody(request);
    const event = toFunctionUrlEvent({ method, url, headers, body, sourceIp: '' }, { requestId: 'p', nowMs: 0 });
    const reply = toHttpReply(await handler(event, context));
    response.writeHead(reply.status, reply.headers).end(reply.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function call(path: string, region: Region, event: unknown) {
  return functions.get(`${path} ${region}`)?.(event, context) as Promise<Record<string, unknown>>;
}

async function send(service: 'cart' | 'checkout', region: Region, line: string, body?: unknown) {
  const [method = 'GET', url = '/'] = line.split(' ');
  const named = { 'x-holdfast-tenant': 'acme', 'x-holdfast-cell': 'c01', 'idempotency-key': line.replaceAll(' ', '-') };
  const headers = { 'content-type': 'application/json', ...named };
  const text = Buffer.from(body === undefined ? '' : JSON.stringify(body));
  const request = { method, url, headers, body: text, sourceIp: '127.0.0.1' };
  const event = toFunctionUrlEvent(request, { requestId: 'r1', nowMs: systemClock.wallMs() });
  const reply = toHttpReply(await call(`services/${service}/main.ts`, region, event));
  return { status: reply.status, headers: reply.headers, body: JSON.parse(reply.body.toString('utf8')) };
}

const tableOf = (region: Region, name: string) =>
  new DynamoTable({ client: dynamoClient({ region, url: urls[region] ?? '' }), name, clock: systemClock });

async function journal() {
  const table = tableOf(EAST, cellTableName(CELL));
  const pages = [0, 1, 2, 3].map((shard) => table.query(journalPk(shard), { ...bounds(), limit: 100 }));
  return (await Promise.all(pages)).flatMap(({ items }) => items);
}

/** As the stream of the table gives them: keys only. */
const streamEvent = (items: readonly { readonly pk: string; readonly sk: string }[]) => ({
  Records: items.map(({ pk, sk }, index) => ({
    eventID: `e${index}`,
    eventName: 'INSERT',
    eventSource: 'aws:dynamodb',
    dynamodb: { SequenceNumber: `${index}`, Keys: { pk: { S: pk }, sk: { S: sk } }, StreamViewType: 'KEYS_ONLY' },
  })),
});

describe('the functions of a cell', () => {
  it('grant the first lease to the home region and say where its services are', async () => {
    expect(await call('cell/functions/keeper.ts', WEST, SCHEDULE)).toMatchObject({ standing: { held: false } });
    const kept = await call('cell/functions/keeper.ts', EAST, SCHEDULE);
    expect(kept).toMatchObject({ standing: { held: true, epoch: 1 }, announced: true });
    const address = await tableOf(EAST, ARBITER_TABLE).get({ pk: 'ADDRESS#c01', sk: EAST }, bounds());
    expect(address).toMatchObject({ cart: 'https://cart.us-east-1.test/', release: 'r1' });
  });

  it('carry a purchase from the cart to the ledger of the provider, charged once', async () => {
    expect((await send('checkout', EAST, 'PUT /stock/mug', { available: 5, priceCents: 700 })).status).toBe(200);
    expect((await send('cart', EAST, 'PUT /carts/c1/items/mug', { quantity: 1 })).status).toBe(200);
    const bought = await send('checkout', EAST, 'POST /checkout', { cart: 'c1' });
    expect([bought.status, bought.body.status, bought.headers['x-cell-epoch']]).toEqual([201, 'CONFIRMED', '1']);
    const again = await send('checkout', EAST, 'POST /checkout', { cart: 'c1' });
    expect(again.body.order).toBe(bought.body.order);
    const { port } = provider.address() as AddressInfo;
    const { entries } = await (await fetch(`http://127.0.0.1:${port}/charges?after=0`)).json();
    expect(entries.map(({ key, status }: Record<string, string>) => [key, status])).toEqual([
      [bought.body.order, 'captured'],
    ]);
  });

  it('say which documents they run when an operator invokes them, and to nobody who sends a request', async () => {
    const told = await call('services/cart/main.ts', EAST, { holdfast: 'documents' });
    expect(told).toMatchObject({ documents: { limits: { version: 0, source: 'bundled', lastRefused: null } } });
    const sent = await send('cart', EAST, 'PUT /carts/c2/items/mug', { holdfast: 'documents' });
    expect([sent.status, sent.body.documents]).toEqual([400, undefined]);
  });

  it('ship what the stream tells of, and clear the journal', async () => {
    const left = await journal();
    expect(left.length).toBeGreaterThan(0);
    expect(await call('cell/functions/replicator.ts', EAST, streamEvent([...left, ...left].reverse()))).toEqual({
      batchItemFailures: [],
    });
    expect(await journal()).toEqual([]);
    expect(await call('cell/functions/replicator.ts', EAST, SCHEDULE)).toMatchObject({ failure: null, poisoned: 0 });
  });

  it('leave nothing for the relay of a day that went well', async () => {
    expect(await call('services/relay/main.ts', EAST, SCHEDULE)).toEqual({ waiting: 0, settled: 0, left: 0 });
  });

  it('move to the other region when the old store is fenced: the old one refuses, the new one has everything', async () => {
    const rng = seededRng(1);
    const to = { epoch: epoch(2), active: null };
    const store = tableOf(EAST, cellTableName(CELL));
    await raiseFence({ table: store, shards: SHARDS, to, clock: systemClock, rng }, bounds());
    const arbiter = new LeaseArbiter(tableOf(EAST, ARBITER_TABLE));
    const seen = await arbiter.read(CELL, bounds());
    if (seen?.state !== 'held') throw new Error('the lease is not held');
    const release = releasedTo(seen, { successor: regionName(WEST), proof: 'fenced' });
    expect((await arbiter.replaceFenced(seen, release, bounds())).outcome).toBe('done');
    // The operator's doorbell: any event that is no schedule.
    const kept = await call('cell/functions/keeper.ts', WEST, { source: 'operator' });
    expect(kept).toMatchObject({ standing: { held: true, epoch: 2 } });

    const refused = [
      await send('checkout', EAST, 'PUT /stock/mug', { available: 9, priceCents: 1 }),
      await send('checkout', EAST, 'GET /stock/mug'),
    ];
    expect(refused.map(({ status }) => status >= 400)).toEqual([true, true]);
    const stock = await send('checkout', WEST, 'GET /stock/mug');
    expect(stock).toMatchObject({ status: 200, body: { sold: 1, stocked: 5 }, headers: { 'x-cell-epoch': '2' } });
    const hinted = await send('checkout', EAST, 'GET /stock/mug');
    expect(hinted).toMatchObject({ status: 421, headers: { 'x-holdfast-owner': WEST } });
    expect((await send('cart', EAST, 'PUT /carts/c2/items/mug', { quantity: 1 })).status).toBe(200);
  });

  it('ask nothing of a table in all of this that their roles do not allow', () => {
    const asked = [...tables.asked].map((line) => line.split(' ') as [FunctionName, TableRole, string]);
    expect(new Set(asked.map(([name]) => name))).toEqual(new Set([...LOADED, 'payments']));
    const allowed = (name: FunctionName, role: TableRole): readonly string[] => functionSpec(name).tables[role] ?? [];
    expect(asked.filter(([name, role, action]) => !allowed(name, role).includes(action))).toEqual([]);
  });
});
