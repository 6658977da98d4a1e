/**
 * The operator's reach on AWS: their own credentials on the arbiter, on the cells' tables in both regions and on the keepers.
 * No function of the control plane stands in between, so a failover needs the arbiter, a living region and nothing else.
 */
import { ARBITER_TABLE, cellTableName } from '../../cell/store/table-layout.ts';
import { type FaultExperiments, faultExperiments } from '../../control/aws/fault-experiments.ts';
import { type AwsCredentials, type RegionFunctions, regionFunctions } from '../../control/aws/region-functions.ts';
import { cellFunctionName, LIVE } from '../../core/aws-names.ts';
import type { Clock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import type { RegionName } from '../../core/ids.ts';
import type { Topology } from '../../core/topology.ts';
import { Deadline } from '../../resilience/deadline.ts';
import type { OperatorReach } from '../operator-reach.ts';

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
  functions(region: string): RegionFunctions;
  experiments(region: string): FaultExperiments;
  /** Throws `UNAUTHENTICATED` when the SDK finds none. */
  credentials(): Promise<AwsCredentials>;
  close(): void;
}

/** Name, TLS handshake and credentials come before the first answer of a connection, and the old region may be far. */
const COLD_MS = 2_000;
/** Nobody waits for the doorbell; this only keeps a hung connection from holding the process. */
const RING_MS_MAX = 3_000;

export function awsReach({ topology, clock, endpointOf = () => undefined }: AwsReachOptions): AwsReach {
  const opened = new Map<string, RegionFunctions>();
  const table = (region: RegionName, name: string) => {
    const url = endpointOf({ service: 'dynamodb', region, table: name });
    return { region, ...(url === undefined ? {} : { url }) };
  };
  const functions = (region: string): RegionFunctions => {
    const url = endpointOf({ service: 'lambda', region });
    const found = opened.get(region) ?? regionFunctions({ region, ...(url === undefined ? {} : { url }) });
    opened.set(region, found);
    return found;
  };
  const experiments = (region: string): FaultExperiments => {
    const url = endpointOf({ service: 'fis', region });
    const keys = () => functions(region).credentials();
    return faultExperiments({ region, keys, clock, ...(url === undefined ? {} : { url }) });
  };
  return {
    topology,
    coldMs: COLD_MS,
    arbiter: (from) => table(from, ARBITER_TABLE),
    store: ({ cell, region }) => table(region, cellTableName(cell)),
    ring: ({ cell, region }) => {
      new Deadline({ clock, ms: RING_MS_MAX })
        .run('The doorbell', (signal) =>
          functions(region).ring(`${cellFunctionName(cell, 'keeper')}:${LIVE}`, RUNG, signal),
        )
        .catch(() => undefined); // A region that is gone can't be rung; the keeper's schedule looks by itself.
    },
    functions,
    experiments,
    credentials: () =>
      functions(topology.regions[0] ?? '')
        .credentials()
        .catch((cause: unknown) => Promise.reject(noCredentials(cause))),
    close: () => {
      for (const each of opened.values()) each.close();
    },
  };
}

const RUNG = { holdfast: 'ring' };

function noCredentials(cause: unknown): PlatformError {
  return new PlatformError({
    code: 'UNAUTHENTICATED',
    kind: 'caller',
    effect: 'none',
    message:
      'No AWS credentials were found (environment, profile, sign-in, instance role); set AWS_PROFILE or run "aws sso login" and try again: nothing was asked and nothing changed.',
    cause,
  });
}
