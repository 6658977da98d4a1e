/**
 * The environment of each process: everything it knows about the others. Every address in it is a link's, so that every
 * arrow can be cut; nothing of the user's own environment but the bare necessities gets through, least of all credentials.
 */
import type { JSONWebKeySet } from 'jose';
import { invariant } from '../../core/errors.ts';
import { PINNED_TTL_MS, ttlText } from '../../core/lease.ts';
import type { Topology } from '../../core/topology.ts';
import { fenceShards } from '../../core/topology-sizing.ts';
import type { PlatformView } from '../platform-control.ts';
import {
  ARBITER,
  cellName,
  controlName,
  linkName,
  PAYMENTS,
  type PlannedProcess,
  regionsOf,
  routerName,
  storeName,
} from './platform-plan.ts';

export interface ChildEnvContext {
  readonly topology: Topology;
  readonly keepers: PlatformView['keepers'];
  readonly linkUrl: (linkName: string) => string;
  readonly internalSecret: string;
  readonly jwks: JSONWebKeySet;
  readonly issuer: string;
  /** A file or folder of the data directory that belongs to the process. */
  readonly dataPath: (...parts: readonly string[]) => string;
  readonly port: (processName: string) => number;
  /** `null`: the process runs no release. */
  readonly release: (processName: string) => { readonly name: string; readonly digest: string } | null;
}

type Env = Readonly<Record<string, string>>;
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'HOLDFAST_RECONCILE'];

export function childEnv(planned: PlannedProcess, context: ChildEnvContext): Env {
  return {
    ...Object.fromEntries(PASSED_ON.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
    NODE_ENV: 'production',
    PORT: String(context.port(planned.name)),
    HOLDFAST_PROCESS: planned.name,
    ...kindEnv(planned, context),
  };
}

function kindEnv(planned: PlannedProcess, context: ChildEnvContext): Env {
  const { cell, kind, region } = planned;
  switch (kind) {
    case 'cell':
      invariant(cell !== undefined && region !== undefined, `the cell process ${planned.name} has a cell and a region`);
      return cellEnv(context, { cell, region });
    case 'router':
      invariant(region !== undefined, `the router ${planned.name} has a region`);
      return routerEnv(context, region);
    case 'control':
      invariant(region !== undefined, `the control process ${planned.name} has a region`);
      return controlEnv(context, region);
    case 'payments':
      return { HOLDFAST_DATA: context.dataPath('payments') };
    case 'store':
    case 'arbiter':
      return {};
  }
}

function cellEnv(context: ChildEnvContext, at: { readonly cell: string; readonly region: string }): Env {
  const spec = context.topology.cells.find((known) => known.id === at.cell);
  invariant(spec !== undefined, `the cell ${at.cell} stands in the topology`);
  const peer = regionsOf(spec).find((region) => region !== at.region);
  invariant(peer !== undefined, `the cell ${at.cell} has a peer of ${at.region}`);
  const from = cellName(at.cell, at.region);
  const url = (to: string) => context.linkUrl(linkName(from, to));
  const release = context.release(from);
  return {
    ...awsEnv(at.region),
    ...(release === null ? {} : { HOLDFAST_RELEASE: release.name, HOLDFAST_RELEASE_DIGEST: release.digest }),
    HOLDFAST_CELL: at.cell,
    HOLDFAST_REGION: at.region,
    HOLDFAST_PEER: peer,
    HOLDFAST_HOME: spec.home,
    HOLDFAST_STORE_URL: url(storeName(at.cell, at.region)),
    HOLDFAST_PEER_STORE_URL: url(storeName(at.cell, peer)),
    HOLDFAST_ARBITER_URL: url(ARBITER),
    HOLDFAST_LEASE_TTL_MS: ttlText(context.keepers === 'pinned' ? PINNED_TTL_MS : context.topology.lease.ttlMs),
    HOLDFAST_RENEW_EVERY_MS: String(context.topology.lease.renewEveryMs),
    HOLDFAST_FENCE_SHARDS: String(fenceShards(spec)),
    HOLDFAST_PEER_LOSS: context.topology.peerLoss,
    HOLDFAST_LKG_PATH: context.dataPath('lkg', `${from}.json`),
    // One for the host: it names cells itself.
    HOLDFAST_BREAK_GLASS_PATH: context.dataPath('break-glass.json'),
    HOLDFAST_INTERNAL_SECRET: context.internalSecret,
    PAYMENTS_URL: url(PAYMENTS),
  };
}

function controlEnv(context: ChildEnvContext, region: string): Env {
  const from = controlName(region);
  const url = (to: string) => context.linkUrl(linkName(from, to));
  const routerUrls = context.topology.regions.map((at) => [at, url(routerName(at))]);
  return {
    ...awsEnv(region),
    HOLDFAST_REGION: region,
    HOLDFAST_ARBITER_URL: url(ARBITER),
    HOLDFAST_STORE_URLS: JSON.stringify(placeUrls(context, (cell, at) => url(storeName(cell, at)))),
    HOLDFAST_CELL_URLS: JSON.stringify(placeUrls(context, (cell, at) => url(cellName(cell, at)))),
    HOLDFAST_ROUTER_URLS: JSON.stringify(Object.fromEntries(routerUrls)),
    HOLDFAST_TOPOLOGY: JSON.stringify(context.topology),
    HOLDFAST_INTERNAL_SECRET: context.internalSecret,
  };
}

/** Cell → region → address. */
function placeUrls(context: ChildEnvContext, urlOf: (cell: string, region: string) => string) {
  const cells = context.topology.cells.map((spec) => [
    spec.id,
    Object.fromEntries(regionsOf(spec).map((region) => [region, urlOf(spec.id, region)])),
  ]);
  return Object.fromEntries(cells);
}

function routerEnv(context: ChildEnvContext, region: string): Env {
  const from = routerName(region);
  const cellUrls = placeUrls(context, (cell, at) => context.linkUrl(linkName(from, cellName(cell, at))));
  return {
    HOLDFAST_REGION: region,
    HOLDFAST_MAP_URL: context.linkUrl(linkName(from, controlName(region))),
    HOLDFAST_CELL_URLS: JSON.stringify(cellUrls),
    HOLDFAST_JWKS: JSON.stringify(context.jwks),
    HOLDFAST_ISSUER: context.issuer,
    HOLDFAST_INTERNAL_SECRET: context.internalSecret,
    HOLDFAST_LKG_PATH: context.dataPath('lkg', `${region}.json`),
    HOLDFAST_TOPOLOGY: JSON.stringify(context.topology),
  };
}

/** What the AWS SDK insists on; an engine on this machine checks none of it. */
function awsEnv(region: string): Env {
  return {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'holdfast',
    AWS_SECRET_ACCESS_KEY: 'holdfast',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
