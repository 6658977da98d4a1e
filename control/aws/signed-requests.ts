/** Services that are asked one question each, by signed requests instead of a client library of their own. */
import { AwsClient } from 'aws4fetch';
import type { Clock } from '../../core/clock.ts';
import type { RegionName } from '../../core/ids.ts';
import { Deadline } from '../../resilience/deadline.ts';
import { cloudError } from './cloud-error.ts';
import { REQUESTS } from './request-limits.ts';

export interface SignedRequests {
  /** https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html */
  roles(): Promise<{ readonly used: number; readonly quota: number }>;
  /** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html */
  logGroups(region: RegionName, prefix: string): Promise<readonly string[]>;
}

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface Signing {
  readonly keys: () => Promise<Keys>;
  readonly clock: Clock;
}

/** 50 names a page; a cell has six log groups. */
const PAGES_MAX = 40;
/** The one region where IAM is signed for. */
const IAM_REGION = 'us-east-1';

export function signedRequests(signing: Signing): SignedRequests {
  return {
    roles: async () => {
      const body = 'Action=GetAccountSummary&Version=2010-05-08';
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const text = await ask({
        ...signing,
        service: 'iam',
        region: IAM_REGION,
        doing: 'count the roles of the account',
        headers,
        body,
      });
      return { used: summaryEntry(text, 'Roles'), quota: summaryEntry(text, 'RolesQuota') };
    },
    logGroups: async (region, prefix) => {
      const names: string[] = [];
      let nextToken: string | undefined;
      for (let page = 0; page < PAGES_MAX; page++) {
        const headers = {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': 'Logs_20140328.DescribeLogGroups',
        };
        const body = JSON.stringify({ logGroupNamePrefix: prefix, ...(nextToken === undefined ? {} : { nextToken }) });
        const text = await ask({
          ...signing,
          service: 'logs',
          region,
          doing: `list the log groups of ${region}`,
          headers,
          body,
        });
        const answer = JSON.parse(text) as {
          readonly logGroups?: readonly { readonly logGroupName: string }[];
          readonly nextToken?: string;
        };
        names.push(...(answer.logGroups ?? []).map(({ logGroupName }) => logGroupName));
        nextToken = answer.nextToken;
        if (!nextToken) break;
      }
      return names;
    },
  };
}

interface Question extends Signing {
  readonly service: 'iam' | 'logs';
  readonly region: string;
  readonly doing: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

async function ask({ keys, clock, service, region, doing, headers, body }: Question): Promise<string> {
  const own = service === 'iam' ? 'https://iam.amazonaws.com' : `https://${service}.${region}.amazonaws.com`;
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = await keys();
    const client = new AwsClient({
      accessKeyId,
      secretAccessKey,
      ...(sessionToken ? { sessionToken } : {}),
      service,
      region,
      retries: REQUESTS.maxAttempts,
    });
    const deadline = new Deadline({ clock, ms: REQUESTS.requestHandler.requestTimeout });
    const { response, text } = await deadline.run(doing, async (signal) => {
      const url = `${process.env.AWS_ENDPOINT_URL ?? own}/`;
      const response = await client.fetch(url, { method: 'POST', headers: { ...headers }, body, signal });
      return { response, text: await response.text() };
    });
    if (response.ok) return text;
    throw Object.assign(new Error(text.slice(0, TEXT_MAX)), {
      name: codeOf(text),
      $metadata: { httpStatusCode: response.status },
    });
  } catch (thrown) {
    throw cloudError(thrown, { doing, looksOnly: true });
  }
}

const TEXT_MAX = 300;

/** `<Code>AccessDenied</Code>`, or `"__type":"AccessDeniedException"`. */
function codeOf(text: string): string {
  return /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? /"__type"\s*:\s*"(?:[^"#]*#)?(\w+)"/.exec(text)?.[1] ?? 'Unknown';
}

function summaryEntry(text: string, key: string): number {
  return Number(new RegExp(`<key>${key}</key>\\s*<value>(\\d+)</value>`).exec(text)?.[1] ?? Number.NaN);
}
