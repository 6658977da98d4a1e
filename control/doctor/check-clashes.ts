/**
 * Names that are taken. Our names are fixed, so what bears one and does not belong to a stack of ours makes CloudFormation
 * fail half-way: somebody else's, or what an earlier platform kept (production tables, log groups that a late call remade).
 */
import type { RegionName } from '../../core/ids.ts';
import { foreignRemedy, type StackState, standingOf } from '../deploy/stack-standing.ts';
import type { StackPlace } from '../deploy/stacks.ts';
import type { AccountEyes } from './account-eyes.ts';
import { blocker, type Finding, fine } from './finding.ts';
import { type NamedKind, type NamedResource, namedResources, type SynthesisedStack } from './synthesised-app.ts';

const LOG_GROUP_PREFIXES = ['/aws/lambda/holdfast-', '/holdfast'];

export function checkStackNames(
  region: RegionName,
  { present }: { readonly present: readonly (StackPlace & { readonly state: StackState })[] },
): readonly Finding[] {
  const check = 'stack-names';
  const foreign = present.filter(({ state }) => state.stage === null && standingOf(state) !== 'absent');
  if (foreign.length === 0) return [fine({ check, where: region, seen: `${present.length} of ours` })];
  return foreign.map(({ stack }) =>
    blocker({ check, where: region, seen: `${stack} is not ours`, remedy: foreignRemedy(stack) }),
  );
}

/** `missing`: stacks that are yet to come, of all regions: a global table is made from another one. */
export async function checkNames(
  region: RegionName,
  { eyes, missing }: { readonly eyes: AccountEyes; readonly missing: readonly SynthesisedStack[] },
): Promise<readonly Finding[]> {
  const check = 'names';
  const wanted = missing.flatMap(namedResources).filter((each) => each.region === region);
  if (wanted.length === 0) return [fine({ check, where: region, seen: 'no new ones' })];
  const taken = await takenNames(region, { eyes, wanted });
  if (taken.length === 0) return [fine({ check, where: region, seen: `${wanted.length} new ones, all free` })];
  return taken.map(({ kind, name, stack, how }) =>
    blocker({
      check,
      where: region,
      seen: `the ${kind} ${name} exists${how}`,
      remedy: remedyOf({ kind, name, stack, region }),
    }),
  );
}

type Taken = NamedResource & { readonly how: string };

async function takenNames(
  region: RegionName,
  { eyes, wanted }: { readonly eyes: AccountEyes; readonly wanted: readonly NamedResource[] },
): Promise<readonly Taken[]> {
  const ofKind = (kind: NamedKind) => wanted.filter((each) => each.kind === kind);
  const among = async (kind: NamedKind, list: () => Promise<readonly string[]>) => {
    const names = ofKind(kind);
    const existing = names.length > 0 ? new Set(await list()) : new Set<string>();
    return names
      .filter(({ name }) => existing.has(name))
      .map((each) => ({ ...each, how: ', and no stack of ours has it' }));
  };
  const logGroups = async () =>
    (await Promise.all(LOG_GROUP_PREFIXES.map((prefix) => eyes.logGroups(region, prefix)))).flat();
  const buckets = await Promise.all(
    ofKind('bucket').map(async (each) => {
      const found = await eyes.bucket(each.name, region);
      if (found === 'absent') return [];
      return [{ ...each, how: found === 'elsewhere' ? ', in another account' : ', and no stack of ours has it' }];
    }),
  );
  return [
    ...(await among('table', () => eyes.tables(region))),
    ...(await among('function', () => eyes.functions(region))),
    ...(await among('log group', logGroups)),
    ...buckets.flat(),
  ];
}

function remedyOf({ kind, name, stack, region }: NamedResource): string {
  const remove: Readonly<Record<NamedKind, string>> = {
    table: `aws dynamodb delete-table --table-name ${name} --region ${region}`,
    function: `aws lambda delete-function --function-name ${name} --region ${region}`,
    bucket: `aws s3 rb s3://${name} --force`,
    'log group': `aws logs delete-log-group --log-group-name ${name} --region ${region}`,
  };
  const keep =
    kind === 'table' || kind === 'bucket'
      ? ` To keep what it holds, take it over instead: npx cdk import ${stack}.`
      : '';
  return `Look whether anybody needs it. If not: ${remove[kind]}.${keep}`;
}
