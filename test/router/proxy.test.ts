/** The Node host in front of real HTTP servers: what goes through, what comes back, and what happens when it can't. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { HOSTS, testOnNode } from './hosts.ts';
import { EAST, ownerOf, RouterUnderTest, tenantOn, WEST } from './router-under-test.ts';
import { streaming } from './scripted-cells.ts';

/** How a cell knows that the router asks it. */
const CREDENTIAL = {
  node: /^Holdfast-Internal internal$/,
  lambda:
    /^AWS4-HMAC-SHA256 Credential=AKIATEST\/\d{8}\/us-east-1\/lambda\/aws4_request, SignedHeaders=.*x-holdfast-tenant/,
};

describe.each(HOSTS)('on %s', (host) => {
  const onNode = testOnNode(host);
  let under: RouterUnderTest;
  const start = async (...handlers: Parameters<typeof RouterUnderTest.start>) => {
    under = await RouterUnderTest.start(handlers[0], host);
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
        headers: {
          'idempotency-key': 'k1',
          'content-type': 'application/json',
          'x-deadline-ms': '5000',
          cookie: 'a=b',
        },
      });
      expect(answer.status).toBe(200);
      const [seen] = under.seen;
      expect(seen).toMatchObject({ region: EAST, method: 'POST', url: '/orders?dry=1', body: '{"sku":"a"}' });
      expect(seen?.headers).toMatchObject({
        authorization: expect.stringMatching(CREDENTIAL[host]),
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

    // A function gets the whole request and gives the whole answer.
    onNode('streams both ways: the answer to the first piece arrives before the second is sent', async () => {
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

    // Lambda's front says it.
    onNode('says "continue" to a caller that waits for it, once the request was judged', async () => {
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

    // Connections are the front's.
    onNode('serves requests that a caller sends without waiting, in their order', async () => {
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
});
