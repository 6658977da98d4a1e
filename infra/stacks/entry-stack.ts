/**
 * The global entry: one address for all tenants, in front of the routers of all regions. A stack of its own, because it comes
 * after the regions (it needs the addresses of their routers) and they come after the arbiter. It decides nothing that a
 * router does not decide again, and caches nothing.
 */
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { CfnOutput, Fn } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import {
  EDGE_MAP_OUTPUT,
  ENTRY_STACK,
  GLOBAL_STACK,
  ROUTER_DOMAIN_OUTPUT,
  regionStackName,
  routerOriginId,
} from '../../core/aws-names.ts';
import type { RegionName } from '../../core/ids.ts';
import { accept } from '../constructs/accepted.ts';
import { regionalEntry } from '../constructs/regional-entry.ts';
import { type PlatformProps, PlatformStack } from './platform-stack.ts';

export interface EntryStackProps extends PlatformProps {
  readonly region: RegionName;
}

/** Managed by AWS, the same in every account: nothing is cached … */
const CACHE_NOTHING = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
/** … and everything of a request is passed on, but the host, which must be the Function URL's own. */
const PASS_ALL_BUT_HOST = 'b689b0a8-53d0-40ab-baf2-68738e2966ac';
/** A router answers within its own deadline or not at all. */
const ANSWER_S_MAX = 30;
const ALL_METHODS = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'];

export class EntryStack extends PlatformStack {
  constructor(scope: Construct, props: EntryStackProps) {
    super(scope, { ...props, stackName: ENTRY_STACK, description: 'Holdfast: the global entry' });
    const { regions, aws } = props.topology;
    const entry = this.#function(props);
    const distribution = new cloudfront.CfnDistribution(this, 'Entry', {
      distributionConfig: {
        comment: 'Holdfast',
        enabled: true,
        httpVersion: 'http2and3',
        ipv6Enabled: true,
        // Europe and North America: the cheapest; a visitor from elsewhere is served from there.
        priceClass: 'PriceClass_100',
        origins: regions.map(origin),
        ...(aws.domain === null
          ? { viewerCertificate: { cloudFrontDefaultCertificate: true } }
          : { aliases: [aws.domain.name], viewerCertificate: certificate(aws.domain.certificateArn) }),
        defaultCacheBehavior: {
          targetOriginId: routerOriginId(regions[0] ?? ''),
          viewerProtocolPolicy: 'https-only',
          allowedMethods: ALL_METHODS,
          cachePolicyId: CACHE_NOTHING,
          originRequestPolicyId: PASS_ALL_BUT_HOST,
          functionAssociations: [{ eventType: 'viewer-request', functionArn: entry.attrFunctionMetadataFunctionArn }],
        },
      },
    });
    acceptFindings(distribution, { ownDomain: aws.domain !== null });
    new CfnOutput(this, 'Url', { value: `https://${aws.domain?.name ?? distribution.attrDomainName}` });
  }

  #function({ topology, bundles, region }: EntryStackProps): cloudfront.CfnFunction {
    const edge = topology.aws.entry === 'edge' ? bundles.edge : null;
    return new cloudfront.CfnFunction(this, 'Function', {
      name: 'holdfast-entry',
      autoPublish: true,
      functionCode: edge ?? regionalEntry(topology.regions.map(routerOriginId)),
      functionConfig: {
        comment: edge === null ? 'Reads are asked of a second region' : 'Requests go to the region of their cell',
        runtime: 'cloudfront-js-2.0',
        ...(edge === null
          ? {}
          : {
              keyValueStoreAssociations: [
                { keyValueStoreArn: Fn.getStackOutput(GLOBAL_STACK, EDGE_MAP_OUTPUT, region) },
              ],
            }),
      },
    });
  }
}

function origin(region: RegionName): cloudfront.CfnDistribution.OriginProperty {
  return {
    id: routerOriginId(region),
    domainName: Fn.getStackOutput(regionStackName(region), ROUTER_DOMAIN_OUTPUT, region),
    connectionAttempts: 2,
    connectionTimeout: 3,
    customOriginConfig: {
      originProtocolPolicy: 'https-only',
      originSslProtocols: ['TLSv1.2'],
      originReadTimeout: ANSWER_S_MAX,
    },
  };
}

function certificate(acmCertificateArn: string): cloudfront.CfnDistribution.ViewerCertificateProperty {
  return { acmCertificateArn, sslSupportMethod: 'sni-only', minimumProtocolVersion: 'TLSv1.2_2021' };
}

function acceptFindings(distribution: cloudfront.CfnDistribution, { ownDomain }: { ownDomain: boolean }): void {
  const because = {
    CFR1: "Whom a product serves is its owner's to say: a fork adds the countries here.",
    CFR2: 'A firewall costs 5 USD a month when idle. The routers refuse who has no token, and limit each tenant.',
    CFR3: 'Lambda counts the requests and failures of each router; a log of every request would need a bucket and hold addresses of visitors.',
    // CloudFront's own certificate comes with its oldest protocol; only an own domain may choose.
    ...(ownDomain
      ? {}
      : { CFR4: 'Without an own domain CloudFront leaves no choice of the protocol. Set aws.domain.' }),
  };
  for (const [finding, reason] of Object.entries(because)) accept(distribution, { finding, because: reason });
}
