/** Handwritten histories, short to write: each call is a row; the text goes through the real reader. */
import type { Json } from '../../core/json.ts';
import type { History } from '../../drills/history/call.ts';
import type { CellEndState, EndState } from '../../drills/history/end-state.ts';
import type { OperationName } from '../../drills/history/operation.ts';
import { readHistory } from '../../drills/history/read-history.ts';

export const EAST = 'us-east-1';
export const WEST = 'us-west-2';

export interface Row {
  readonly at: readonly [number, number];
  readonly op?: OperationName;
  readonly key?: string;
  readonly asked?: Json;
  readonly outcome?: 'ok' | 'fail' | 'info';
  readonly value?: Json;
  readonly region?: string | null;
  readonly epoch?: number | null;
  readonly client?: number;
  readonly cell?: string;
  readonly id?: string;
  readonly via?: 'router' | 'direct';
  readonly sentTo?: string;
  readonly code?: string;
  readonly degraded?: string;
  readonly stalenessMs?: number;
  readonly session?: boolean;
}

/** Two lines a row, sorted by time. */
export function linesOf(rows: readonly Row[]): readonly string[] {
  const events = rows.flatMap((row, index) => {
    const outcome = row.outcome ?? 'ok';
    const base = {
      client: row.client ?? index,
      op: row.op ?? 'stock.put',
      key: row.key ?? 'acme/sku-1',
      cell: row.cell ?? 'c01',
      id: row.id ?? `call-${index}`,
      value: row.asked ?? null,
    };
    const region = row.region === undefined ? EAST : row.region;
    const begin = {
      ...base,
      type: 'invoke',
      t: row.at[0],
      via: row.via ?? 'router',
      region: row.sentTo ?? region,
      epoch: null,
      ...(row.session ? { session: true } : {}),
    };
    const answered = { region, epoch: row.epoch === undefined ? 1 : row.epoch };
    const more =
      outcome === 'ok'
        ? {
            value: row.value ?? base.value,
            ...(row.degraded ? { degraded: row.degraded } : {}),
            ...(row.stalenessMs === undefined ? {} : { stalenessMs: row.stalenessMs }),
          }
        : { code: row.code ?? 'TIMEOUT' };
    return [begin, { ...base, type: outcome, t: row.at[1], ...answered, ...more }];
  });
  return events.sort((a, b) => a.t - b.t).map((event) => JSON.stringify(event));
}

export function historyText(rows: readonly Row[]): string {
  return linesOf(rows)
    .map((line) => `${line}\n`)
    .join('');
}

export function historyOf(rows: readonly Row[]): History {
  const read = readHistory(historyText(rows));
  if (!read.ok) throw new Error(`The sample is no history: line ${read.line}: ${read.reason}`);
  return read.history;
}

export function cellEnd(over: Partial<CellEndState> = {}): CellEndState {
  return { cell: 'c01', owner: WEST, epoch: 2, aggregates: [], quarantine: [], journalPending: {}, ...over };
}

export function endOf(over: Partial<EndState> = {}): EndState {
  return { cells: [cellEnd()], finals: [], carts: [], ledger: [], ...over };
}

export function stockFinal(found: Json, key = 'acme/sku-1') {
  return { of: 'stock' as const, key, cell: 'c01', found };
}

/** A failover as it should be: east acknowledges 1 and 2 under epoch 1, 3 is of unknown outcome, west acknowledges 4 under epoch 2. */
export const GOOD_FAILOVER: readonly Row[] = [
  { at: [0, 5], asked: 1 },
  { at: [20, 26], asked: 2 },
  { at: [40, 440], asked: 3, outcome: 'info', region: null, epoch: null },
  { at: [450, 460], asked: 30, outcome: 'fail', code: 'NOT_ACTIVE' },
  { at: [500, 512], asked: 4, region: WEST, epoch: 2 },
];
