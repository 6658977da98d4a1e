/** The settings of the router's function, read from its environment and its bundle, and checked once, before anything runs. */
import { invalid } from '../../core/errors.ts';
import { type RegionName, regionName, shown } from '../../core/ids.ts';
import { SNAPSHOT_KEY } from '../../core/map-snapshot.ts';
import { type Topology, validateTopology } from '../../core/topology.ts';
import { type KeySet, readKeySet } from '../auth/key-set.ts';
import type { Credentials } from './signed-call.ts';

export interface FunctionSettings {
  readonly region: RegionName;
  readonly topology: Topology;
  readonly snapshotUrl: string;
  readonly keys: { readonly given: KeySet } | { readonly url: string };
  readonly issuer: string;
  /** Snapshots that the deployment bundled, in the order in which they are tried; none need exist. */
  readonly bundledSnapshots: readonly string[];
  readonly keptSnapshotPath: string;
  readonly credentials: () => Credentials;
}

type Environment = Readonly<Record<string, string | undefined>>;

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Throws `INVALID_INPUT` or `INVALID_TOPOLOGY`, naming the variable. `topology`: what lies beside the bundle. */
export function readFunctionSettings(
  env: Environment,
  bundle: { readonly topology: unknown; readonly snapshotPath: string },
): FunctionSettings {
  const region = regionName(required(env, 'HOLDFAST_REGION'));
  const bucket = required(env, 'HOLDFAST_MAP_BUCKET');
  if (!BUCKET.test(bucket)) throw invalid(`HOLDFAST_MAP_BUCKET is ${shown(bucket)}. Allowed: the name of a bucket.`);
  return {
    region,
    topology: validateTopology(bundle.topology),
    snapshotUrl: `https://${bucket}.s3.${region}.amazonaws.com/${SNAPSHOT_KEY}`,
    keys: readKeys(env),
    issuer: required(env, 'HOLDFAST_ISSUER'),
    bundledSnapshots: [bundle.snapshotPath],
    keptSnapshotPath: `/tmp/holdfast-${SNAPSHOT_KEY}`,
    credentials: () => environmentCredentials(env),
  };
}

/** As Lambda provides them; read anew for each signature. */
export function environmentCredentials(env: Environment): Credentials {
  return {
    accessKeyId: required(env, 'AWS_ACCESS_KEY_ID'),
    secretAccessKey: required(env, 'AWS_SECRET_ACCESS_KEY'),
    sessionToken: env.AWS_SESSION_TOKEN ?? '',
  };
}

export function required(env: Environment, name: string): string {
  const value = env[name];
  if (value === undefined || value === '')
    throw invalid(`${name} is missing. Set it in the environment of the function.`);
  return value;
}

function readKeys(env: Environment): FunctionSettings['keys'] {
  const url = env.HOLDFAST_JWKS_URL;
  if (!url) return { given: readKeySet(json('HOLDFAST_JWKS', required(env, 'HOLDFAST_JWKS'))) };
  if (!/^https:\/\//.test(url) || !URL.canParse(url)) {
    throw invalid(`HOLDFAST_JWKS_URL is ${shown(url)}. Allowed: an https URL.`);
  }
  return { url };
}

function json(name: string, value: string): unknown {
  try {
    return JSON.parse(value);
  } catch (error) {
    throw invalid(`${name} is no JSON: ${shown(value)}. ${error instanceof Error ? error.message : ''}`);
  }
}
