/**
 * The handlers that Lambda and the cell's host call, on a real cell: DynamoDB engines, fenced store, a payment provider in a
 * process of its own, and Function URL events.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { type RunningCell, startCellRuntime } from '../../cell/runtime.ts';
import { ARBITER_TABLE, cellTableName } from '../../cell/store/table-layout.ts';
import { dynamoClient, ensureTable } from '../../cell/table/dynamo-client.ts';
import { systemClock } from '../../core/clock.ts';
import { startEngineChild } from '../../local/engine/engine-child.ts';
import { machineProbes } from '../../local/engine/machine-probes.ts';
import { resolveEngine } from '../../local/engine/resolve-engine.ts';
import { processLog } from '../../local/supervisor/process-logs.ts';

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
type Handler = (event: unknown, context: unknown) => Promise<Answer>;

const directory = mkdtempSync(join(tmpdir(), 'holdfast-handlers-'));
const engines: Awaited<ReturnType<typeof startEngineChild>>[] = [];
let payments: ChildProcess;
let paymentsUrl: string;
let cell: RunningCell;
let cart: Handler;
let checkout: Handler;

beforeAll(async () => {
  const [own, peer, arbiter] = await Promise.all([engine('own'), engine('peer'), engine('arbiter')]);
  await table(peer, cellTableName('c01'));
  await table(arbiter, ARBITER_TABLE);
  paymentsUrl = await startPayments();
  cell = await startCellRuntime({
    HOLDFAST_CELL: 'c01',
    HOLDFAST_REGION: 'us-east-1',
    HOLDFAST_PEER: 'us-west-2',
    HOLDFAST_HOME: 'us-east-1',
    HOLDFAST_STORE_URL: own,
    HOLDFAST_PEER_STORE_URL: peer,
    HOLDFAST_ARBITER_URL: arbiter,
    HOLDFAST_LEASE_TTL_MS: '3000',
    HOLDFAST_FENCE_SHARDS: '4',
    HOLDFAST_PEER_LOSS: 'continue',
    PAYMENTS_URL: paymentsUrl,
  });
  // The handlers are what the bundles export; they find the runtime of this process.
  cart = (await import('../../services/cart/main.ts')).handler as unknown as Handler;
  checkout = (await import('../../services/checkout/main.ts')).handler as unknown as Handler;
  for (let tries = 0; tries < 200 && cell.runtime.standing().state !== 'active'; tries++) await systemClock.sleep(50);
});

afterAll(async () => {
  await cell?.stop();
  payments?.kill('SIGKILL');
  for (const child of engines) child.kill('SIGKILL');
  await Promise.all(engines.map((child) => child.exited));
  rmSync(directory, { recursive: true, force: true });
});

async function engine(name: string): Promise<string> {
  const found = resolveEngine(machineProbes(process.cwd()));
  if (found.kind === 'endpoint') throw new Error('This test starts its own engines; unset DYNAMODB_ENDPOINT.');
  const dir = mkdtempSync(join(directory, name));
  const child = await startEngineChild({ name, engine: found, dir, log: processLog(dir, name), clock: systemClock });
  engines.push(child);
  return `http://127.0.0.1:${await child.ready}`;
}

function table(url: string, name: string): Promise<void> {
  return ensureTable({ client: dynamoClient({ region: 'us-east-1', url }), name, clock: systemClock });
}

async function startPayments(): Promise<string> {
  const outfile = join(directory, 'payments.mjs');
  await build({ entryPoints: ['services/payments/main.ts'], bundle: true, platform: 'node', format: 'esm', outfile });
  payments = fork(outfile, { env: { PORT: '0', HOLDFAST_DATA: directory }, stdio: 'ignore' });
  const [{ port }] = (await once(payments, 'message')) as [{ port: number }];
  return `http://127.0.0.1:${port}`;
}

async function call(handler: Handler, line: string, options: { body?: unknown; key?: string } = {}) {
  const [method = 'GET', rawPath = '/'] = line.split(' ');
  const body = options.body === undefined ? undefined : JSON.stringify(options.body);
  const event = {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: '',
    headers: {
      host: 'c01.local',
      'content-type': 'application/json',
      'x-holdfast-tenant': 'acme',
      'x-holdfast-cell': 'c01',
      ...(options.key === undefined ? {} : { 'idempotency-key': options.key }),
    },
    requestContext: {
      domainName: 'c01.local',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
    },
    // Function URLs send bodies of unknown types in base64; a handler must take both.
    body: body === undefined ? null : Buffer.from(body).toString('base64'),
    isBase64Encoded: body !== undefined,
  };
  const answer = await handler(event, {});
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: JSON.parse(answer.body) as Record<string, unknown>,
  };
}

describe('the handlers on a real cell', () => {
  it('carry a purchase from the cart to the ledger of the provider', async () => {
    await call(cart, 'PUT /carts/c1/items/anchor-mug', { body: { quantity: 2 } });
    const bought = await buyUntilDecided('c1');
    expect([bought.status, bought.body.status]).toEqual([201, 'CONFIRMED']);
    expect(bought.headers).toMatchObject({ 'x-cell': 'c01', 'x-region': 'us-east-1', 'x-cell-epoch': '1' });
    expect(bought.headers).not.toHaveProperty('x-degraded');
    expect(await settledStock('anchor-mug')).toMatchObject({ available: 498, reserved: 0, sold: 2 });
    const ledger = await ledgerAfter(0);
    expect(ledger.entries[0]).toMatchObject({ key: bought.body.order, amountCents: 2_900, status: 'captured' });
    expect(ledger.entries.filter(({ status }) => status === 'captured')).toHaveLength(1);
  });

  it('keep the stock conserved under purchases at once, and charge each confirmed one exactly once', async () => {
    const { next } = await ledgerAfter(0);
    await call(checkout, 'PUT /stock/rare', { body: { available: 5, priceCents: 700 } });
    const carts = Array.from({ length: 12 }, (_, n) => `many-${n}`);
    for (const name of carts) {
      expect((await call(cart, `PUT /carts/${name}/items/rare`, { body: { quantity: 1 } })).status).toBe(200);
    }
    const settled = await Promise.all(carts.map(buyUntilDecided));
    const confirmed = settled.filter(({ status }) => status === 201).map(({ body }) => body.order);
    expect(confirmed).toHaveLength(5);
    const stock = await settledStock('rare');
    expect(stock).toMatchObject({ available: 0, reserved: 0, sold: 5, stocked: 5 });
    const { entries } = await ledgerAfter(next);
    const keysOf = (wanted: string) => entries.filter(({ status }) => status === wanted).map(({ key }) => key);
    const voided = new Set(keysOf('voided'));
    const standing = keysOf('captured').filter((key) => !voided.has(key));
    expect(standing.sort()).toEqual([...confirmed].sort());
  });

  it('answer a malformed event body with a problem', async () => {
    const refused = await call(checkout, 'POST /checkout', { body: { cart: 7 }, key: 'k9' });
    expect([refused.status, refused.body.code]).toEqual([400, 'INVALID_INPUT']);
    expect(refused.headers['content-type']).toBe('application/problem+json');
  });
});

interface Ledger {
  readonly entries: readonly { readonly key: string; readonly status: string }[];
  readonly next: number;
}

async function ledgerAfter(seq: number): Promise<Ledger> {
  return (await (await fetch(`${paymentsUrl}/charges?after=${seq}`)).json()) as Ledger;
}

/** An answer does not wait long for the sale of what it reserved; the outbox sees to the rest within seconds. */
async function settledStock(sku: string): Promise<Record<string, unknown>> {
  for (let tries = 0; ; tries++) {
    const { body } = await call(checkout, `GET /stock/${sku}`);
    if (body.reserved === 0 || tries === 300) return body;
    await systemClock.sleep(50);
  }
}

/** What a client does: the same key again until the order is decided, whatever a busy machine answers in between. */
async function buyUntilDecided(name: string) {
  const answers: unknown[] = [];
  for (let tries = 0; tries < 100; tries++) {
    const answer = await call(checkout, 'POST /checkout', { body: { cart: name }, key: name });
    if (answer.status === 201 || (answer.body.order !== undefined && answer.status === 409)) return answer;
    answers.push([answer.status, answer.body.code]);
    await systemClock.sleep(100);
  }
  throw new Error(`The order of cart ${name} was not decided: ${JSON.stringify(answers)}`);
}
