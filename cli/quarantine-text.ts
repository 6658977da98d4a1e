/** The quarantine for people: what waits, how one stands to the present, what became of the others. */
import type { QuarantineList, SettledList, WaitingDetail } from '../cell/reconcile/quarantine-view.ts';
import type { Json } from '../core/json.ts';
import { textTable } from './text-table.ts';

type OfCell<T> = T & { readonly cell: string };

const VALUE_LENGTH_MAX = 100;

export function listText(cells: readonly OfCell<QuarantineList>[]): string {
  const rows = cells.flatMap(({ cell, rows: waiting }) =>
    waiting.map((row) => [cell, shortId(row), row.region, String(row.fenceEpoch), time(row.committedAtMs)]),
  );
  const titles = ['CELL', 'ID', 'LIES IN', 'FENCE', 'COMMITTED'];
  const table = textTable(
    titles.map((title) => ({ title })),
    rows,
  );
  return [rows.length === 0 ? 'Nothing waits in quarantine.' : table, ...remarks(cells, 'list')].join('\n');
}

export function settledText(cells: readonly OfCell<SettledList>[]): string {
  const rows = cells.flatMap(({ cell, rows: settled }) =>
    settled.map(({ commit, action, takenInAs, by, atMs, reason }) => [
      ...[cell, shortId(commit), action, takenInAs ? `${takenInAs.epoch}.${takenInAs.version}` : '–'],
      ...[by, time(atMs), reason],
    ]),
  );
  const titles = ['CELL', 'ID', 'WAS', 'AS', 'BY', 'AT', 'WHY'];
  const table = textTable(
    titles.map((title) => ({ title })),
    rows,
  );
  return [rows.length === 0 ? 'Nothing was ever settled.' : table, ...remarks(cells, 'settled')].join('\n');
}

export function detailText(detail: WaitingDetail): string {
  const { standing, present, previous, region, idempotencyKey, messages } = detail;
  const facts = [
    ['lies in', region],
    ['made on', previous === null ? 'nothing' : `${previous.epoch}.${previous.version}`],
    ['line stands at', present === null ? 'nothing' : `${present.epoch}.${present.version}`],
    ['stands', standing.state === 'untouched' ? 'untouched: nobody wrote since' : `${standing.state}: ${standing.why}`],
    ['client key', idempotencyKey ?? 'none'],
    ['messages', messages.length === 0 ? 'none' : messages.join(', ')],
  ];
  const items = detail.items.map(({ item, quarantined, present: now }) => [item, value(quarantined), value(now)]);
  return [
    shortId(detail),
    textTable(
      [{ title: '' }, { title: '' }],
      facts.map(([name, text]) => [`  ${name}`, text ?? '']),
    ),
    '',
    textTable([{ title: 'ITEM' }, { title: 'QUARANTINED' }, { title: 'PRESENT' }], items),
    '',
    ...choices(detail),
  ].join('\n');
}

function choices({ standing, merge }: WaitingDetail): readonly string[] {
  const over = 'does nothing but say so in the audit';
  if (standing.state === 'superseded') return [`adopt, merge, discard  ${over}: ${standing.why}`];
  if (standing.state === 'untouched') {
    return ['adopt, merge  makes it again as it is', 'discard       leaves it out for good'];
  }
  const merged =
    merge === null
      ? 'is refused: its service declares no merge'
      : merge.kind === 'changes'
        ? `changes ${merge.changes.map(({ item }) => item).join(', ')}`
        : merge.kind === 'nothing'
          ? `${over}: ${merge.why}`
          : `is refused: ${merge.why}`;
  return [`adopt    is refused: ${standing.why}`, `merge    ${merged}`, 'discard  leaves it out for good'];
}

function remarks(cells: readonly OfCell<Omit<QuarantineList, 'rows'>>[], verb: 'list' | 'settled'): readonly string[] {
  const lacks = {
    list: 'what lies there is not listed',
    settled: 'of its audit only what was discarded or merged is listed',
  }[verb];
  return cells.flatMap(({ cell, next, unread }) => [
    ...(next === null ? [] : [`More: holdfast quarantine ${verb} --cell ${cell} --after '${next}'`]),
    ...unread.map((region) => `The store of ${cell} in ${region} did not answer; ${lacks}.`),
  ]);
}

const shortId = (row: { readonly aggregate: string; readonly epoch: number; readonly version: number }) =>
  `${row.aggregate}@${row.epoch}.${row.version}`;

const time = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

function value(json: Json): string {
  const text = json === null ? '–' : JSON.stringify(json);
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}…` : text;
}
