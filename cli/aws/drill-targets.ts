/** What the gateway of a drill leads to: each cell's services by the addresses that its keeper announced, its table, the provider. */
import { ARBITER_TABLE, cellTableName } from '../../cell/store/table-layout.ts';
import { QUERY_LIMIT_MAX, type Table } from '../../cell/table/table.ts';
import type { Clock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import { serviceOf } from '../../core/service-paths.ts';
import type { Topology } from '../../core/topology.ts';
import type { Upstream } from './aws-gateway.ts';
import type { AwsEndpoint } from './aws-reach.ts';

export const PAYMENTS_TARGET = 'payments';
const ARBITER_MS_MAX = 5_000;

export interface TargetOptions {
  readonly topology: Topology;
  readonly arbiter: { readonly arbiter: Table; readonly clock: Clock; close(): void };
  readonly endpointOf: (of: AwsEndpoint) => string | undefined;
}

/** Throws `PLATFORM_NOT_RUNNING` while a cell has announced nothing. Lets go of the arbiter. */
export async function cellTargets(options: TargetOptions): Promise<readonly (readonly [string, Upstream])[]> {
  const { topology, arbiter } = options;
  try {
    const found = await Promise.all(topology.cells.map((spec) => targetsOf(options, spec)));
    return found.flat();
  } finally {
    arbiter.close();
  }
}

async function targetsOf(
  { arbiter: { arbiter, clock }, endpointOf }: TargetOptions,
  { id: cell, home, standby }: Topology['cells'][number],
): Promise<readonly (readonly [string, Upstream])[]> {
  const bounds = { deadlineAtMs: clock.monotonicMs() + ARBITER_MS_MAX, limit: QUERY_LIMIT_MAX };
  const { items } = await arbiter.query(`ADDRESS#${cell}`, bounds);
  return [home, standby].flatMap((region) => {
    const address = items.find(({ sk }) => sk === region);
    if (!address) throw unannounced(cell, region);
    const table = cellTableName(cell);
    const store = endpointOf({ service: 'dynamodb', region, table }) ?? `https://dynamodb.${region}.amazonaws.com`;
    const urlOf = (path: string) => {
      const service = serviceOf(path);
      const base = service === null ? undefined : address[service];
      return base === undefined ? null : `${String(base).replace(/\/$/, '')}${path}`;
    };
    return [
      [`${cell}@${region}`, { service: 'lambda', region, urlOf }] as const,
      [`${cell}@${region}.store`, { service: 'dynamodb', region, urlOf: () => `${store}/` }] as const,
    ];
  });
}

export function paymentsTarget({ region, url }: { readonly region: string; readonly url: string }) {
  return [PAYMENTS_TARGET, { service: 'lambda', region, urlOf: (path: string) => `${url}${path}` }] as const;
}

function unannounced(cell: string, region: string): PlatformError {
  return new PlatformError({
    code: 'PLATFORM_NOT_RUNNING',
    kind: 'caller',
    effect: 'none',
    message: `The keeper of ${cell} in ${region} has announced no address in ${ARBITER_TABLE} yet. It does within a minute of its deployment; "holdfast status --target aws" shows its release then.`,
  });
}
