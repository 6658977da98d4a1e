/** The router's function in front of scripted cells and a scripted bucket; everything ends with `closeAll`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPlacement, encodePlacement } from '../../core/cell-map.ts';
import { systemClock } from '../../core/clock.ts';
import { cellId, regionName } from '../../core/ids.ts';
import { encodeSnapshot } from '../../core/map-snapshot.ts';
import { systemRng } from '../../core/rng.ts';
import { validateTopology } from '../../core/topology.ts';
import { readKeySet } from '../../router/auth/key-set.ts';
import { makeFunctionParts } from '../../router/lambda/function-parts.ts';
import { routerFunction } from '../../router/lambda/router-function.ts';
import type { UrlResult } from '../../router/lambda/url-event.ts';
import { EAST, publicJwk, signToken, TOPOLOGY_INPUT, tenantOn, WEST } from './router-under-test.ts';

const topology = validateTopology(TOPOLOGY_INPUT);
export const placement = buildPlacement(topology.cells);
export const token = await signToken({ tenant: tenantOn('c01', placement) });
const opened: { close(): unknown }[] = [];
let directory = '';

export async function closeAll(): Promise<void> {
  for (const one of opened.splice(0)) await one.close();
  await rm(directory, { recursive: true, force: true });
}

export async function serving(handler: RequestListener): Promise<string> {
  const server: Server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export interface Given {
  readonly east?: RequestListener;
  readonly west?: RequestListener;
  readonly bucket?: RequestListener;
  readonly keys?: { readonly url: string };
}

export const well: RequestListener = (_request, response) => {
  response.writeHead(200, { 'x-cell': 'c01', 'x-amzn-requestid': 'r' }).end('{}');
};

export async function started(given: Given = {}) {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-function-'));
  const [east, west] = [await serving(given.east ?? well), await serving(given.west ?? well)];
  const addresses = [EAST, WEST].flatMap((region) => {
    const url = region === EAST ? east : west;
    const urls = { cart: url, catalog: url, checkout: url };
    return ['c01', 'c02'].map((cell) => ({ cell: cellId(cell), region: regionName(region), urls, release: 'r7' }));
  });
  const map = { placement: encodePlacement(placement), ownership: [], addresses };
  const bucket: RequestListener = (request, response) => {
    if (request.headers['if-none-match'] === '"7"') response.writeHead(304).end();
    else response.writeHead(200, { etag: '"7"' }).end(encodeSnapshot({ ...map, version: 7, writtenAtMs: 0 }));
  };
  const settings = {
    ...{ region: regionName(EAST), topology, issuer: 'https://issuer.test' },
    snapshotUrl: `${await serving(given.bucket ?? bucket)}/map.json`,
    keys: given.keys ?? { given: readKeySet({ keys: [publicJwk] }) },
    ...{ bundledSnapshots: [], keptSnapshotPath: join(directory, 'map.json') },
    credentials: () => ({ accessKeyId: 'AKIATEST', secretAccessKey: 'secret', sessionToken: 'session' }),
  };
  const open = () => {
    const logged: string[] = [];
    const log = (line: string) => void logged.push(line);
    const parts = makeFunctionParts(settings, { clock: systemClock, rng: systemRng, log });
    opened.push(parts.caller);
    const handler = routerFunction(parts);
    const ask = async (more: object = {}) =>
      read((await handler(event(more), { awsRequestId: 'q', getRemainingTimeInMillis: () => 30_000 })) as UrlResult);
    return { parts, handler, ask, logged };
  };
  return { ...open(), reopen: open };
}

export function event(more: object = {}): object {
  const { method = 'GET', headers = {}, ...others } = more as { method?: string; headers?: object };
  return {
    version: '2.0',
    rawPath: '/carts/1',
    rawQueryString: '',
    headers: { authorization: `Bearer ${token}`, 'x-amzn-trace-id': 'Root=1', ...headers },
    requestContext: { http: { method, path: '/carts/1' } },
    isBase64Encoded: false,
    ...others,
  };
}

export function read(result: UrlResult) {
  const json = result.body.startsWith('{') ? (JSON.parse(result.body) as Record<string, unknown>) : {};
  return { ...result, json };
}

export const answering =
  (status: number, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(status, headers).end('{"Message":"of AWS"}');
