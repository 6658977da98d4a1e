/** The settings of a cell's process, read once from its environment and checked like user input. */
import { invalid } from '../core/errors.ts';
import { FENCE_SHARDS_MAX } from '../core/fence.ts';
import { type CellId, cellId, type RegionName, regionName, shown } from '../core/ids.ts';
import { PINNED_TTL_MS, ttlOfText } from '../core/lease.ts';

export interface CellConfig {
  readonly cell: CellId;
  readonly region: RegionName;
  readonly peer: RegionName;
  readonly home: RegionName;
  readonly leaseTtlMs: number;
  readonly renewEveryMs: number;
  readonly fenceShards: number;
  readonly peerLoss: 'continue' | 'refuse';
  /** `manual`: quarantined commits wait for a person, whatever could be done without one. Default `automatic`. */
  readonly reconcile?: 'automatic' | 'manual';
  /** Engines on one machine; absent on AWS, where the region alone names the endpoint. */
  readonly storeUrl?: string;
  readonly peerStoreUrl?: string;
  readonly arbiterUrl?: string;
  /** A file in which documents outlive the process. Absent: they do not. */
  readonly keptPath?: string;
  /** A file on the host that lays modes over the published ones. Absent: nobody looks for one. */
  readonly breakGlassPath?: string;
}

const LEASE_TTL_MS = { from: 100, to: 600_000 };
const RENEW_EVERY_MS_MAX = 200_000;

export type Environment = Readonly<Record<string, string | undefined>>;

export function cellConfig(env: Environment): CellConfig {
  const leaseTtlMs = leaseTtl(env);
  const renewDefault = leaseTtlMs === PINNED_TTL_MS ? '60000' : String(Math.floor(leaseTtlMs / 4));
  return {
    cell: cellId(required(env, 'HOLDFAST_CELL')),
    region: regionName(required(env, 'HOLDFAST_REGION')),
    peer: regionName(required(env, 'HOLDFAST_PEER')),
    home: regionName(required(env, 'HOLDFAST_HOME')),
    leaseTtlMs,
    renewEveryMs: integer({ HOLDFAST_RENEW_EVERY_MS: renewDefault, ...env }, 'HOLDFAST_RENEW_EVERY_MS', {
      from: 20,
      to: Math.min(RENEW_EVERY_MS_MAX, Math.floor(leaseTtlMs / 3)),
    }),
    fenceShards: integer(env, 'HOLDFAST_FENCE_SHARDS', { from: 1, to: FENCE_SHARDS_MAX }),
    peerLoss: oneOf(env, 'HOLDFAST_PEER_LOSS', ['continue', 'refuse']),
    reconcile: oneOf<'automatic' | 'manual'>({ HOLDFAST_RECONCILE: 'automatic', ...env }, 'HOLDFAST_RECONCILE', [
      'automatic',
      'manual',
    ]),
    ...optionalUrl(env, 'HOLDFAST_STORE_URL', 'storeUrl'),
    ...optionalUrl(env, 'HOLDFAST_PEER_STORE_URL', 'peerStoreUrl'),
    ...optionalUrl(env, 'HOLDFAST_ARBITER_URL', 'arbiterUrl'),
    ...(env.HOLDFAST_LKG_PATH ? { keptPath: env.HOLDFAST_LKG_PATH } : {}),
    ...(env.HOLDFAST_BREAK_GLASS_PATH ? { breakGlassPath: env.HOLDFAST_BREAK_GLASS_PATH } : {}),
  };
}

function leaseTtl(env: Environment): number {
  const text = required(env, 'HOLDFAST_LEASE_TTL_MS');
  if (ttlOfText(text) === PINNED_TTL_MS) return PINNED_TTL_MS;
  return integer(env, 'HOLDFAST_LEASE_TTL_MS', LEASE_TTL_MS);
}

export function required(env: Environment, name: string): string {
  const value = env[name];
  if (value === undefined || value === '')
    throw invalid(`Environment variable ${name} is missing. Set it and start again.`);
  return value;
}

function integer(env: Environment, name: string, range: { from: number; to: number }): number {
  const value = Number(required(env, name));
  if (Number.isInteger(value) && value >= range.from && value <= range.to) return value;
  throw invalid(`${name} is ${shown(env[name])}. Allowed: an integer ${range.from}–${range.to}.`);
}

function oneOf<T extends string>(env: Environment, name: string, allowed: readonly T[]): T {
  const value = required(env, name);
  const found = allowed.find((choice) => choice === value);
  if (found) return found;
  throw invalid(`${name} is ${shown(value)}. Allowed: ${allowed.join(', ')}.`);
}

function optionalUrl<K extends string>(env: Environment, name: string, key: K): { readonly [P in K]?: string } {
  const value = env[name];
  if (value === undefined || value === '') return {};
  if (!URL.canParse(value)) throw invalid(`${name} is ${shown(value)}. Allowed: a URL such as http://127.0.0.1:8000.`);
  return { [key]: value } as { readonly [P in K]?: string };
}
