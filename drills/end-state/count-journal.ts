/** How many commits a store's journal holds, asked of the engine itself. The layout is the one in docs/history-format.md. */
import type { Json } from '../../core/json.ts';
import type { ProcessSight } from '../ports/platform-port.ts';
import type { HttpClient } from '../workload/http-client.ts';
import { membersOf } from '../workload/product.ts';

const JOURNAL_SHARDS = 4;
/** At a megabyte each, several million entries. */
const PAGES_MAX = 4_096;
const PAGE_DEADLINE_MS = 5_000;

/** `null`: the engine did not answer all of it. */
export async function countJournal(http: HttpClient, store: ProcessSight): Promise<number | null> {
  const shards = Array.from({ length: JOURNAL_SHARDS }, (_, shard) => countShard(http, { store, shard }));
  const counts = await Promise.all(shards);
  return counts.reduce((sum: number | null, count) => (sum === null || count === null ? null : sum + count), 0);
}

async function countShard(http: HttpClient, of: { store: ProcessSight; shard: number }): Promise<number | null> {
  let count = 0;
  let start: Json = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const outcome = await http.send({ ...countRequest(of, start), deadlineMs: PAGE_DEADLINE_MS });
    const { Count, LastEvaluatedKey } = membersOf(outcome.body);
    if (outcome.type !== 'ok' || typeof Count !== 'number') return null;
    count += Count;
    if (LastEvaluatedKey === undefined || LastEvaluatedKey === null) return count;
    start = LastEvaluatedKey;
  }
  return null;
}

function countRequest({ store, shard }: { store: ProcessSight; shard: number }, start: Json) {
  return {
    origin: store.url ?? '',
    method: 'POST' as const,
    path: '/',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.Query',
      'x-amz-date': '20260101T000000Z',
      // An engine on one machine checks the form of the signature, not the signature.
      authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/${store.region}/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
    },
    body: {
      TableName: `holdfast-${store.cell}`,
      Select: 'COUNT',
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: `JOURNAL#${shard}` } },
      ...(start === null ? {} : { ExclusiveStartKey: start }),
    },
  };
}
