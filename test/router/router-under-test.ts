/** A real router on a free port, in front of cells and a map source that a test scripts. Everything ends with `close`. */

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { Agent, type Dispatcher } from 'undici';
import {
  buildPlacement,
  cellOf,
  type EncodedOwner,
  type EncodedPlacement,
  encodePlacement,
  type Placement,
} from '../../core/cell-map.ts';
import { cellId, regionName, tenantId } from '../../core/ids.ts';
import { encodeSnapshot } from '../../core/map-snapshot.ts';
import { validateTopology } from '../../core/topology.ts';
import { readKeySet } from '../../router/auth/key-set.ts';
import { readSettings } from '../../router/node/environment.ts';
import { startRouter } from '../../router/node/router-process.ts';
import type { Host } from './hosts.ts';
import { startLambdaRouter } from './lambda-front.ts';
import { type CellHandler, echo, type Streaming } from './scripted-cells.ts';

export const EAST = 'us-east-1';
export const WEST = 'us-west-2';
const ISSUER = 'https://issuer.test';

interface Running {
  readonly port: number;
  close(): Promise<void>;
}

export const TOPOLOGY_INPUT = {
  regions: [EAST, WEST],
  arbiter: { replicas: [EAST, WEST], witness: 'us-east-2' },
  cells: [
    { id: 'c01', home: EAST, standby: WEST },
    { id: 'c02', home: EAST, standby: WEST },
  ],
  waves: [['c01'], ['c02']],
  lease: { ttlMs: 3_000, renewEveryMs: 500 },
  peerLoss: 'continue',
};

export interface SeenRequest {
  readonly region: string;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON: problem documents and what the scripted cells answer. */
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Dispatcher.DispatchOptions['body'];
  readonly token?: string | null;
}

const keys = await generateKeyPair('EdDSA', { extractable: true });
export const signingKey = keys.privateKey;
export const publicJwk = { ...(await exportJWK(keys.publicKey)), kid: 'test', alg: 'EdDSA' };

export function signToken(
  claims: { tenant?: unknown; issuer?: string; audience?: string; expires?: string | number } = {},
  key: CryptoKey = signingKey,
): Promise<string> {
  return new SignJWT({ tenant: claims.tenant ?? 'acme' })
    .setProtectedHeader({ alg: 'EdDSA', kid: 'test' })
    .setIssuer(claims.issuer ?? ISSUER)
    .setAudience(claims.audience ?? 'holdfast')
    .setExpirationTime(claims.expires ?? '1h')
    .sign(key);
}

/** A tenant that the placement gives to the cell. */
export function tenantOn(cell: string, placement: Placement): string {
  for (let n = 0; n < 1_000; n++) {
    if (cellOf(placement, tenantId(`tenant-${n}`)) === cell) return `tenant-${n}`;
  }
  throw new Error(`no tenant on ${cell}`);
}

export class RouterUnderTest {
  /** Published with the map; a later one may take its place. */
  placement = buildPlacement(
    validateTopology(TOPOLOGY_INPUT).cells.map(({ id, weight, intake }) => ({ id, weight, intake })),
  );
  readonly seen: SeenRequest[] = [];
  ownership: EncodedOwner[] = [];
  router: Running = notStarted();
  readonly host: Host;
  token = '';
  #handlers = new Map<string, CellHandler | Streaming>();
  #servers: Server[] = [];
  #urls: readonly string[] = [];
  #map: Server = createServer();
  #directory = '';
  #startHost: (wait: { firstMapWaitMs?: number }) => Promise<Running> = notStarted();
  #snapshots = 0;
  #agent = new Agent({ keepAliveTimeout: 1 });

  constructor(host: Host) {
    this.host = host;
  }

  static async start(
    handlers: Readonly<Record<string, CellHandler | Streaming>> = {},
    host: Host = 'node',
  ): Promise<RouterUnderTest> {
    const under = new RouterUnderTest(host);
    for (const [region, handler] of Object.entries(handlers)) under.#handlers.set(region, handler);
    under.token = await signToken({ tenant: tenantOn('c01', under.placement) });
    await under.#start();
    return under;
  }

  get url(): string {
    return `http://127.0.0.1:${this.router.port}`;
  }

  get origin(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.router.port };
  }

  /** What the cells in a region do from now on. */
  on(region: string, handler: CellHandler | Streaming): void {
    this.#handlers.set(region, handler);
  }

  async ask(options: Ask = {}): Promise<Answer> {
    const token = options.token === undefined ? this.token : options.token;
    const answer = await this.#agent.request({
      origin: this.url,
      path: options.path ?? '/carts/1',
      method: (options.method ?? 'GET') as Dispatcher.HttpMethod,
      headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...options.headers },
      body: options.body ?? null,
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: answer.headers, text, json: parsed(text) };
  }

  /** Refuses connections to a region's cells from now on. */
  async goDark(region: string): Promise<void> {
    const server = this.#servers[region === EAST ? 0 : 1] as Server;
    await closed(server);
  }

  async stopControl(): Promise<void> {
    await closed(this.#map);
  }

  async stopRouter(): Promise<void> {
    await this.router.close();
  }

  async startRouter(): Promise<void> {
    this.router = await this.#startHost({ firstMapWaitMs: 0 });
  }

  /** Sends bytes as they are and returns all that comes back until the router closes the connection. */
  raw(bytes: string, then: 'wait' | 'half-close' = 'wait'): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.origin, () =>
        then === 'wait' ? socket.write(bytes, 'latin1') : socket.end(bytes, 'latin1'),
      );
      let received = '';
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
      });
      socket.on('close', () => resolve(received));
      socket.on('error', reject);
    });
  }

  async close(): Promise<void> {
    await this.router.close();
    await Promise.all([...this.#servers, this.#map].map(closed));
    await this.#agent.destroy();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), 'holdfast-router-'));
    this.#map = await listening((_request, response) => {
      response.setHeader('content-type', 'application/json');
      const map = { placement: encodePlacement(this.placement), ownership: this.ownership };
      response.end(this.host === 'node' ? JSON.stringify(map) : this.#snapshot(map));
    });
    for (const region of [EAST, WEST]) this.#servers.push(await listening(this.#cell(region)));
    this.#urls = this.#servers.map(urlOf);
    this.#startHost = this.host === 'node' ? this.#nodeHost() : this.#lambdaHost();
    this.router = await this.#startHost({});
  }

  #nodeHost() {
    const [east, west] = this.#urls;
    const settings = readSettings({
      HOLDFAST_REGION: EAST,
      HOLDFAST_MAP_URL: urlOf(this.#map),
      HOLDFAST_CELL_URLS: JSON.stringify({ c01: { [EAST]: east, [WEST]: west }, c02: { [EAST]: east, [WEST]: west } }),
      HOLDFAST_JWKS: JSON.stringify({ keys: [publicJwk] }),
      HOLDFAST_ISSUER: ISSUER,
      HOLDFAST_INTERNAL_SECRET: 'internal',
      HOLDFAST_LKG_PATH: join(this.#directory, 'map.json'),
      HOLDFAST_TOPOLOGY: JSON.stringify(TOPOLOGY_INPUT),
    });
    return (wait: { firstMapWaitMs?: number }) => startRouter(settings, wait);
  }

  #lambdaHost() {
    const settings = {
      ...{ region: regionName(EAST), topology: validateTopology(TOPOLOGY_INPUT), issuer: ISSUER },
      ...{ snapshotUrl: `${urlOf(this.#map)}/map.json`, keys: { given: readKeySet({ keys: [publicJwk] }) } },
      ...{ bundledSnapshots: [], keptSnapshotPath: join(this.#directory, 'map.json') },
      credentials: () => ({ accessKeyId: 'AKIATEST', secretAccessKey: 'secret', sessionToken: 'session' }),
    };
    return (wait: { firstMapWaitMs?: number }) => startLambdaRouter(settings, wait);
  }

  #snapshot(map: { placement: EncodedPlacement; ownership: readonly EncodedOwner[] }): string {
    const addresses = [EAST, WEST].flatMap((region, at) => {
      const url = this.#urls[at] as string;
      const urls = { cart: url, catalog: url, checkout: url };
      return ['c01', 'c02'].map((cell) => ({ cell: cellId(cell), region: regionName(region), urls, release: 'r1' }));
    });
    return encodeSnapshot({ ...map, version: ++this.#snapshots, writtenAtMs: 0, addresses });
  }

  #cell(region: string): CellHandler {
    return (request, response) => {
      const handler = this.#handlers.get(region) ?? echo(region);
      if ('handle' in handler) {
        handler.handle(request, response);
        return;
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        this.seen.push({ region, method, url, headers, body: Buffer.concat(chunks).toString() });
        handler(request, response);
      });
    };
  }
}

export function ownerOf(cell: string, region: string, epoch: number): EncodedOwner {
  return { cell, region, epoch };
}

/** Stands until `start` has filled the field in. */
function notStarted<T>(): T {
  return undefined as T;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text);
  } catch {
    // Not every answer is JSON; the test that looks at `json` will say so.
    return {};
  }
}

function listening(handler: CellHandler): Promise<Server> {
  const server = createServer(handler);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
