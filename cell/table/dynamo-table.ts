/** The table port on DynamoDB, through the AWS SDK's low-level client. One try a call: who retries decides by the effect. */
import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../core/clock.ts';
import { invariant, PlatformError } from '../../core/errors.ts';
import type { CallBounds } from '../cell-store.ts';
import { compileCondition, marshalAttribute } from './condition-expression.ts';
import { refusalsOf, translateStoreError } from './store-errors.ts';
import {
  type Item,
  type Key,
  type Page,
  type QueryOptions,
  type Table,
  type TableWrite,
  TRANSACTION_WRITES_MAX,
  type WriteResult,
} from './table.ts';

/** DynamoDB's own limits for one batch call. */
const BATCH_GET_MAX = 100;
const BATCH_WRITE_MAX = 25;
/** Rounds for keys that a batch call left unprocessed. */
const BATCH_ROUNDS_MAX = 8;

export class DynamoTable implements Table {
  readonly #client: DynamoDBClient;
  readonly #name: string;
  readonly #clock: Clock;

  constructor(options: { client: DynamoDBClient; name: string; clock: Clock }) {
    this.#client = options.client;
    this.#name = options.name;
    this.#clock = options.clock;
  }

  async get(key: Key, bounds: CallBounds): Promise<Item | null> {
    const command = new GetItemCommand({ TableName: this.#name, Key: marshalKey(key), ConsistentRead: true });
    const answer = await this.#call('read', bounds, (abortSignal) => this.#client.send(command, { abortSignal }));
    return answer.Item ? unmarshal(answer.Item) : null;
  }

  async getMany(keys: readonly Key[], bounds: CallBounds): Promise<readonly Item[]> {
    const items: Item[] = [];
    let left: Record<string, AttributeValue>[] = keys.map(marshalKey);
    for (let round = 0; left.length > 0 && round < BATCH_ROUNDS_MAX + keys.length / BATCH_GET_MAX; round++) {
      const Keys = left.slice(0, BATCH_GET_MAX);
      const command = new BatchGetItemCommand({ RequestItems: { [this.#name]: { Keys, ConsistentRead: true } } });
      const answer = await this.#call('read', bounds, (abortSignal) => this.#client.send(command, { abortSignal }));
      items.push(...(answer.Responses?.[this.#name] ?? []).map(unmarshal));
      left = [...(answer.UnprocessedKeys?.[this.#name]?.Keys ?? []), ...left.slice(BATCH_GET_MAX)];
    }
    if (left.length > 0) throw throttled();
    return items;
  }

  async query(pk: string, options: QueryOptions): Promise<Page> {
    const { prefix = '', after, limit } = options;
    const command = new QueryCommand({
      TableName: this.#name,
      ConsistentRead: true,
      Limit: limit,
      KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': { S: pk }, ...(prefix === '' ? {} : { ':prefix': { S: prefix } }) },
      ...(after === undefined ? {} : { ExclusiveStartKey: marshalKey({ pk, sk: after }) }),
    });
    const answer = await this.#call('read', options, (abortSignal) => this.#client.send(command, { abortSignal }));
    return { items: (answer.Items ?? []).map(unmarshal), next: answer.LastEvaluatedKey?.sk?.S ?? null };
  }

  async write(write: TableWrite, bounds: CallBounds): Promise<WriteResult> {
    if (write.kind === 'check') return this.transact([write], bounds);
    const common = {
      TableName: this.#name,
      ...(write.when ? compileCondition(write.when) : {}),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    };
    return this.#conditional(bounds, (abortSignal) =>
      write.kind === 'put'
        ? this.#client.send(new PutItemCommand({ ...common, Item: marshal(write.item) }), { abortSignal })
        : this.#client.send(new DeleteItemCommand({ ...common, Key: marshalKey(write.key) }), { abortSignal }),
    );
  }

  async transact(writes: readonly TableWrite[], bounds: CallBounds): Promise<WriteResult> {
    invariant(writes.length <= TRANSACTION_WRITES_MAX, `a transaction has at most ${TRANSACTION_WRITES_MAX} writes`);
    const TransactItems = writes.map((write) => this.#transactItem(write));
    const command = new TransactWriteItemsCommand({ TransactItems });
    return this.#conditional(bounds, (abortSignal) => this.#client.send(command, { abortSignal }));
  }

  async deleteMany(keys: readonly Key[], bounds: CallBounds): Promise<void> {
    for (let from = 0; from < keys.length; from += BATCH_WRITE_MAX) {
      await this.#deleteBatch(keys.slice(from, from + BATCH_WRITE_MAX), bounds);
    }
  }

  async #deleteBatch(keys: readonly Key[], bounds: CallBounds): Promise<void> {
    let requests = keys.map((key) => ({ DeleteRequest: { Key: marshalKey(key) } }));
    for (let round = 0; requests.length > 0; round++) {
      if (round === BATCH_ROUNDS_MAX) throw throttled();
      const command = new BatchWriteItemCommand({ RequestItems: { [this.#name]: requests } });
      const answer = await this.#call('write', bounds, (abortSignal) => this.#client.send(command, { abortSignal }));
      requests = (answer.UnprocessedItems?.[this.#name] ?? []) as typeof requests;
    }
  }

  #transactItem(write: TableWrite): TransactWriteItem {
    const common = {
      TableName: this.#name,
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    };
    const condition = write.when ? compileCondition(write.when) : {};
    switch (write.kind) {
      case 'put':
        return { Put: { ...common, ...condition, Item: marshal(write.item) } };
      case 'delete':
        return { Delete: { ...common, ...condition, Key: marshalKey(write.key) } };
      case 'check':
        return { ConditionCheck: { ...common, ...compileCondition(write.when), Key: marshalKey(write.key) } };
    }
  }

  async #conditional(bounds: CallBounds, send: (signal: AbortSignal) => Promise<unknown>): Promise<WriteResult> {
    try {
      await this.#call('write', bounds, send);
      return { outcome: 'done' };
    } catch (error) {
      const refusals = refusalsOf(error, unmarshal);
      if (refusals) return { outcome: 'refused', refusals };
      throw error;
    }
  }

  /** One bounded call. The SDK's own retries are off: it can't know which of our writes may be repeated. */
  async #call<T>(kind: 'read' | 'write', bounds: CallBounds, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const leftMs = bounds.deadlineAtMs - this.#clock.monotonicMs();
    if (leftMs <= 0 || bounds.signal?.aborted) throw deadlineBeforeSending();
    const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(leftMs)));
    const signal = bounds.signal ? AbortSignal.any([timeout, bounds.signal]) : timeout;
    try {
      return await send(signal);
    } catch (error) {
      throw translateStoreError(error, { kind });
    }
  }
}

function deadlineBeforeSending(): PlatformError {
  return new PlatformError({
    code: 'DEADLINE_EXCEEDED',
    kind: 'dependency',
    effect: 'none',
    message:
      'The deadline had passed before the store was called. Nothing was sent; call again with a longer deadline.',
  });
}

function throttled(): PlatformError {
  return new PlatformError({
    code: 'STORE_THROTTLED',
    kind: 'dependency',
    effect: 'unknown',
    message: `The store left keys of a batch unprocessed ${BATCH_ROUNDS_MAX} times. Slow down and repeat.`,
  });
}

const marshalKey = (key: Key): Record<string, AttributeValue> => ({ pk: { S: key.pk }, sk: { S: key.sk } });

function marshal(item: Item): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, marshalAttribute(value)]));
}

function unmarshal(item: Record<string, AttributeValue>): Item {
  const entries = Object.entries(item).map(([name, value]) => [
    name,
    value.N === undefined ? value.S : Number(value.N),
  ]);
  return Object.fromEntries(entries);
}
