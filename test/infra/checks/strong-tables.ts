/**
 * What the arbiter rests on, and CloudFormation does not check: multi-Region strong consistency, two replicas and a witness
 * that is neither, and nothing that such a table can't have.
 */
import { listOf, objectOf } from '../intrinsics.ts';
import { type Finding, resourcesOf, type Template } from '../templates.ts';

const REPLICAS = 2;

export function checkStrongTables(template: Template, wanted: readonly string[]): readonly Finding[] {
  const tables = resourcesOf(template, 'AWS::DynamoDB::GlobalTable');
  const names = tables.map(([, { TableName }]) => String(TableName));
  return [
    ...wanted.filter((name) => !names.includes(name)).map((name) => `${name}: is not there`),
    ...tables.flatMap(([, table]) => problems(table).map((problem) => `${String(table.TableName)}: ${problem}`)),
  ];
}

function problems(table: Readonly<Record<string, unknown>>): readonly Finding[] {
  const regions = (list: unknown) => listOf(list ?? []).map((entry) => String(objectOf(entry).Region));
  const [replicas, witnesses] = [regions(table.Replicas), regions(table.GlobalTableWitnesses)];
  const has = (key: string) => table[key] !== undefined;
  const rules: readonly (readonly [boolean, string])[] = [
    [table.MultiRegionConsistency === 'STRONG', 'is not strongly consistent over its regions'],
    [replicas.length === REPLICAS && new Set(replicas).size === REPLICAS, `has replicas in ${replicas.join(', ')}`],
    [witnesses.length === 1, `has ${witnesses.length} witnesses`],
    [!witnesses.some((region) => replicas.includes(region)), 'has a witness where it has a replica'],
    [!has('TimeToLiveSpecification'), 'deletes by time'],
    [!has('LocalSecondaryIndexes'), 'has a local index'],
    [!listOf(table.Replicas).some((replica) => 'GlobalSecondaryIndexes' in objectOf(replica)), 'has an index'],
    [table.BillingMode === 'PAY_PER_REQUEST', 'costs money while idle'],
  ];
  return rules.filter(([holds]) => !holds).map(([, problem]) => problem);
}
