/** The front of a cell's host over real HTTP, with a handler of the test's in the place of a service. */
import { once } from 'node:events';
import { request, type Server } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../core/clock.ts';
import { BODY_BYTES_MAX } from '../../local/hosts/bounded-body.ts';
import { createCellServer, type Handler } from '../../local/hosts/cell-server.ts';

const SECRET = { authorization: 'Holdfast-Internal s3cret' };
let server: Server | null = null;
let rung = 0;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(handler: Handler): Promise<string> {
  rung = 0;
  server = createCellServer({
    name: 'c01@r1',
    internalSecret: 's3cret',
    services: new Map([['carts', { name: 'cart', handler }]]),
    status: async () => ({ standing: 'active' }),
    ring: () => {
      rung += 1;
    },
    clock: systemClock,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

const never: Handler = () => Promise.reject(new Error('the handler must not be called'));

describe('the cell server', () => {
  it('calls the service of the path, without the secret', async () => {
    const url = await serve(async (event, context) => ({
      statusCode: 200,
      body: JSON.stringify({
        path: event.rawPath,
        authorization: event.headers.authorization ?? null,
        name: context.functionName,
      }),
    }));
    const answer = await fetch(`${url}/carts/a?b=c`, { headers: SECRET });
    expect(await answer.json()).toEqual({ path: '/carts/a', authorization: null, name: 'c01@r1-cart' });
  });

  it('refuses who does not know the secret', async () => {
    const url = await serve(never);
    const answer = await fetch(`${url}/carts/a`, { headers: { authorization: 'Holdfast-Internal guess!' } });
    expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'UNAUTHENTICATED', effect: 'none' }]);
  });

  it('names the paths it has when it is asked for another', async () => {
    const url = await serve(never);
    const answer = await fetch(`${url}/cart`, { headers: SECRET });
    expect([answer.status, await answer.json()]).toMatchObject([404, { detail: expect.stringContaining('/carts…') }]);
  });

  it('answers status and the doorbell itself', async () => {
    const url = await serve(never);
    expect(await (await fetch(`${url}/_holdfast/status`, { headers: SECRET })).json()).toEqual({ standing: 'active' });
    expect((await fetch(`${url}/_holdfast/doorbell`, { method: 'POST', headers: SECRET })).status).toBe(202);
    expect(rung).toBe(1);
  });

  it('refuses a body by its declared length before it is sent', async () => {
    const url = await serve(never);
    const asked = request(`${url}/carts`, {
      method: 'POST',
      headers: { ...SECRET, 'content-length': BODY_BYTES_MAX + 1 },
    });
    asked.on('error', () => undefined);
    asked.flushHeaders();
    const [response] = await once(asked, 'response');
    expect(response.statusCode).toBe(413);
  });

  it('refuses a body of undeclared length while it reads', async () => {
    const url = await serve(never);
    const asked = request(`${url}/carts`, { method: 'POST', headers: { ...SECRET, 'transfer-encoding': 'chunked' } });
    asked.on('error', () => undefined);
    const block = Buffer.alloc(1024 * 1024);
    for (let sent = 0; sent <= BODY_BYTES_MAX; sent += block.length) asked.write(block);
    const [response] = await once(asked, 'response');
    expect(response.statusCode).toBe(413);
  });

  it('keeps what broke inside to itself', async () => {
    const url = await serve(() => Promise.reject(new Error('table key 42 is broken')));
    const error = console.error;
    console.error = () => undefined;
    const answer = await fetch(`${url}/carts/a`, { headers: SECRET });
    console.error = error;
    const text = await answer.text();
    expect(answer.status).toBe(500);
    expect(text).not.toContain('42');
  });
});
