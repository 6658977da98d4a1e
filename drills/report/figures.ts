/** What a history measures: how long a cell's writes were away, and how calls ended over time. */
import { type Call, type History, isFencedWrite, isOk } from '../history/call.ts';

export interface RecoveryInput {
  readonly history: History;
  readonly cell: string;
  /** When the fault was injected, or the switchover asked for. */
  readonly faultAtMs: number;
  /** Of the cell before the fault; an acknowledgement under it is no recovery, it is a process that dies a moment late. */
  readonly epochBefore: number | null;
}

/** Fault instant → first acknowledged fenced write of a later epoch that was invoked after the fault; `null` when none was. */
export function recoveryMs(input: RecoveryInput): number | null {
  const completed = fencedAcks(input.history, input.cell)
    .filter((call) => call.invokedAtMs >= input.faultAtMs)
    .filter((call) => input.epochBefore === null || Number(call.epoch) > input.epochBefore)
    .map((call) => call.completedAtMs);
  return completed.length === 0 ? null : rounded(Math.min(...completed) - input.faultAtMs);
}

/**
 * The longest time between two acknowledged probes of the cell that overlaps the window; `null` without two. Probes alone: an
 * answer to something longer that was begun before says nothing about who takes writes now.
 */
export function longestWriteGapMs(options: {
  history: History;
  cell: string;
  fromMs: number;
  toMs: number;
}): number | null {
  const atMs = fencedAcks(options.history, options.cell)
    .filter((call) => call.op === 'stock.put' && call.via === 'router' && isProbe(call))
    .map((call) => call.completedAtMs)
    .sort((a, b) => a - b);
  const gaps = atMs.slice(1).flatMap((endMs, index) => {
    const beginMs = atMs[index] ?? endMs;
    return beginMs <= options.toMs && endMs >= options.fromMs ? [endMs - beginMs] : [];
  });
  return gaps.length === 0 ? null : rounded(Math.max(...gaps));
}

/** Owner and epoch by the last acknowledgement completed before (or the first after) an instant. */
export function ownerAt(options: {
  history: History;
  cell: string;
  atMs: number;
}): { region: string; epoch: number } | null {
  const acks = fencedAcks(options.history, options.cell).sort((a, b) => a.completedAtMs - b.completedAtMs);
  const last = acks.findLast((call) => call.completedAtMs <= options.atMs);
  return last === undefined ? null : { region: String(last.region), epoch: Number(last.epoch) };
}

export const BUCKET_MS = 50;

/** Calls by how and when they ended. `acknowledged` is per answering region; lists are as long as there are buckets. */
export interface CellSeries {
  readonly cell: string;
  readonly acknowledged: Readonly<Record<string, readonly number[]>>;
  readonly failed: readonly number[];
  readonly unknown: readonly number[];
}

export function seriesOf(history: History): readonly CellSeries[] {
  const buckets = Math.floor(Math.max(0, ...history.events.slice(-1).map((event) => event.t)) / BUCKET_MS) + 1;
  const cells = [...new Set(history.calls.map((call) => call.cell))].sort();
  const regions = [...new Set(history.calls.filter(isOk).map((call) => call.region ?? 'unnamed'))].sort();
  return cells.map((cell) => {
    const calls = history.calls.filter((call) => call.cell === cell);
    const count = (which: (call: Call) => boolean) => counted(calls.filter(which), buckets);
    return {
      cell,
      acknowledged: Object.fromEntries(
        regions.map((region) => [region, count((call) => isOk(call) && (call.region ?? 'unnamed') === region)]),
      ),
      failed: count((call) => call.outcome === 'fail'),
      unknown: count((call) => call.outcome === 'info'),
    };
  });
}

function counted(calls: readonly Call[], buckets: number): readonly number[] {
  const counts = new Array<number>(buckets).fill(0);
  for (const call of calls) {
    const bucket = Math.floor(call.completedAtMs / BUCKET_MS);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return counts;
}

/** Probers write `probe-<n>`, each key once. */
function isProbe({ key }: Call): boolean {
  return key.includes('/probe-');
}

function fencedAcks(history: History, cell: string) {
  return history.calls.filter(isOk).filter((call) => call.cell === cell && isFencedWrite(call));
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
