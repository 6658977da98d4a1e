/** A journal as a long partition leaves it: chains of commits of many aggregates, put straight into the store's table. */
import { Client } from 'undici';
import { journalItem } from '../../cell/store/table-layout.ts';
import { marshalAttribute } from '../../cell/table/condition-expression.ts';
import { TRANSACTION_WRITES_MAX } from '../../cell/table/table.ts';
import { type Commit, extendLineage, type Head } from '../../core/commit.ts';
import { invariant } from '../../core/errors.ts';
import { aggregateId } from '../../core/ids.ts';
import { HERE, TABLE } from '../store/store-lab.ts';

/** As a shop's hour: each product is written this often. */
export const COMMITS_PER_AGGREGATE = 20;
const IN_FLIGHT = 2;

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

/**
 * Commits `from` to `to` (exclusive), numbered through all aggregates. Past the SDK, in whole transactions: an engine takes a
 * hundred items of one transaction for less than half of what it takes for them in batches of 25.
 */
export async function fillJournal(url: string, range: { readonly from: number; readonly to: number }): Promise<void> {
  let next = range.from;
  const lane = async () => {
    const connection = new Client(url, { pipelining: 1 });
    try {
      while (next < range.to) {
        const from = next;
        next = Math.min(range.to, from + TRANSACTION_WRITES_MAX);
        await putTogether(connection, { from, to: next });
      }
    } finally {
      await connection.close();
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

async function putTogether(connection: Client, range: { readonly from: number; readonly to: number }): Promise<void> {
  const TransactItems = commitsOf(range).map((commit) => {
    const attributes = Object.entries(journalItem(commit)).map(([name, value]) => [name, marshalAttribute(value)]);
    return { Put: { TableName: TABLE, Item: Object.fromEntries(attributes) } };
  });
  const { statusCode, body } = await connection.request({
    path: '/',
    method: 'POST',
    headers: { ...UNSIGNED_HEADERS, 'x-amz-target': 'DynamoDB_20120810.TransactWriteItems' },
    body: JSON.stringify({ TransactItems }),
  });
  const answer = await body.text();
  invariant(statusCode === 200, `the engine takes what the journal is filled with, and not: ${statusCode} ${answer}`);
}

/** Checked by no engine, and wanted by each. */
const UNSIGNED_HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none',
  'x-amz-date': '20260101T000000Z',
};
