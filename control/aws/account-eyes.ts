/** An account as the operator's own credentials see it. Lists in pages, each list with a bound; no call changes anything. */
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { GetAccountSettingsCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Clock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import type { RegionName } from '../../core/ids.ts';
import type { AccountEyes } from '../doctor/account-eyes.ts';
import { cloudError } from './cloud-error.ts';
import type { CloudFormationEyes } from './cloudformation-eyes.ts';
import { REQUESTS } from './request-limits.ts';
import { signedRequests } from './signed-requests.ts';

/** 50 to 100 names a page: the default quotas of tables and functions, twice over. */
const PAGES_MAX = 60;
/** The stack that `cdk bootstrap` makes. */
const BOOTSTRAP_STACK = 'CDKToolkit';

export function accountEyes({
  home,
  stacks,
  clock,
}: {
  readonly home: RegionName;
  readonly stacks: CloudFormationEyes;
  readonly clock: Clock;
}): AccountEyes {
  const signed = signedRequests({
    clock,
    keys: () => new STSClient({ region: home, ...REQUESTS }).config.credentials(),
  });
  return {
    identity: () => identity(home),
    regionOpen: (region) => regionOpen(region),
    bootstrapVersion: async (region) => {
      const version = await stacks.output({ region, stack: BOOTSTRAP_STACK, key: 'BootstrapVersion' });
      return version === null ? null : Number(version);
    },
    stacks: (region) => stacks.present(region),
    concurrency: (region) => concurrency(region),
    tables: (region) => tables(region),
    functions: (region) => functions(region),
    logGroups: (region, prefix) => signed.logGroups(region, prefix),
    bucket: (name, region) => bucket(name, region),
    roles: () => signed.roles(),
  };
}

async function identity(region: RegionName): ReturnType<AccountEyes['identity']> {
  const client = new STSClient({ region, ...REQUESTS });
  const { Account = '', Arn = '' } = await looking(`ask who you are`, () =>
    client.send(new GetCallerIdentityCommand({})),
  );
  return { account: Account, arn: Arn };
}

/** A region that is not switched on does not know the account's keys, which another one has just accepted. */
async function regionOpen(region: RegionName): Promise<boolean> {
  try {
    await identity(region);
    return true;
  } catch (thrown) {
    if (thrown instanceof PlatformError && thrown.code === 'UNAUTHENTICATED') return false;
    throw thrown;
  }
}

async function concurrency(region: RegionName): ReturnType<AccountEyes['concurrency']> {
  const client = new LambdaClient({ region, ...REQUESTS });
  const { AccountLimit } = await looking(`read the Lambda limits of ${region}`, () =>
    client.send(new GetAccountSettingsCommand({})),
  );
  const { ConcurrentExecutions: limit = 0, UnreservedConcurrentExecutions: unreserved = 0 } = AccountLimit ?? {};
  return { limit, unreserved };
}

async function tables(region: RegionName): Promise<readonly string[]> {
  const client = new DynamoDBClient({ region, ...REQUESTS });
  return allPages(async (from) => {
    const command = new ListTablesCommand(from === undefined ? {} : { ExclusiveStartTableName: from });
    const page = await looking(`list the tables of ${region}`, () => client.send(command));
    return { names: page.TableNames ?? [], next: page.LastEvaluatedTableName };
  });
}

async function functions(region: RegionName): Promise<readonly string[]> {
  const client = new LambdaClient({ region, ...REQUESTS });
  return allPages(async (from) => {
    const command = new ListFunctionsCommand(from === undefined ? {} : { Marker: from });
    const page = await looking(`list the functions of ${region}`, () => client.send(command));
    return { names: (page.Functions ?? []).map(({ FunctionName = '' }) => FunctionName), next: page.NextMarker };
  });
}

async function bucket(name: string, region: RegionName): ReturnType<AccountEyes['bucket']> {
  const client = new S3Client({ region, followRegionRedirects: true, ...REQUESTS });
  try {
    await client.send(new HeadBucketCommand({ Bucket: name }));
    return 'in-this-account';
  } catch (thrown) {
    const status = (thrown as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode;
    if (status === 404) return 'absent';
    if (status === 403) return 'elsewhere';
    throw cloudError(thrown, { doing: `look for the bucket ${name}`, looksOnly: true });
  }
}

interface Page {
  readonly names: readonly string[];
  readonly next: string | undefined;
}

async function allPages(read: (from: string | undefined) => Promise<Page>): Promise<readonly string[]> {
  const names: string[] = [];
  let next: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const found = await read(next);
    names.push(...found.names);
    next = found.next;
    if (!next) break;
  }
  return names;
}

async function looking<T>(doing: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (thrown) {
    throw cloudError(thrown, { doing, looksOnly: true });
  }
}
