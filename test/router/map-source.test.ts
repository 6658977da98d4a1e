/** Asking for the map over real HTTP: etags, time, size and nonsense. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { PLACEMENT_BYTES_MAX } from '../../core/cell-map.ts';
import { httpKeySource, httpMapSource } from '../../router/node/http-source.ts';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function serving(handler: RequestListener): Promise<string> {
  server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const source = (url: string) => httpMapSource({ url, credential: 'Holdfast-Internal s' });
const { signal } = new AbortController();

describe('httpMapSource', () => {
  it('brings the document with its etag, then asks with it and hears that nothing changed', async () => {
    const url = await serving((request, response) => {
      const known = request.headers['if-none-match'] === '"1"';
      response.writeHead(known ? 304 : 200, { etag: '"1"' }).end(known ? '' : JSON.stringify({ path: request.url }));
    });
    const ask = source(url);
    expect(await ask(null, signal)).toEqual({ kind: 'document', document: { path: '/map' }, etag: '"1"' });
    expect(await ask('"1"', signal)).toEqual({ kind: 'unchanged' });
  });

  it('gives up on silence, and on what never ends', async () => {
    const silent = await serving(() => undefined);
    await expect(source(silent)(null, signal)).rejects.toThrow('no answer within 500 ms');
  });

  it('refuses what is larger than any map, what is no JSON, and what is no success', async () => {
    const answers: RequestListener[] = [
      (_request, response) => response.end('x'.repeat(PLACEMENT_BYTES_MAX * 5)),
      (_request, response) => response.end('{'),
      (_request, response) => response.writeHead(500).end('{}'),
    ];
    const ask = source(await serving((request, response) => answers.shift()?.(request, response)));
    for (let left = 3; left > 0; left--) await expect(ask(null, signal)).rejects.toThrow();
  });

  it('ends with the router', async () => {
    const stop = new AbortController();
    const url = await serving(() => stop.abort(new Error('closing')));
    await expect(source(url)(null, stop.signal)).rejects.toThrow();
  });
});

describe('httpKeySource', () => {
  it('brings what the issuer publishes', async () => {
    const url = await serving((request, response) => response.end(JSON.stringify({ keys: [request.url] })));
    expect(await httpKeySource(`${url}/jwks.json?v=1`)(signal)).toEqual({ keys: ['/jwks.json?v=1'] });
  });
});
