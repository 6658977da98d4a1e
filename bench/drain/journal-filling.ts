/** A journal as a long partition leaves it: chains of commits of many aggregates, put straight into the store's table. */
import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { journalItem } from '../../cell/store/table-layout.ts';
import { marshalAttribute } from '../../cell/table/condition-expression.ts';
import { type Commit, extendLineage, type Head } from '../../core/commit.ts';
import { aggregateId } from '../../core/ids.ts';
import { HERE, TABLE } from '../store/store-lab.ts';

/** As a shop's hour: each product is written this often. */
export const COMMITS_PER_AGGREGATE = 20;
const BATCH = 25;
const IN_FLIGHT = 8;

/** What a write of stock commits: one item, an idempotency record; about 700 bytes. */
function commitOf(aggregate: number, version: number): Commit {
  const previous: Head | null =
    version === 1 ? null : { epoch: 1, version: version - 1, lineage: [{ epoch: 1, version: version - 1 }] };
  return {
    aggregate: aggregateId(`stock/tenant-${aggregate % 500}/sku-${aggregate}`),
    class: 'strict',
    epoch: 1,
    version,
    previous: previous && { epoch: previous.epoch, version: previous.version },
    lineage: extendLineage(previous, { epoch: 1, version }),
    origin: HERE,
    changes: [{ kind: 'put', item: 'level', data: { available: version, priceCents: 1_250, note: 'x'.repeat(120) } }],
    idempotency: { key: `key-${aggregate}-${version}`, fingerprint: 'f'.repeat(64), response: { available: version } },
    outbox: [],
    outboxDone: [],
    atMs: 1_780_000_000_000,
  };
}

/** Commits `from` to `to` (exclusive), numbered through all aggregates. */
export async function fillJournal(
  sdk: DynamoDBClient,
  range: { readonly from: number; readonly to: number },
): Promise<void> {
  let next = range.from;
  const lane = async () => {
    while (next < range.to) {
      const from = next;
      next = Math.min(range.to, from + BATCH);
      await putBatch(sdk, { from, to: next });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

export function commitsOf({ from, to }: { readonly from: number; readonly to: number }): readonly Commit[] {
  return Array.from({ length: to - from }, (_, at) => {
    const number = from + at;
    return commitOf(Math.floor(number / COMMITS_PER_AGGREGATE), (number % COMMITS_PER_AGGREGATE) + 1);
  });
}

async function putBatch(sdk: DynamoDBClient, range: { readonly from: number; readonly to: number }): Promise<void> {
  const requests = commitsOf(range).map((commit) => {
    const attributes = Object.entries(journalItem(commit)).map(([name, value]) => [name, marshalAttribute(value)]);
    return { PutRequest: { Item: Object.fromEntries(attributes) } };
  });
  const { UnprocessedItems } = await sdk.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: requests } }));
  if ((UnprocessedItems?.[TABLE] ?? []).length > 0) throw new Error('The engine left items of a batch unwritten.');
}
