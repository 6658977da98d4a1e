/**
 * What a drill does to a deployed platform, against stand-ins for Lambda and DynamoDB: every fault is put back, whoever stopped
 * it; every request is signed; tables are only read; and nothing begins without consent.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type AwsGateway, openAwsGateway, type Upstream } from '../../cli/aws/aws-gateway.ts';
import { awsPlatform, functionsOf } from '../../cli/aws/aws-platform.ts';
import { StoppedCompute } from '../../cli/aws/stopped-compute.ts';
import { regionFunctions } from '../../control/aws/region-functions.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';
import { isNeverSent, outcomeOfAnswer } from '../../drills/workload/outcome.ts';

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const topology = defaultTopology({ cells: 1 });
const seen: Seen[] = [];
/** Function → reserved concurrency. */
const reserved = new Map<string, number>();
let failing = '';
let server: Server;
let origin = '';
let dir = '';

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method = '', url: path = '', headers } = request;
    seen.push({ method, path, headers, body });
    const name = /functions\/([^/]+)\/concurrency/.exec(path)?.[1];
    const json = (status: number, value: unknown) =>
      response
        .writeHead(status, { 'content-type': 'application/json', 'x-upstream': 'yes' })
        .end(JSON.stringify(value));
    if (name === undefined) return json(200, { path });
    if (name === failing && method !== 'GET') return json(400, { message: 'not now' });
    if (method === 'PUT') reserved.set(name, JSON.parse(body).ReservedConcurrentExecutions);
    if (method === 'DELETE') reserved.delete(name);
    json(method === 'DELETE' ? 204 : 200, { ReservedConcurrentExecutions: reserved.get(name) });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-aws-drill-'));
  seen.length = 0;
  reserved.clear();
  for (const service of ['cart', 'catalog', 'checkout']) reserved.set(`holdfast-c01-${service}`, 10);
  failing = '';
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' };
const path = () => join(dir, 'aws-stopped.json');
const compute = () =>
  new StoppedCompute({
    functions: (region) => regionFunctions({ region, url: origin }),
    path: path(),
  });
const host = functionsOf(topology, 'c01@us-east-1');

describe('compute that is stopped', () => {
  it('runs nothing, of all functions of the host, and is again what it was: reserved, or not', async () => {
    const before = new Map(reserved);
    await compute().stop(host);
    expect([...reserved.values()]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(seen.filter(({ method }) => method === 'PUT').map((call) => [call.path, call.body])).toContainEqual([
      '/2017-10-31/functions/holdfast-c01-keeper/concurrency',
      '{"ReservedConcurrentExecutions":0}',
    ]);
    expect(await compute().areStopped(host)).toBe(true);
    await compute().restoreAll();
    expect(reserved).toEqual(before);
    expect(existsSync(path())).toBe(false);
  });

  it('keeps what it was on disk before anything is changed, so that another process puts it back', async () => {
    failing = 'holdfast-c01-relay';
    await expect(compute().stop(host)).rejects.toThrow();
    expect(await compute().left()).toContainEqual({ name: 'holdfast-c01-cart', region: 'us-east-1', before: 10 });
    expect(await compute().left()).toHaveLength(6);
  });

  it('remembers the first state when it is stopped twice', async () => {
    await compute().stop(host);
    await compute().stop(host);
    await compute().restoreAll();
    expect(reserved.get('holdfast-c01-cart')).toBe(10);
  });

  it('puts back all it can, says what is left and where, and goes on from there', async () => {
    await compute().stop(host);
    failing = 'holdfast-c01-cart';
    await expect(compute().restoreAll()).rejects.toThrow(/1 functions are still stopped[\s\S]*drill heal --target aws/);
    expect(await compute().left()).toEqual([{ name: 'holdfast-c01-cart', region: 'us-east-1', before: 10 }]);
    expect(reserved.get('holdfast-c01-checkout')).toBe(10);
    failing = '';
    expect(await compute().restoreAll()).toHaveLength(1);
    expect([reserved.get('holdfast-c01-cart'), existsSync(path())]).toEqual([10, false]);
  });
});

describe('the platform that a drill sees', () => {
  const open = (isTurnedAway: () => Promise<boolean>) =>
    awsPlatform({
      ...{ topology, routers: {}, payments: '', stopped: compute(), isTurnedAway },
      urlOf: (name) => `http://gateway/${name}`,
    });
  const stateOf = async (platform: ReturnType<typeof open>) =>
    (await platform.view()).processes.find(({ name }) => name === 'c01@us-east-1');

  it('shows a host as gone only once a request was turned away', async () => {
    let turnedAway = false;
    const platform = open(async () => turnedAway);
    await platform.act('c01@us-east-1', 'crash');
    expect(await stateOf(platform)).toMatchObject({ state: 'ready' });
    turnedAway = true;
    expect(await stateOf(platform)).toMatchObject({ state: 'crashed', url: null });
    await platform.act('c01@us-east-1', 'start');
    expect(await stateOf(platform)).toMatchObject({ state: 'ready', url: 'http://gateway/c01@us-east-1' });
  });

  it.each(['c01@us-east-1.store', 'arbiter', 'payments'])(
    'refuses to hurt %s, which nobody can there',
    async (name) => {
      await expect(open(async () => true).act(name, 'crash')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
      expect(seen).toEqual([]);
    },
  );
});

describe('the gateway of a drill', () => {
  let gateway: AwsGateway;
  beforeEach(async () => {
    const targets = new Map<string, Upstream>([
      [
        'c01@us-east-1',
        { service: 'lambda', region: 'us-east-1', urlOf: (at) => (at.startsWith('/carts') ? `${origin}${at}` : null) },
      ],
      ['c01@us-east-1.store', { service: 'dynamodb', region: 'us-east-1', urlOf: () => `${origin}/` }],
    ]);
    gateway = await openAwsGateway({ targets, credentials: async () => credentials });
  });
  afterEach(() => gateway.close());
  const at = (name: string) => gateway.urlOf(encodeURIComponent(name));

  it('signs what goes to a cell as the operator, and passes on what it says of the tenant', async () => {
    const headers = { authorization: 'Holdfast-Internal none', 'x-holdfast-tenant': 'acme', 'idempotency-key': 'k' };
    const answer = await fetch(`${at('c01@us-east-1')}/carts/one?a=1`, {
      method: 'PUT',
      headers,
      body: '{"sku":"mug"}',
    });
    expect([answer.status, answer.headers.get('x-upstream'), await answer.json()]).toEqual([
      ...[200, 'yes', { path: '/carts/one?a=1' }],
    ]);
    const [call] = seen;
    expect(call).toMatchObject({ method: 'PUT', body: '{"sku":"mug"}' });
    expect(call?.headers).toMatchObject({ 'x-holdfast-tenant': 'acme', 'idempotency-key': 'k' });
    expect(call?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d+\/us-east-1\/lambda\/aws4_request/,
    );
    expect(call?.headers['x-amz-security-token']).toBe('token');
  });

  it('lets tables be read and never written', async () => {
    const ask = (operation: string) =>
      fetch(at('c01@us-east-1.store'), {
        ...{ method: 'POST', body: '{}' },
        headers: { 'x-amz-target': `DynamoDB_20120810.${operation}`, 'content-type': 'application/x-amz-json-1.0' },
      });
    expect([(await ask('Scan')).status, (await ask('Query')).status]).toEqual([200, 200]);
    expect([(await ask('PutItem')).status, (await ask('DeleteTable')).status]).toEqual([403, 403]);
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([
      ...[expect.stringContaining('/us-east-1/dynamodb/'), expect.stringContaining('/us-east-1/dynamodb/')],
    ]);
  });

  it('leads nowhere else', async () => {
    expect((await fetch(`${at('c01@us-east-1')}/admin`)).status).toBe(404);
    expect((await fetch(`${at('c09@us-east-1')}/carts`)).status).toBe(404);
    expect(seen).toEqual([]);
  });
});

describe('a call that Lambda turns away itself', () => {
  const answer = {
    status: 429,
    body: { message: 'Rate Exceeded.' },
    headers: { 'x-amzn-errortype': 'TooManyRequestsException' },
  };
  it('reached nobody, so another entry may be tried; a refusal of our own is no such thing', () => {
    expect(isNeverSent(outcomeOfAnswer(answer))).toBe(true);
    const ours = { status: 429, body: { code: 'OVERLOADED', effect: 'none' }, headers: {} };
    expect(isNeverSent(outcomeOfAnswer(ours))).toBe(false);
  });
});
