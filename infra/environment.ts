/** The environment of the functions: what their code reads, and nothing else. */
import { peerOf } from '../core/aws-names.ts';
import type { RegionName } from '../core/ids.ts';
import { CADENCES } from '../core/keeper-cadence.ts';
import { ttlText } from '../core/lease.ts';
import type { CellSpec, Topology } from '../core/topology.ts';
import { fenceShards } from '../core/topology-sizing.ts';

export type FunctionEnvironment = Readonly<Record<string, string>>;

export function cellEnvironment(of: {
  readonly topology: Topology;
  readonly cell: CellSpec;
  readonly region: RegionName;
  /** Every line that a function logs carries it. */
  readonly release: string;
}): FunctionEnvironment {
  const { topology, cell, region, release } = of;
  const { ttlMs, renewEveryMs } = CADENCES[topology.aws.keepers].figures(topology.lease);
  return {
    HOLDFAST_CELL: cell.id,
    HOLDFAST_REGION: region,
    HOLDFAST_PEER: peerOf(cell, region),
    HOLDFAST_HOME: cell.home,
    HOLDFAST_LEASE_TTL_MS: ttlText(ttlMs),
    HOLDFAST_RENEW_EVERY_MS: String(renewEveryMs),
    HOLDFAST_FENCE_SHARDS: String(fenceShards(cell)),
    HOLDFAST_PEER_LOSS: topology.peerLoss,
    HOLDFAST_RELEASE: release,
  };
}

/** What the keeper is told besides: it announces its cell. `serviceUrls`: a JSON object with the URL of each service. */
export function keeperEnvironment(of: {
  readonly topology: Topology;
  readonly serviceUrls: string;
}): FunctionEnvironment {
  const { topology, serviceUrls } = of;
  return {
    HOLDFAST_KEEPERS: topology.aws.keepers,
    HOLDFAST_SERVICE_URLS: serviceUrls,
  };
}

export function routerEnvironment(of: {
  readonly topology: Topology;
  readonly region: RegionName;
  readonly bucketName: string;
  readonly devIssuer: { readonly issuer: string; readonly jwks: string };
}): FunctionEnvironment {
  const { topology, region, bucketName, devIssuer } = of;
  const { identity } = topology.aws;
  return {
    HOLDFAST_REGION: region,
    HOLDFAST_MAP_BUCKET: bucketName,
    ...(identity === null
      ? { HOLDFAST_ISSUER: devIssuer.issuer, HOLDFAST_JWKS: devIssuer.jwks }
      : { HOLDFAST_ISSUER: identity.issuer, HOLDFAST_JWKS_URL: identity.jwksUrl }),
  };
}

export function publisherEnvironment(of: {
  readonly region: RegionName;
  readonly bucketName: string;
  readonly edgeMapArn: string | null;
}): FunctionEnvironment {
  const { region, bucketName, edgeMapArn } = of;
  return {
    HOLDFAST_REGION: region,
    HOLDFAST_MAP_BUCKET: bucketName,
    ...(edgeMapArn === null ? {} : { HOLDFAST_KVS_ARN: edgeMapArn }),
  };
}

export const probeEnvironment = ({ region }: { readonly region: RegionName }): FunctionEnvironment => ({
  HOLDFAST_REGION: region,
});
