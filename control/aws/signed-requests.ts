/** Services that are asked one question each, by signed requests instead of a client library of their own. */
import type { RegionName } from '../../core/ids.ts';
import { type Signing, signedAsk } from './signed-ask.ts';

export interface SignedRequests {
  /** https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html */
  roles(): Promise<{ readonly used: number; readonly quota: number }>;
  /** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html */
  logGroups(region: RegionName, prefix: string): Promise<readonly string[]>;
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
      const text = await signedAsk({
        ...signing,
        service: 'iam',
        region: IAM_REGION,
        origin: 'https://iam.amazonaws.com',
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
        const text = await signedAsk({
          ...signing,
          service: 'logs',
          region,
          origin: `https://logs.${region}.amazonaws.com`,
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

function summaryEntry(text: string, key: string): number {
  return Number(new RegExp(`<key>${key}</key>\\s*<value>(\\d+)</value>`).exec(text)?.[1] ?? Number.NaN);
}
