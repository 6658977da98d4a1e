/**
 * The timeline in the arbiter's table: a partition for each day, lines in order of time. The arbiter has no transactions, so an
 * id is first claimed with its instant by a conditional write; the line itself is then put under that instant, whoever's it
 * was. So a repeat, by whomever and whenever, lands on the same line.
 */
import { absent, type Item, queryAll, type Table } from '../../cell/table/table.ts';
import type { Clock } from '../../core/clock.ts';
import { decodeEntry, shortened, type TimelineEntry } from '../../core/timeline/timeline.ts';
import { LINES_READ_MAX, type TimelineLog, type TimelinePage } from '../timeline/timeline-log.ts';

const CLAIMS = 'TIMELINE-IDS';
/** Nothing waits for it longer, cold connection and all: a line may get lost, a failover may not. */
const APPEND_MS_MAX = 2_000;
const DAY_MS = 24 * 60 * 60 * 1_000;
/** Days that one question may span; each is a query. */
const DAYS_READ_MAX = 31;

export interface TableTimelineOptions {
  readonly arbiter: Table;
  readonly clock: Clock;
  /** For a line to be written; default `APPEND_MS_MAX`. */
  readonly appendMsMax?: number;
}

export function tableTimeline({ arbiter, clock, appendMsMax = APPEND_MS_MAX }: TableTimelineOptions): TimelineLog {
  const tell = async (entry: TimelineEntry): Promise<boolean> => {
    const bounds = { deadlineAtMs: clock.monotonicMs() + appendMsMax };
    try {
      const line = await claimed(arbiter, shortened(entry), bounds);
      await arbiter.write({ kind: 'put', item: toItem(line) }, bounds);
      return true;
    } catch {
      // What happened stands in its own record; the timeline is a copy of it for people.
      return false;
    }
  };
  return {
    tell,
    append: async (entry) => void (await tell(entry)),
    read: async ({ fromMs, toMs }, { withinMs }) => {
      const bounds = { deadlineAtMs: clock.monotonicMs() + withinMs };
      const pages = await Promise.all(daysOf(fromMs, toMs).map((pk) => queryAll(arbiter, pk, bounds)));
      return toPage(pages.flat(), { fromMs, toMs });
    },
  };
}

/** The entry under the instant at which its id was first told. */
async function claimed(arbiter: Table, entry: TimelineEntry, bounds: { deadlineAtMs: number }): Promise<TimelineEntry> {
  const item = { pk: CLAIMS, sk: entry.id, atMs: entry.atMs };
  const result = await arbiter.write({ kind: 'put', item, when: absent }, bounds);
  if (result.outcome === 'done') return entry;
  const first = result.refusals[0]?.existing?.atMs;
  return typeof first === 'number' ? { ...entry, atMs: first } : entry;
}

function toItem(entry: TimelineEntry): Item {
  const sk = `${new Date(entry.atMs).toISOString()}#${entry.id}`;
  return { pk: dayOf(entry.atMs), sk, atMs: entry.atMs, line: JSON.stringify(entry) };
}

function toPage(items: readonly Item[], { fromMs, toMs }: { fromMs: number; toMs: number }): TimelinePage {
  const inside = items.filter(({ atMs }) => Number(atMs) >= fromMs && Number(atMs) <= toMs);
  const kept = inside.slice(-LINES_READ_MAX);
  const entries = kept.flatMap(({ line }) => {
    const entry = read(line);
    return entry === null ? [] : [entry];
  });
  return { entries, more: kept.length < inside.length, unreadable: kept.length - entries.length };
}

function read(line: unknown): TimelineEntry | null {
  try {
    return decodeEntry(JSON.parse(String(line)));
  } catch {
    // Counted by the caller; one bad line must not hide the others.
    return null;
  }
}

const dayOf = (atMs: number) => `TIMELINE#${new Date(atMs).toISOString().slice(0, 10)}`;

function daysOf(fromMs: number, toMs: number): readonly string[] {
  const first = Math.floor(Math.max(fromMs, toMs - (DAYS_READ_MAX - 1) * DAY_MS) / DAY_MS);
  const last = Math.floor(toMs / DAY_MS);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => dayOf((first + index) * DAY_MS));
}
