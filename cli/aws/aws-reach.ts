/**
 * The operator's reach on AWS: their own credentials on the arbiter, on the cells' tables in both regions and on the keepers.
 * No function of the control plane stands in between, so a failover needs the arbiter, a living region and nothing else.
 */
import { LambdaClient } from '@aws-sdk/client-lambda';
import { ARBITER_TABLE, cellTableName } from '../../cell/store/table-layout.ts';
import { invokeKeeper } from '../../control/adapters/invoke-keeper.ts';
import type { Clock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import type { RegionName } from '../../core/ids.ts';
import type { Topology } from '../../core/topology.ts';
import type { OperatorReach } from '../operator-reach.ts';
import { liveFunction } from './aws-names.ts';

export type AwsEndpoint =
  | { readonly service: 'dynamodb'; readonly region: string; readonly table: string }
  | { readonly service: 'lambda' | 'fis'; readonly region: string };

export interface AwsReachOptions {
  readonly topology: Topology;
  readonly clock: Clock;
  /** Another address than the region's own: an engine or a stand-in on this machine. Default: none. */
  readonly endpointOf?: (of: AwsEndpoint) => string | undefined;
}

export interface AwsReach extends OperatorReach {
  lambda(region: RegionName): LambdaClient;
  /** Throws `UNAUTHENTICATED` when the SDK finds no credentials. */
  assertCredentials(): Promise<void>;
  close(): void;
}

/** Of one call; who repeats it knows what it does. */
const ATTEMPTS_MAX = 2;
/** Name, TLS handshake and credentials come before the first answer of a connection, and the old region may be far. */
const COLD_MS = 2_000;

export function awsReach({ topology, clock, endpointOf = () => undefined }: AwsReachOptions): AwsReach {
  const clients = new Map<RegionName, LambdaClient>();
  const table = (region: RegionName, name: string) => {
    const url = endpointOf({ service: 'dynamodb', region, table: name });
    return { region, ...(url === undefined ? {} : { url }) };
  };
  const lambda = (region: RegionName): LambdaClient => {
    const known = clients.get(region);
    if (known) return known;
    const endpoint = endpointOf({ service: 'lambda', region });
    const client = new LambdaClient({
      ...{ region, maxAttempts: ATTEMPTS_MAX },
      ...(endpoint === undefined ? {} : { endpoint, credentials: LOCAL }),
    });
    clients.set(region, client);
    return client;
  };
  return {
    topology,
    coldMs: COLD_MS,
    arbiter: (from) => table(from, ARBITER_TABLE),
    store: ({ cell, region }) => table(region, cellTableName(cell)),
    ring: ({ cell, region }) => invokeKeeper({ lambda: lambda(region), keeper: liveFunction(cell, 'keeper'), clock }),
    lambda,
    assertCredentials: async () => {
      const [region] = topology.regions;
      if (region === undefined) return;
      await lambda(region)
        .config.credentials()
        .catch((cause: unknown) => Promise.reject(noCredentials(cause)));
    },
    close: () => {
      for (const client of clients.values()) client.destroy();
    },
  };
}

/** A stand-in on this machine checks the form of a signature, not the signature. */
const LOCAL = { accessKeyId: 'local', secretAccessKey: 'local' };

function noCredentials(cause: unknown): PlatformError {
  return new PlatformError({
    code: 'UNAUTHENTICATED',
    kind: 'caller',
    effect: 'none',
    message:
      'No AWS credentials were found, so nothing was asked and nothing changed. Set AWS_PROFILE or sign in ("aws sso login"), then look with "holdfast doctor --target aws".',
    cause,
  });
}
