/**
 * Whether whoever carries out a rollout still lives: a living one moves its record every beat. Judged on our own clock alone, as a
 * lease is; a mistake costs the other one its work, never safety, because its next write is refused and its token is too low.
 */
import type { Clock } from '../../core/clock.ts';
import { ABANDONED_MS, ARBITER_MS_MAX, WATCH_EVERY_MS } from './rollout-limits.ts';
import { isTerminal, type RolloutRecord } from './rollout-record.ts';
import type { RolloutRecords } from './rollout-records.ts';

export interface WatchOptions {
  readonly records: RolloutRecords;
  readonly clock: Clock;
  readonly onLook?: (record: RolloutRecord) => void;
}

/** The record once it is over, or has not moved for `ABANDONED_MS`. Throws when the arbiter does not answer. */
export async function untilLeft(seen: RolloutRecord, options: WatchOptions): Promise<RolloutRecord> {
  let record = seen;
  // Bounded by the record itself: whoever moves it is bound in every step, and who does not is abandoned.
  for (;;) {
    const next = await stoodStill(record, options);
    if (next === null) return record;
    record = next;
    if (isTerminal(record) || record.state === 'stopped') return record;
  }
}

/** `null`: it has not moved for `ABANDONED_MS`; else as it moved to. */
export async function stoodStill(
  seen: RolloutRecord,
  { records, clock, onLook }: WatchOptions,
): Promise<RolloutRecord | null> {
  const sinceMs = clock.monotonicMs();
  while (clock.monotonicMs() - sinceMs < ABANDONED_MS) {
    await clock.sleep(WATCH_EVERY_MS);
    const present = await records.current({ withinMs: ARBITER_MS_MAX });
    if (present?.recordVersion === seen.recordVersion) continue;
    if (present) onLook?.(present);
    return present ?? seen;
  }
  return null;
}
