/** What the doctor may look at in an account. Every call only looks; each throws `FORBIDDEN` where the credentials end. */
import type { RegionName } from '../../core/ids.ts';
import type { StackState } from '../deploy/stack-standing.ts';
import type { StackPlace } from '../deploy/stacks.ts';

export interface AccountEyes {
  /** Throws `UNAUTHENTICATED`. */
  identity(): Promise<{ readonly account: string; readonly arn: string }>;
  /** Whether the account has switched the region on. */
  regionOpen(region: RegionName): Promise<boolean>;
  /** Version of the CDK's bootstrap; `null`: there is none. */
  bootstrapVersion(region: RegionName): Promise<number | null>;
  /** Stacks whose name begins with our prefix. */
  stacks(region: RegionName): Promise<readonly (StackPlace & { readonly state: StackState })[]>;
  /** Executions at once: the account's limit, and what no function has reserved. */
  concurrency(region: RegionName): Promise<{ readonly limit: number; readonly unreserved: number }>;
  tables(region: RegionName): Promise<readonly string[]>;
  functions(region: RegionName): Promise<readonly string[]>;
  /** Those whose name begins with the prefix. */
  logGroups(region: RegionName, prefix: string): Promise<readonly string[]>;
  /** The names of buckets are the world's, not the account's. */
  bucket(name: string, region: RegionName): Promise<'absent' | 'in-this-account' | 'elsewhere'>;
  roles(): Promise<{ readonly used: number; readonly quota: number }>;
}
