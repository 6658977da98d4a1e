/** Our own router as the platform runs it, token check on, with a map that names the bench's backend for every cell. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buildPlacement, encodePlacement } from '../../core/cell-map.ts';
import { type DevIssuer, openDevIssuer } from '../../local/issuer.ts';
import { findProject } from '../../local/project-root.ts';
import topology from '../../platform.config.ts';
import type { Scope } from '../scope.ts';
import type { Contender } from './contender.ts';
import { startProgram } from './node-contenders.ts';

/** Callers take turns, so that the router finds cells and tokens as it would in service. */
const TENANTS = 32;

export async function startHoldfast(
  scope: Scope,
  backendUrl: string,
): Promise<{ readonly contender: Contender; readonly tokens: readonly string[] }> {
  const { rootDir, version } = findProject();
  const issuer = await openDevIssuer(scope.dir);
  const region = topology.regions[0] ?? '';
  const running = await startProgram(scope, {
    name: `router@${region}`,
    script: join(rootDir, 'dist', 'router', 'node', 'main.js'),
    env: routerEnv({ scope, issuer, region, backendUrl, mapUrl: await serveMap(scope) }),
  });
  const tenants = Array.from({ length: TENANTS }, (_, n) => `tenant-${n}`);
  return {
    contender: { name: 'holdfast', kind: 'holdfast', version, ...running },
    tokens: await Promise.all(tenants.map((tenant) => issuer.issueToken({ tenant }))),
  };
}

function routerEnv(of: { scope: Scope; issuer: DevIssuer; region: string; backendUrl: string; mapUrl: string }) {
  const cellUrls = topology.cells.map(({ id, home, standby }) => [
    id,
    { [home]: of.backendUrl, [standby]: of.backendUrl },
  ]);
  return {
    HOLDFAST_REGION: of.region,
    HOLDFAST_MAP_URL: of.mapUrl,
    HOLDFAST_CELL_URLS: JSON.stringify(Object.fromEntries(cellUrls)),
    HOLDFAST_JWKS: JSON.stringify(of.issuer.jwks),
    HOLDFAST_ISSUER: of.issuer.issuer,
    HOLDFAST_INTERNAL_SECRET: 'bench',
    HOLDFAST_LKG_PATH: join(of.scope.dir, 'last-known-good.json'),
    HOLDFAST_TOPOLOGY: JSON.stringify(topology),
  };
}

/** Stands in for control: one map, for ever. */
async function serveMap(scope: Scope): Promise<string> {
  const ownership = topology.cells.map(({ id, home }) => ({ cell: id, region: home, epoch: 1 }));
  const body = JSON.stringify({ placement: encodePlacement(buildPlacement(topology.cells)), ownership });
  const etag = '"bench"';
  const server = createServer((request, response) => {
    if (request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end();
    else response.writeHead(200, { 'content-type': 'application/json', etag }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  scope.onEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
