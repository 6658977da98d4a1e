/** The settings of a router process, read from its environment and checked once, before anything runs. */
import { invalid } from '../../core/errors.ts';
import { type CellId, type RegionName, regionName, shown } from '../../core/ids.ts';
import { type Topology, validateTopology } from '../../core/topology.ts';
import { type KeySet, readKeySet } from '../auth/key-set.ts';

export interface RouterSettings {
  readonly region: RegionName;
  readonly mapUrl: string;
  readonly topology: Topology;
  readonly cellUrls: readonly { readonly cell: CellId; readonly region: RegionName; readonly url: string }[];
  readonly keys: { readonly given: KeySet } | { readonly url: string };
  readonly issuer: string;
  readonly internalSecret: string;
  readonly lastKnownGoodPath: string;
  readonly port: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws `INVALID_INPUT` or `INVALID_TOPOLOGY`, naming the variable. */
export function readSettings(env: Environment): RouterSettings {
  const topology = validateTopology(json(env, 'HOLDFAST_TOPOLOGY'));
  const jwksUrl = env.HOLDFAST_JWKS_URL;
  return {
    region: regionName(text(env, 'HOLDFAST_REGION')),
    mapUrl: httpUrl('HOLDFAST_MAP_URL', text(env, 'HOLDFAST_MAP_URL')),
    topology,
    cellUrls: cellUrls(json(env, 'HOLDFAST_CELL_URLS'), topology),
    keys: jwksUrl ? { url: httpUrl('HOLDFAST_JWKS_URL', jwksUrl) } : { given: readKeySet(json(env, 'HOLDFAST_JWKS')) },
    issuer: text(env, 'HOLDFAST_ISSUER'),
    internalSecret: text(env, 'HOLDFAST_INTERNAL_SECRET'),
    lastKnownGoodPath: text(env, 'HOLDFAST_LKG_PATH'),
    port: port(env.PORT ?? '0'),
  };
}

function text(env: Environment, name: string): string {
  const value = env[name];
  if (value === undefined || value === '')
    throw invalid(`${name} is missing. Set it in the environment of the router.`);
  return value;
}

function json(env: Environment, name: string): unknown {
  const value = text(env, name);
  try {
    return JSON.parse(value);
  } catch (error) {
    throw invalid(`${name} is no JSON: ${shown(value)}. ${error instanceof Error ? error.message : ''}`);
  }
}

function httpUrl(name: string, value: unknown): string {
  if (typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value)) return value;
  throw invalid(`${name} is ${shown(value)}. Allowed: an http(s) URL.`);
}

function cellUrls(document: unknown, topology: Topology): RouterSettings['cellUrls'] {
  const urls = document as Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>> | null;
  return topology.cells.flatMap((cell) =>
    [cell.home, cell.standby].map((region) => {
      const url = httpUrl(`HOLDFAST_CELL_URLS.${cell.id}.${region}`, urls?.[cell.id]?.[region]);
      return { cell: cell.id, region, url: new URL(url).origin };
    }),
  );
}

function port(value: string): number {
  if (/^[0-9]{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
  throw invalid(`PORT is ${shown(value)}. Allowed: an integer 0–65535; 0 picks a free one.`);
}
