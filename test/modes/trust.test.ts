/**
 * Trust boundaries at every level, through real routers of both kinds in front of a real shop: nobody without a valid token is told
 * anything, and a mode never changes that. The path is the caller's: router, then cell.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPair } from 'jose';
import { LEVELS, promised } from '../../core/modes/ladder.ts';
import { OPERATIONS, type Operation } from '../../core/modes/operations.ts';
import { HOSTS } from '../router/hosts.ts';
import { EAST, RouterUnderTest, signToken, tenantOn, WEST } from '../router/router-under-test.ts';
import type { CellHandler } from '../router/scripted-cells.ts';
import { atLevel, ModeWorld, requestFor } from './mode-world.ts';

describe.each(HOSTS)('behind the %s router', (host) => {
  let under: RouterUnderTest;
  let world: ModeWorld;
  let asked = 0;
  const refused: Record<string, string | null> = {};

  beforeAll(async () => {
    under = await RouterUnderTest.start({}, host);
    const shop: CellHandler = (request, response) => {
      asked += 1;
      void answered(world, { request, body: under.seen.at(-1)?.body ?? '' }).then(({ status, headers, text }) => {
        response.writeHead(status, headers);
        response.end(text);
      });
    };
    under.on(EAST, shop);
    under.on(WEST, shop);
    const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    const tenant = tenantOn('c01', under.placement);
    Object.assign(refused, {
      'no token': null,
      'a forged token': await signToken({ tenant }, privateKey),
      'a token that has expired': await signToken({ tenant, expires: 1_000 }),
      'a token for somebody else': await signToken({ tenant, audience: 'another-platform' }),
      'a token of another issuer': await signToken({ tenant, issuer: 'https://elsewhere.test' }),
      'no token at all, only words': 'trust-me',
    });
  });

  afterAll(() => under.close());

  async function call(operation: Operation, token: string | null | undefined, key: string) {
    const { line, options } = requestFor(operation, { key, order: world.order });
    const [method = '', path = ''] = line.split(' ');
    const body = options.body === undefined ? null : JSON.stringify(options.body);
    const typed: Record<string, string> = body === null ? {} : { 'content-type': 'application/json' };
    const given = token === undefined ? {} : { token };
    return under.ask({ method, path, body, headers: { ...options.headers, ...typed }, ...given });
  }

  it.each(LEVELS)('lets nobody in at level %d without a valid token, on any route', async (level) => {
    world = await openFor(under);
    world.set(atLevel(level));
    asked = 0;
    for (const operation of OPERATIONS) {
      for (const [what, token] of Object.entries(refused)) {
        const { status, json, headers } = await call(operation, token, 'k');
        expect([what, status, json.code]).toEqual([what, 401, 'UNAUTHENTICATED']);
        expect(headers['x-degraded']).toBeUndefined();
      }
    }
    expect(asked).toBe(0);
  });

  it.each(LEVELS)('does with a valid one at level %d what the ladder says', async (level) => {
    world = await openFor(under);
    world.set(atLevel(level));
    for (const operation of OPERATIONS) {
      const grant = promised(level, operation.name);
      const { status, json, headers } = await call(operation, undefined, `k-${operation.name}`);
      const what = [operation.name, grant.kind === 'refused' ? 'refused' : 'answered'];
      if (grant.kind === 'refused') expect([...what, status, json.code]).toEqual([...what, 503, 'DEGRADED']);
      else expect([...what, Math.floor(status / 100)]).toEqual([...what, 2]);
      expect(headers['x-degraded']).toBe(grant.kind === 'full' ? undefined : `level-${level}`);
      expect(headers['retry-after'] !== undefined).toBe(grant.kind === 'refused');
      expect(headers['x-holdfast-switched-off']).toBeUndefined();
    }
  });

  it('counts what a mode refuses neither for nor against the region, so that nobody moves the cell for it', async () => {
    const before = await tallies();
    world = await openFor(under);
    world.set(atLevel(0));
    for (const operation of OPERATIONS) await call(operation, undefined, 'k');
    const after = await tallies();
    expect(after.switchedOff - before.switchedOff).toBe(OPERATIONS.length);
    expect([after.answered, after.declined]).toEqual([before.answered, before.declined]);
  });

  async function tallies(): Promise<{ answered: number; declined: number; switchedOff: number }> {
    const { json } = await under.ask({ path: '/_holdfast/status', token: null });
    const sum = (name: string) =>
      (json.links as Record<string, number>[]).reduce((total, link) => total + (link[name] ?? 0), 0);
    return { answered: sum('answered'), declined: sum('declined'), switchedOff: sum('switchedOff') };
  }
});

/** With an order and a cart of the tenant whose token the router is sent. */
async function openFor(under: RouterUnderTest): Promise<ModeWorld> {
  const tenant = tenantOn('c01', under.placement);
  const opened = new ModeWorld();
  const headers = { 'x-holdfast-tenant': tenant };
  await opened.ask('putCartItem', { headers });
  opened.order = String((await opened.ask('checkout', { key: 'first', headers })).body.order);
  await opened.ask('putCartItem', { headers });
  return opened;
}

async function answered(
  world: ModeWorld,
  { request, body }: { readonly request: Parameters<CellHandler>[0]; readonly body: string },
) {
  const { method = 'GET', url = '/', headers } = request;
  const operation = OPERATIONS.find((each) => url.split(/[/?]/)[1] === each.path.split('/')[1]);
  const app = world.apps[operation?.service ?? 'cart'];
  const pairs = Object.entries(headers).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  const response = await app.request(url, { method, headers: pairs, ...(body === '' ? {} : { body }) });
  return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
}
