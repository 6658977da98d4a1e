/**
 * Stacks as CloudFormation describes them to the operator's own credentials, and deletion, which needs no template: a platform
 * whose configuration no longer synthesises can still be looked at and removed.
 */
import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  type Stack,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import { TAGS } from '../../core/aws-names.ts';
import type { RegionName } from '../../core/ids.ts';
import { STACK_PREFIX } from '../deploy/deploy-plan.ts';
import type { StackState } from '../deploy/stack-standing.ts';
import type { StackPlace, Stacks } from '../deploy/stacks.ts';
import { cloudError } from './cloud-error.ts';
import { REQUESTS } from './request-limits.ts';

/** 100 stacks a page; an account may hold 2,000 in a region. */
const PAGES_MAX = 25;
/** What failed only because something else had failed first. */
const CONSEQUENCE = /cancelled/i;

export type CloudFormationEyes = Pick<Stacks, 'state' | 'present' | 'beginDelete' | 'failure'> & {
  /** Output of a stack of any name; `null`: no such stack or output. */
  output(at: { readonly region: RegionName; readonly stack: string; readonly key: string }): Promise<string | null>;
};

export function cloudFormationEyes(): CloudFormationEyes {
  const clients = new Map<RegionName, CloudFormationClient>();
  const client = (region: RegionName): CloudFormationClient => {
    const made = clients.get(region) ?? new CloudFormationClient({ region, ...REQUESTS });
    clients.set(region, made);
    return made;
  };
  const describe = ({ stack, region }: StackPlace) => describeOne(client(region), { stack, region });
  return {
    state: async (place) => stateOf(await describe(place)),
    present: (region) => describeAll(client(region), region),
    beginDelete: async ({ stack, region }) => {
      const command = new DeleteStackCommand({ StackName: stack });
      await client(region)
        .send(command)
        .catch(translate({ doing: `delete ${stack} in ${region}`, looksOnly: false }));
    },
    failure: ({ stack, region }) => newestFailure(client(region), { stack, region }),
    output: async ({ region, stack, key }) => {
      const found = await describe({ stack, region });
      return found?.Outputs?.find(({ OutputKey }) => OutputKey === key)?.OutputValue ?? null;
    },
  };
}

async function describeOne(client: CloudFormationClient, { stack, region }: StackPlace): Promise<Stack | null> {
  try {
    const { Stacks: [found] = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    return found ?? null;
  } catch (thrown) {
    // CloudFormation has no code of its own for this.
    if (thrown instanceof Error && /does not exist/.test(thrown.message)) return null;
    throw cloudError(thrown, { doing: `ask CloudFormation about ${stack} in ${region}`, looksOnly: true });
  }
}

async function describeAll(client: CloudFormationClient, region: RegionName): ReturnType<Stacks['present']> {
  const found: (StackPlace & { readonly state: StackState })[] = [];
  let next: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await client
      .send(new DescribeStacksCommand(next === undefined ? {} : { NextToken: next }))
      .catch(translate({ doing: `ask CloudFormation for the stacks of ${region}`, looksOnly: true }));
    for (const stack of answer.Stacks ?? []) {
      if (stack.StackName?.startsWith(STACK_PREFIX))
        found.push({ stack: stack.StackName, region, state: stateOf(stack) });
    }
    next = answer.NextToken;
    if (!next) break;
  }
  return found;
}

/** The first resource that failed in the newest operation, told as `CartFunction (AWS::Lambda::Function): reason`. */
async function newestFailure(client: CloudFormationClient, { stack, region }: StackPlace): Promise<string | null> {
  const doing = `ask CloudFormation for the events of ${stack} in ${region}`;
  const { StackEvents = [] } = await client
    .send(new DescribeStackEventsCommand({ StackName: stack }))
    .catch(translate({ doing, looksOnly: true }));
  const begun = StackEvents.findIndex(
    (event) => isStackEvent(event) && event.ResourceStatusReason === 'User Initiated',
  );
  const newest = begun < 0 ? StackEvents : StackEvents.slice(0, begun);
  const failures = newest.filter(
    (event) =>
      !isStackEvent(event) &&
      event.ResourceStatus?.endsWith('_FAILED') &&
      !CONSEQUENCE.test(event.ResourceStatusReason ?? ''),
  );
  const first = failures.at(-1);
  return first
    ? `${first.LogicalResourceId} (${first.ResourceType}): ${first.ResourceStatusReason ?? 'no reason given'}`
    : null;
}

function isStackEvent({ PhysicalResourceId, StackId }: StackEvent): boolean {
  return PhysicalResourceId === StackId;
}

function stateOf(stack: Stack | null): StackState {
  const tag = (key: string) => stack?.Tags?.find(({ Key }) => Key === key)?.Value ?? null;
  return {
    status: stack?.StackStatus ?? null,
    reason: stack?.StackStatusReason ?? null,
    release: tag(TAGS.release),
    stage: tag(TAGS.stage),
  };
}

function translate(how: { readonly doing: string; readonly looksOnly: boolean }): (thrown: unknown) => never {
  return (thrown) => {
    throw cloudError(thrown, how);
  };
}
