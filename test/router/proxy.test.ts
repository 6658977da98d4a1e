/** The Node host in front of real HTTP servers: what goes through, what comes back, and what happens when it can't. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { IN_FLIGHT_PER_LINK_MAX } from '../../router/core/limits.ts';
import {
  EAST,
  echo,
  notActive,
  ownerOf,
  RouterUnderTest,
  signToken,
  streaming,
  tenantOn,
  WEST,
} from './router-under-test.ts';

let under: RouterUnderTest;
const start = async (...handlers: Parameters<typeof RouterUnderTest.start>) => {
  under = await RouterUnderTest.start(...handlers);
  return under;
};
afterEach(() => under.close());

describe('forwarding', () => {
  it('passes method, path and body on, with the tenant, the cell, the remaining deadline and its own credential', async () => {
    await start();
    const answer = await under.ask({
      method: 'POST',
      path: '/orders?dry=1',
      body: '{"sku":"a"}',
      headers: { 'idempotency-key': 'k1', 'content-type': 'application/json', 'x-deadline-ms': '5000', cookie: 'a=b' },
    });
    expect(answer.status).toBe(200);
    const [seen] = under.seen;
    expect(seen).toMatchObject({ region: EAST, method: 'POST', url: '/orders?dry=1', body: '{"sku":"a"}' });
    expect(seen?.headers).toMatchObject({
      authorization: 'Holdfast-Internal internal',
      'x-holdfast-tenant': tenantOn('c01', under.placement),
      'x-holdfast-cell': 'c01',
      'idempotency-key': 'k1',
      'content-length': '11',
    });
    expect(Number(seen?.headers['x-deadline-ms'])).toBeLessThanOrEqual(5000);
    expect(seen?.headers.cookie).toBeUndefined();
  });

  it('drops what only the router may say', async () => {
    await start();
    await under.ask({ headers: { 'x-holdfast-tenant': 'victim', 'x-holdfast-cell': 'c02', 'x-holdfast-new': '1' } });
    expect(under.seen[0]?.headers).toMatchObject({ 'x-holdfast-tenant': tenantOn('c01', under.placement) });
    expect(under.seen[0]?.headers['x-holdfast-new']).toBeUndefined();
  });

  it('says which cell, region and epoch answered, and how old its map is', async () => {
    await start();
    const { headers } = await under.ask();
    expect(headers).toMatchObject({ 'x-cell': 'c01', 'x-region': EAST, 'x-cell-epoch': '1', 'x-map-version': '1' });
    expect(Number(headers['x-map-age-ms'])).toBeGreaterThanOrEqual(0);
  });

  it('streams both ways: the answer to the first piece arrives before the second is sent', async () => {
    await start({ [EAST]: streaming((request, response) => request.pipe(response.writeHead(200))) });
    const client = httpRequest({
      ...under.origin,
      method: 'POST',
      headers: { authorization: `Bearer ${under.token}`, 'transfer-encoding': 'chunked' },
    });
    client.write('first');
    const [answer] = (await once(client, 'response')) as [IncomingMessage];
    expect(String((await once(answer, 'data'))[0])).toBe('first');
    client.write('second');
    expect(String((await once(answer, 'data'))[0])).toBe('second');
    client.end();
    await once(answer, 'end');
  });

  it('passes large bodies both ways unharmed', async () => {
    await start({ [EAST]: streaming((request, response) => request.pipe(response.writeHead(200))) });
    const body = 'holdfast'.repeat(200_000);
    expect((await under.ask({ method: 'PUT', body })).text).toBe(body);
    expect(
      (await under.ask({ method: 'PUT', body: Readable.from([body.slice(0, 90_000), body.slice(90_000)]) })).text,
    ).toBe(body);
  });

  it('says "continue" to a caller that waits for it, once the request was judged', async () => {
    await start();
    const raw = await under.raw(
      `POST /carts HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${under.token}\r\nexpect: 100-continue\r\n` +
        'content-length: 2\r\nconnection: close\r\n\r\n{}',
    );
    expect(raw).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /);
    expect(under.seen[0]?.body).toBe('{}');
    const refused = await under.raw(
      'POST /carts HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\nconnection: close\r\n\r\n',
    );
    expect(refused).toMatch(/^HTTP\/1.1 401 /);
  });

  it('serves requests that a caller sends without waiting, in their order', async () => {
    await start({ [EAST]: (request, response) => response.end(request.url) });
    const one = (path: string, more = '') =>
      `GET ${path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${under.token}\r\n${more}\r\n`;
    const raw = await under.raw(one('/first') + one('/second') + one('/third', 'connection: close\r\n'));
    expect(raw.match(/\/(first|second|third)/g)).toEqual(['/first', '/second', '/third']);
  });

  it('passes answers without a body on', async () => {
    await start({ [EAST]: (_request, response) => response.writeHead(204, { 'x-cell': 'c01' }).end() });
    expect(await under.ask({ method: 'DELETE' })).toMatchObject({ status: 204, text: '' });
    expect(await under.ask({ method: 'HEAD' })).toMatchObject({ status: 204, text: '' });
  });

  it('keeps nothing of what the hop itself said', async () => {
    await start({
      [EAST]: (_request, response) => {
        response
          .writeHead(200, { 'x-holdfast-owner': WEST, 'proxy-authenticate': 'x', 'x-map-version': '99' })
          .end('ok');
      },
    });
    const { headers } = await under.ask();
    expect(headers['x-holdfast-owner']).toBeUndefined();
    expect(headers['proxy-authenticate']).toBeUndefined();
    expect(headers['x-map-version']).toBe('1');
  });
});

describe('a cell that is not active', () => {
  it('is believed once: the request goes to the owner, and so does the next one directly', async () => {
    await start({ [EAST]: notActive({ owner: WEST, epoch: 5 }) });
    const answer = await under.ask({ method: 'POST', body: '{"sku":"a"}' });
    expect(answer.headers['x-region']).toBe(WEST);
    await under.ask();
    expect(under.seen.map(({ region, body }) => [region, body])).toEqual([
      [EAST, '{"sku":"a"}'],
      [WEST, '{"sku":"a"}'],
      [WEST, ''],
    ]);
  });

  it('is asked no second time when both regions refuse: the caller gets the 421', async () => {
    await start({ [EAST]: notActive({ owner: WEST, epoch: 5 }), [WEST]: notActive({ owner: EAST, epoch: 6 }) });
    expect((await under.ask({ method: 'POST' })).status).toBe(421);
    expect(under.seen.map(({ region }) => region)).toEqual([EAST, WEST]);
  });

  it("passes its 421 on when it knows no owner, or names a region that is not the cell's", async () => {
    await start({ [EAST]: notActive({}) });
    expect((await under.ask()).json).toMatchObject({ code: 'NOT_ACTIVE' });
    under.on(EAST, notActive({ owner: 'eu-west-1', epoch: 9 }));
    expect((await under.ask()).status).toBe(421);
    expect(under.seen.map(({ region }) => region)).toEqual([EAST, EAST]);
  });

  it('gets a body that was too large to keep only once', async () => {
    await start({ [EAST]: notActive({ owner: WEST, epoch: 5 }) });
    expect((await under.ask({ method: 'POST', body: 'x'.repeat(100_000) })).status).toBe(421);
    expect(under.seen.map(({ region }) => region)).toEqual([EAST]);
  });

  it('gets a small streamed body replayed at the owner', async () => {
    await start({ [EAST]: notActive({ owner: WEST, epoch: 5 }) });
    const answer = await under.ask({ method: 'POST', body: Readable.from(['one ', 'two']) });
    expect(answer.status).toBe(200);
    expect(under.seen.map(({ region, body }) => [region, body])).toEqual([
      [EAST, 'one two'],
      [WEST, 'one two'],
    ]);
  });
});

describe('a cell that is gone', () => {
  it('refuses connections: the other region is asked, for writes too, since nothing was sent', async () => {
    await start();
    await under.goDark(EAST);
    const answer = await under.ask({ method: 'POST', body: '{}' });
    expect(answer.json).toEqual({ region: WEST });
  });

  it('refuses connections in both regions: 503, with no effect', async () => {
    await start();
    await under.goDark(EAST);
    await under.goDark(WEST);
    const answer = await under.ask({ method: 'POST', body: '{}' });
    expect(answer.status).toBe(503);
    expect(answer.json).toMatchObject({ code: 'CELL_UNREACHABLE', effect: 'none' });
  });

  it('resets after a write was sent: the outcome is unknown and nothing is sent again', async () => {
    await start({ [EAST]: (request) => request.socket.destroy() });
    const answer = await under.ask({ method: 'POST', body: '{}', headers: { 'idempotency-key': 'k' } });
    expect(answer.status).toBe(503);
    expect(answer.json).toMatchObject({ code: 'OUTCOME_UNKNOWN', effect: 'unknown' });
    expect(under.seen).toHaveLength(1);
  });

  it('resets after a read was sent: the other region is asked', async () => {
    await start({ [EAST]: (request) => request.socket.destroy() });
    expect((await under.ask()).json).toEqual({ region: WEST });
  });

  it('breaks off in the middle of an answer: so does the router', async () => {
    await start({
      [EAST]: (request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half', () => request.socket.destroy());
      },
    });
    await expect(under.ask()).rejects.toThrow();
  });
});

describe('a cell that is slow', () => {
  const never = () => undefined;

  it('ends with 504 at the deadline; a write may have been done, a read was not', async () => {
    await start({ [EAST]: never });
    const headers = { 'x-deadline-ms': '400' };
    const write = await under.ask({ method: 'POST', body: '{}', headers });
    expect([write.status, write.json.code, write.json.effect]).toEqual([504, 'DEADLINE_EXCEEDED', 'unknown']);
    expect((await under.ask({ headers })).json).toMatchObject({ code: 'DEADLINE_EXCEEDED', effect: 'none' });
  });

  it('hears of it when the caller goes away', async () => {
    let cancelled: (value: unknown) => void = never;
    const cancellation = new Promise((resolve) => {
      cancelled = resolve;
    });
    const abort = new AbortController();
    await start({
      [EAST]: (request) => {
        request.socket.once('close', cancelled);
        abort.abort();
      },
    });
    const asked = fetch(`${under.url}/carts/1`, {
      headers: { authorization: `Bearer ${under.token}` },
      signal: abort.signal,
    });
    await expect(asked).rejects.toThrow();
    await cancellation;
  });

  it('fills its own bulkhead only', async () => {
    const waiting: (() => void)[] = [];
    let full: (value: unknown) => void = never;
    const filled = new Promise((resolve) => {
      full = resolve;
    });
    await start({
      [EAST]: (request, response) => {
        if (request.headers['x-holdfast-cell'] === 'c02') return echo(EAST)(request, response);
        waiting.push(() => echo(EAST)(request, response));
        if (waiting.length === IN_FLIGHT_PER_LINK_MAX) full(null);
      },
    });
    const asked = Array.from({ length: IN_FLIGHT_PER_LINK_MAX }, () => under.ask());
    await filled;
    const refused = await under.ask();
    expect(refused.json).toMatchObject({ code: 'OVERLOADED', effect: 'none' });
    expect(refused.headers['retry-after']).toBe('1');
    const neighbour = await signToken({ tenant: tenantOn('c02', under.placement) });
    expect((await under.ask({ token: neighbour })).status).toBe(200);
    for (const release of waiting) release();
    expect((await Promise.all(asked)).every(({ status }) => status === 200)).toBe(true);
  });
});

describe('the map', () => {
  it('serves on without control, and after a restart from its last known good map', async () => {
    await start();
    under.ownership = [ownerOf('c01', WEST, 7)];
    while ((await under.ask()).headers['x-region'] !== WEST);
    await under.stopControl();
    expect((await under.ask()).headers['x-region']).toBe(WEST);
    await under.stopRouter();
    await under.startRouter();
    expect((await under.ask()).headers['x-region']).toBe(WEST);
    const status = await under.ask({ path: '/_holdfast/status', token: null });
    expect(status.json).toMatchObject({ map: { version: 1, source: 'disk' }, ownership: [ownerOf('c01', WEST, 7)] });
    expect(status.json.links).toContainEqual(
      expect.objectContaining({ cell: 'c01', region: WEST, inFlight: 0, answered: 1 }),
    );
  });

  it('explains where a tenant goes, without a token', async () => {
    await start();
    const tenant = tenantOn('c02', under.placement);
    const { json } = await under.ask({ path: `/_holdfast/explain?tenant=${tenant}`, token: null });
    expect(json).toMatchObject({ tenant, cell: 'c02', by: 'bucket', region: EAST, epoch: null, regionBy: 'home' });
    const bad = await under.ask({ path: '/_holdfast/explain?tenant=%00', token: null });
    expect([bad.status, bad.json.code]).toEqual([400, 'INVALID_INPUT']);
    expect((await under.ask({ path: '/_holdfast/health', token: null })).json).toMatchObject({ serves: true });
    expect((await under.ask({ path: '/_holdfast/else', token: null })).status).toBe(404);
  });
});
