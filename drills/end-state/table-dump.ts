/**
 * Reads a cell's table as an auditor does: whole, through the engine's own API, past every proxy and without a line of the
 * code that is judged. What it knows of the layout is what docs/history-format.md states.
 */
import { createHash } from 'node:crypto';
import type { Json } from '../../core/json.ts';
import type { AggregateDump, OrderDump, QuarantineDump, ReconciledDump, StockDump } from '../history/end-state.ts';
import type { HttpClient } from '../workload/http-client.ts';
import { membersOf } from '../workload/product.ts';
import { orderNamesOf, ordersOf, type Row, stockOf, tenantOf } from './shop-rows.ts';

export interface TableDump {
  readonly aggregates: readonly AggregateDump[];
  readonly quarantine: readonly QuarantineDump[];
  readonly reconciled: readonly ReconciledDump[];
  readonly stock: readonly StockDump[];
  readonly orders: readonly OrderDump[];
  readonly orderNames: readonly string[];
  readonly journalPending: number;
}

export interface DumpOptions {
  readonly http: HttpClient;
  readonly storeUrl: string;
  readonly cell: string;
  readonly region: string;
  /** Only what belongs to these tenants is taken; other tenants' data is nobody's business. */
  readonly tenants: ReadonlySet<string>;
}

/** At a megabyte each: more than that is no store of a drill. */
const PAGES_MAX = 512;
const PAGE_DEADLINE_MS = 5_000;

/** Throws when the engine does not answer, or not with a table. */
export async function dumpTable(options: DumpOptions): Promise<TableDump> {
  const rows = await scan(options);
  return {
    aggregates: aggregatesOf(rows, options),
    quarantine: rows.filter((row) => row.pk === 'QUARANTINE').flatMap((row) => quarantined(row, options)),
    reconciled: rows.filter((row) => row.pk === 'RECONCILED').flatMap((row) => reconciled(row, options)),
    stock: stockOf(rows, options),
    orders: ordersOf(rows, options),
    orderNames: orderNamesOf(rows),
    journalPending: rows.filter((row) => row.pk?.startsWith('JOURNAL#')).length,
  };
}

async function scan(options: DumpOptions): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let start: Json = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const body = await scanPage(options, start);
    const items = body.Items;
    if (!Array.isArray(items)) throw new Error(`The engine at ${options.storeUrl} answered a scan without items.`);
    rows.push(...items.map(toRow));
    if (body.LastEvaluatedKey === undefined || body.LastEvaluatedKey === null) return rows;
    start = body.LastEvaluatedKey;
  }
  throw new Error(`The table of ${options.cell} in ${options.region} has more than ${PAGES_MAX} pages.`);
}

async function scanPage(
  { http, storeUrl, cell, region }: DumpOptions,
  start: Json,
): Promise<Readonly<Record<string, Json>>> {
  const outcome = await http.send({
    origin: storeUrl,
    method: 'POST',
    path: '/',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.Scan',
      'x-amz-date': '20260101T000000Z',
      // An engine on one machine checks the form of the signature, not the signature.
      authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/${region}/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
    },
    body: {
      TableName: `holdfast-${cell}`,
      ConsistentRead: true,
      ...(start === null ? {} : { ExclusiveStartKey: start }),
    },
    deadlineMs: PAGE_DEADLINE_MS,
  });
  if (outcome.type === 'ok') return membersOf(outcome.body);
  throw new Error(
    `The store of ${cell} in ${region} refused a scan: ${outcome.code} ${JSON.stringify(outcome.body).slice(0, 200)}`,
  );
}

/** `{pk: {S: "…"}, n: {N: "1"}}` → `{pk: "…", n: "1"}`: the tables hold strings and numbers only. */
function toRow(item: Json): Row {
  return Object.fromEntries(
    Object.entries(membersOf(item)).map(([name, typed]) => [name, String(Object.values(membersOf(typed))[0] ?? '')]),
  );
}

function aggregatesOf(rows: readonly Row[], { region, tenants }: DumpOptions): readonly AggregateDump[] {
  const parts = new Map<string, Row[]>();
  for (const row of rows) {
    if (!row.pk?.startsWith('AGG#')) continue;
    const aggregate = row.pk.slice('AGG#'.length);
    if (tenants.has(tenantOf(aggregate))) parts.set(aggregate, [...(parts.get(aggregate) ?? []), row]);
  }
  return [...parts].flatMap(([aggregate, items]) => {
    const head = items.find((item) => item.sk === 'HEAD');
    // Epoch 0: a mergeable aggregate, which no fence guards; carts are compared as clients see them.
    if (!head || Number(head.epoch) === 0) return [];
    const lineage = JSON.parse(head.lineage ?? '[]') as AggregateDump['lineage'];
    return [
      { region, aggregate, epoch: Number(head.epoch), version: Number(head.version), contents: digest(items), lineage },
    ];
  });
}

function digest(items: readonly Row[]): string {
  const lines = items.filter((item) => item.sk?.startsWith('ITEM#')).map((item) => `${item.sk}=${item.data}`);
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 24);
}

function quarantined(row: Row, options: DumpOptions): readonly QuarantineDump[] {
  return commitOf(row, options).map(({ dump, epoch, version }) => ({
    ...dump,
    epoch,
    version,
    fenceEpoch: Number(row.fenceEpoch),
  }));
}

/** The audit line of a quarantined commit that was settled. */
function reconciled(row: Row, options: DumpOptions): readonly ReconciledDump[] {
  const action = SETTLED.find((one) => one === row.action);
  if (!action) throw new Error(`A settled commit of ${options.cell} says ${row.action}; known: ${SETTLED.join(', ')}.`);
  const numberOf = (text: string | undefined) => (text === undefined || text === '' ? null : Number(text));
  return commitOf(row, options).map(({ dump }) => ({
    ...dump,
    action,
    by: row.by ?? 'unnamed',
    epoch: numberOf(row.epoch),
    version: numberOf(row.version),
  }));
}

const SETTLED = ['adopted', 'merged', 'discarded', 'superseded'] as const;

function commitOf(row: Row, { region, tenants }: DumpOptions) {
  const commit = membersOf(JSON.parse(row.commit ?? 'null') as Json);
  const aggregate = String(commit.aggregate);
  if (!tenants.has(tenantOf(aggregate))) return [];
  const id = membersOf(commit.idempotency ?? null).key;
  const write = writeOf(aggregate, commit.changes ?? null);
  const dump = { region, aggregate, id: typeof id === 'string' ? id : null, write };
  return [{ dump, epoch: Number(commit.epoch), version: Number(commit.version) }];
}

function writeOf(aggregate: string, changes: Json): QuarantineDump['write'] {
  const slash = aggregate.indexOf('/');
  const key = aggregate.slice(slash + 1);
  if (aggregate.startsWith('order/')) return { of: 'order', key, value: null };
  if (!aggregate.startsWith('stock/') || !Array.isArray(changes)) return null;
  const level = changes.map(membersOf).find((change: Readonly<Record<string, Json>>) => change.item === 'level');
  return level ? { of: 'stock', key, value: membersOf(level.data ?? null).available ?? null } : null;
}
