/**
 * The log that each aggregate of the simulation keeps: the names of its commits, one after the other, as one text, and of its
 * open messages. As text because the judges look into it several thousand times a schedule: what they ask is found in a row's
 * JSON as it stands, and nothing of it is parsed.
 */
import type { Item } from '../../cell/table/table.ts';
import type { JsonObject } from '../../core/json.ts';

export const LOG_ITEM = 'log';

/** Names have no blank and need no escaping in JSON. */
const BETWEEN = ' ';
const DATA_BEGINS = '{"entries":"';
const CHANGE_BEGINS = `"item":"${LOG_ITEM}","data":${DATA_BEGINS}`;

/** What a commit makes of the log. */
export function logData(log: { readonly entries: string; readonly open: readonly string[] }): JsonObject {
  return { entries: log.entries, open: log.open.join(BETWEEN) };
}

export function appended(log: string, entry: string): string {
  return log === '' ? entry : log + BETWEEN + entry;
}

export const namesIn = (log: string): readonly string[] => (log === '' ? [] : log.split(BETWEEN));

export const entriesOf = (data: JsonObject | undefined): string => String(data?.entries ?? '');
export const openOf = (data: JsonObject | undefined): readonly string[] => namesIn(String(data?.open ?? ''));

/** The entries of a log's row; of no row none. */
export function logOf(row: Item | null): string {
  return row === null ? '' : textAfter(String(row.data), { begins: DATA_BEGINS, from: 0 });
}

/** The entry that a commit added, from the row that carries the commit; `null`: it did not change the log. */
export function entryOf(row: Item): string | null {
  const commit = String(row.commit);
  const from = commit.indexOf(CHANGE_BEGINS);
  if (from < 0) return null;
  const log = textAfter(commit, { begins: CHANGE_BEGINS, from });
  return log.slice(log.lastIndexOf(BETWEEN) + 1);
}

export function has(log: string, entry: string): boolean {
  for (let at = log.indexOf(entry); at >= 0; at = log.indexOf(entry, at + 1)) {
    const end = at + entry.length;
    if ((at === 0 || log[at - 1] === BETWEEN) && (end === log.length || log[end] === BETWEEN)) return true;
  }
  return false;
}

/** The entries that one log has and the other, of which it is the continuation, has not; `null`: it is none. */
export function addedTo(earlier: string, later: string): readonly string[] | null {
  if (later === earlier) return [];
  if (earlier === '') return namesIn(later);
  return later[earlier.length] === BETWEEN && later.startsWith(earlier)
    ? namesIn(later.slice(earlier.length + 1))
    : null;
}

function textAfter(json: string, { begins, from }: { readonly begins: string; readonly from: number }): string {
  if (!json.startsWith(begins, from)) throw new Error(`no log in ${json}`);
  const start = from + begins.length;
  return json.slice(start, json.indexOf('"', start));
}
