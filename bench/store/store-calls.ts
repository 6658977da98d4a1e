/** The calls that the store bench compares. All write the same 200 bytes over one of a fixed set of keys, so that no store grows. */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { systemClock } from '../../core/clock.ts';
import { extendLineage, type Head } from '../../core/commit.ts';
import type { AckMode } from '../../core/consistency.ts';
import { PlatformError } from '../../core/errors.ts';
import { aggregateId } from '../../core/ids.ts';
import { type StoreLab, TABLE } from './store-lab.ts';

/** Enough that calls in flight never meet on one key. */
const KEYS_PER_LANE = 8;
const DEADLINE_MS = 5_000;
const PAYLOAD = 'x'.repeat(200);

/** One call on a lane; a lane has one call in flight at a time. */
export type StoreCall = (lane: number, sequence: number) => Promise<void>;

export interface NamedCall {
  readonly name: string;
  readonly what: string;
  readonly call: StoreCall;
}

export function storeCalls(lab: StoreLab): readonly NamedCall[] {
  return [
    { name: 'raw-put', what: 'plain put, keep-alive HTTP without the SDK', call: rawPut(lab) },
    { name: 'sdk-put', what: 'plain put through the SDK', call: sdkPut(lab) },
    { name: 'commit-local', what: 'fenced commit, ack: local', call: commit(lab, 'local') },
    { name: 'commit-replicated', what: 'fenced commit, ack: replicated', call: commit(lab, 'replicated') },
  ];
}

function item(kind: string, lane: number, sequence: number) {
  const pk = { S: `${kind}#${lane}#${sequence % KEYS_PER_LANE}` };
  return { pk, sk: { S: 'ITEM' }, data: { S: PAYLOAD }, n: { N: String(sequence) } };
}

function sdkPut({ sdk }: StoreLab): StoreCall {
  return async (lane, sequence) => {
    await sdk.send(new PutItemCommand({ TableName: TABLE, Item: item('sdk', lane, sequence) }));
  };
}

/** As the SDK's call on the wire, but for the signature, which an engine on this machine does not check. */
function rawPut({ connections }: StoreLab): StoreCall {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'DynamoDB_20120810.PutItem',
    'x-amz-date': '20200101T000000Z',
    authorization: `AWS4-HMAC-SHA256 Credential=local/20200101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, Signature=${'0'.repeat(64)}`,
  };
  return async (lane, sequence) => {
    const connection = connections[lane];
    if (!connection) throw new RangeError(`Lane ${lane} of ${connections.length}.`);
    const body = JSON.stringify({ TableName: TABLE, Item: item('raw', lane, sequence) });
    const answer = await connection.request({ method: 'POST', path: '/', headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw refusedPut(answer.statusCode, text);
  };
}

function commit({ store }: StoreLab, ack: AckMode): StoreCall {
  const heads = new Map<string, Head>();
  return async (lane, sequence) => {
    const id = `bench/${ack}/${lane}/${sequence % KEYS_PER_LANE}`;
    const expected = heads.get(id) ?? null;
    const change = { kind: 'put' as const, item: 'item', data: { payload: PAYLOAD, n: sequence } };
    const receipt = await store.commit(
      { aggregate: aggregateId(id), class: 'strict', expected, changes: [change] },
      { ack, deadlineAtMs: systemClock.monotonicMs() + DEADLINE_MS },
    );
    const { epoch, version } = receipt;
    heads.set(id, { epoch, version, lineage: extendLineage(expected, { epoch, version }) });
  };
}

function refusedPut(status: number, text: string): PlatformError {
  return new PlatformError({
    code: 'STORE_UNAVAILABLE',
    kind: 'dependency',
    effect: 'unknown',
    message: `The engine answered a put with ${status}: ${text.slice(0, 200)}. It should answer 200.`,
  });
}
