/** What every stack of the platform has: a region, the account of whoever deploys, tags, and a name that never changes. */
import { Stack, Tags } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { TAGS } from '../../core/aws-names.ts';
import type { RegionName } from '../../core/ids.ts';
import type { Topology } from '../../core/topology.ts';
import type { Bundles } from '../bundle.ts';

/** What all stacks are made from. */
export interface PlatformProps {
  readonly topology: Topology;
  readonly bundles: Bundles;
  /** Whose tokens the routers take where the topology names no identity provider. `jwks`: public keys, as JSON. */
  readonly devIssuer: { readonly issuer: string; readonly jwks: string };
  /** Default: the account of the credentials that deploy. */
  readonly account?: string;
}

export interface PlatformStackProps extends PlatformProps {
  readonly stackName: string;
  readonly description: string;
  readonly region: RegionName;
  readonly cell?: string;
}

export abstract class PlatformStack extends Stack {
  constructor(scope: Construct, props: PlatformStackProps) {
    const { topology, bundles, stackName, description, region, account } = props;
    super(scope, stackName, {
      stackName,
      description,
      env: { region, ...(account === undefined ? {} : { account }) },
      analyticsReporting: false,
      terminationProtection: topology.aws.stage === 'production',
    });
    const tags = Tags.of(this);
    tags.add(TAGS.cell, props.cell ?? 'none');
    tags.add(TAGS.region, region);
    tags.add(TAGS.release, bundles.release);
    tags.add(TAGS.stage, topology.aws.stage);
  }
}
