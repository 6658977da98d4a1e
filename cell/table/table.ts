/**
 * The narrow port on a DynamoDB-like table that all protocol code stands on: conditional writes, transactions, strong
 * reads. Conditions are data, so that the DynamoDB adapter compiles them, the simulation evaluates them, and one contract
 * suite holds both to the same meaning. A refused condition is an answer, with the items that refused it; it is not an error.
 */
import type { CallBounds } from '../cell-store.ts';

export type Attribute = string | number;
export interface Key {
  readonly pk: string;
  readonly sk: string;
}
/** Flat: strings and numbers only; nested data travels as a JSON string. */
export type Item = Key & { readonly [attribute: string]: Attribute };

export type Condition =
  | { readonly kind: 'absent' }
  | { readonly kind: 'attribute-absent'; readonly attribute: string }
  | { readonly kind: '=' | '<' | '<=' | '>'; readonly attribute: string; readonly value: Attribute }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] };

export type TableWrite =
  | { readonly kind: 'put'; readonly item: Item; readonly when?: Condition }
  | { readonly kind: 'delete'; readonly key: Key; readonly when?: Condition }
  | { readonly kind: 'check'; readonly key: Key; readonly when: Condition };

export interface Refusal {
  /** Index of the write whose condition failed. */
  readonly index: number;
  /** The item as it stood, `null` when there was none. */
  readonly existing: Item | null;
}

export type WriteResult =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'refused'; readonly refusals: readonly Refusal[] };

export interface QueryOptions extends CallBounds {
  /** Only sort keys that begin with this. */
  readonly prefix?: string;
  /** Exclusive start, from the last page. */
  readonly after?: string;
  readonly limit: number;
}

export interface Page {
  readonly items: readonly Item[];
  /** Pass as `after` for the next page; `null` at the end. */
  readonly next: string | null;
}

/**
 * Every call may throw a `PlatformError`: `STORE_UNAVAILABLE` (effect none when it certainly was not sent, else unknown),
 * `STORE_THROTTLED` and `STORE_CONFLICT` (effect none), `DEADLINE_EXCEEDED` (effect unknown for writes).
 */
export interface Table {
  get(key: Key, bounds: CallBounds): Promise<Item | null>;
  getMany(keys: readonly Key[], bounds: CallBounds): Promise<readonly Item[]>;
  query(pk: string, options: QueryOptions): Promise<Page>;
  write(write: TableWrite, bounds: CallBounds): Promise<WriteResult>;
  /** All or nothing; at most `TRANSACTION_WRITES_MAX` writes of distinct keys. */
  transact(writes: readonly TableWrite[], bounds: CallBounds): Promise<WriteResult>;
  /** Unconditional deletes, any number; idempotent, not atomic. */
  deleteMany(keys: readonly Key[], bounds: CallBounds): Promise<void>;
}

export const TRANSACTION_WRITES_MAX = 100;
export const QUERY_LIMIT_MAX = 500;
/** A table's page holds at most 1 MB; an aggregate is far smaller, so more pages than this mean a broken table. */
export const QUERY_PAGES_MAX = 64;

export const equals = (attribute: string, value: Attribute): Condition => ({ kind: '=', attribute, value });
export const all = (...of: Condition[]): Condition => ({ kind: 'all', of });
export const any = (...of: Condition[]): Condition => ({ kind: 'any', of });
export const absent: Condition = { kind: 'absent' };

/** All items of a table key (with a prefix), page by page. */
export async function queryAll(
  table: Table,
  pk: string,
  options: CallBounds & { readonly prefix?: string },
): Promise<readonly Item[]> {
  const first = {
    deadlineAtMs: options.deadlineAtMs,
    signal: options.signal,
    prefix: options.prefix,
    limit: QUERY_LIMIT_MAX,
  };
  let page = await table.query(pk, first);
  // Nearly always the only one.
  if (page.next === null) return page.items;
  const items = [...page.items];
  for (let pages = 1; page.next !== null && pages < QUERY_PAGES_MAX; pages++) {
    page = await table.query(pk, { ...first, after: page.next });
    items.push(...page.items);
  }
  return items;
}
