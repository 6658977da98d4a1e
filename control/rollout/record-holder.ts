/**
 * The record in the hands of its orchestrator, held as a lease is: every write is conditional on the version before it, a beat
 * shows that somebody lives, and whoever could not write for the time that others wait must believe that it was succeeded.
 * Invariant: after another orchestrator wrote, this one writes nothing more, and work under way is told to stop.
 *
 * An operator's wish to abort is written over the same version; it is no successor, so it is taken in and the work goes on to
 * carry it out.
 */
import type { Clock } from '../../core/clock.ts';
import { PlatformError, toPlatformError } from '../../core/errors.ts';
import { ARBITER_MS_MAX, BEAT_MS, HELD_MS, SAVE_PAUSE_MS, SAVE_TRIES_MAX } from './rollout-limits.ts';
import type { RolloutRecord } from './rollout-record.ts';
import type { RolloutRecords } from './rollout-records.ts';

export interface HolderOptions {
  readonly records: RolloutRecords;
  readonly clock: Clock;
}

/** What looks at the world learn while the record stands still; it goes out with the next beat. */
export type Sight = Pick<RolloutRecord, 'seen' | 'bakedMs'>;

interface Beating {
  readonly over: AbortSignal;
  readonly stop: AbortController;
  readonly endsOnAbort: boolean;
}

export class RecordHolder {
  readonly #o: HolderOptions;
  #record: RolloutRecord;
  #sight: Partial<Sight> = {};
  #writtenAtMs: number;

  /** `record`: as this orchestrator has just written it, having begun to at `sentAtMs`. */
  constructor(options: HolderOptions, { record, sentAtMs }: { record: RolloutRecord; sentAtMs: number }) {
    this.#o = options;
    this.#record = record;
    this.#writtenAtMs = sentAtMs;
  }

  get record(): RolloutRecord {
    return this.#record;
  }

  notice(sight: Sight): void {
    this.#sight = sight;
  }

  /** Throws `ROLLOUT_IN_PROGRESS` when another orchestrator has gone on, and what the arbiter says when it is out of reach. */
  move(change: Partial<RolloutRecord>): Promise<RolloutRecord> {
    return this.#write(change, { beat: false });
  }

  /**
   * Runs `work` while the record beats. Its signal is aborted when this orchestrator is succeeded or can't know any more
   * that it is not, and, if `endsOnAbort`, when an operator aborts. Throws as `move` for the first two, whatever came of the work.
   */
  async during<T>(
    { endsOnAbort }: { readonly endsOnAbort: boolean },
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    // A process that was stopped since its last write finds out here whether it was succeeded meanwhile.
    if (this.#o.clock.monotonicMs() - this.#writtenAtMs >= BEAT_MS) await this.#write({}, { beat: true });
    const over = new AbortController();
    const stop = new AbortController();
    const beating = this.#beat({ over: over.signal, stop, endsOnAbort });
    const [worked] = await Promise.allSettled([work(stop.signal)]);
    over.abort();
    const lost = await beating;
    if (lost) throw lost;
    if (worked.status === 'rejected') throw worked.reason;
    return worked.value;
  }

  /** Beats until it is over. Resolves with what ended the hold, if anything did; never rejects. */
  async #beat({ over, stop, endsOnAbort }: Beating): Promise<PlatformError | null> {
    while (await slept(this.#o.clock, over)) {
      try {
        await this.#write({}, { beat: true });
      } catch (thrown) {
        stop.abort(thrown);
        return toPlatformError(thrown);
      }
      if (endsOnAbort && this.#record.abort !== null) stop.abort(new Error('an operator aborts the rollout'));
    }
    return null;
  }

  async #write(change: Partial<RolloutRecord>, { beat }: { readonly beat: boolean }): Promise<RolloutRecord> {
    const { records, clock } = this.#o;
    let failed = 0;
    for (;;) {
      const next = { ...this.#record, ...this.#sight, ...change, recordVersion: this.#record.recordVersion + 1 };
      const sentAtMs = clock.monotonicMs();
      try {
        if (await records.save(next, { withinMs: this.#withinMs(beat), beat })) {
          this.#writtenAtMs = sentAtMs;
          this.#record = next;
          this.#sight = {};
          return next;
        }
        this.#takeIn(await records.current({ withinMs: this.#withinMs(beat) }));
      } catch (thrown) {
        if (thrown instanceof PlatformError && thrown.code === 'ROLLOUT_IN_PROGRESS') throw thrown;
        if (++failed === SAVE_TRIES_MAX || this.#isDoubtful()) throw outOfReach(this.#record, thrown);
        await clock.sleep(SAVE_PAUSE_MS);
      }
    }
  }

  /**
   * After a refusal. Under our own name it is a write of ours whose answer was lost, or an operator's wish beside it: we go on
   * over that version.
   */
  #takeIn(present: RolloutRecord | null): void {
    if (present?.id !== this.#record.id || present.orchestrator !== this.#record.orchestrator) {
      throw succeeded(this.#record, present);
    }
    this.#record = { ...this.#record, recordVersion: present.recordVersion, abort: present.abort };
  }

  /** A beat that is late is none: work must have stopped before others may think that nobody is there. */
  #withinMs(beat: boolean): number {
    const heldMs = this.#writtenAtMs + HELD_MS - this.#o.clock.monotonicMs();
    return beat && heldMs > 0 ? Math.min(heldMs, ARBITER_MS_MAX) : ARBITER_MS_MAX;
  }

  #isDoubtful(): boolean {
    return this.#o.clock.monotonicMs() - this.#writtenAtMs >= HELD_MS;
  }
}

function slept(clock: Clock, signal: AbortSignal): Promise<boolean> {
  return clock.sleep(BEAT_MS, signal).then(
    () => true,
    () => false,
  );
}

function succeeded(mine: RolloutRecord, present: RolloutRecord | null): PlatformError {
  const now = present ? `rollout ${present.number} is ${present.state}` : 'the record is gone';
  return new PlatformError({
    code: 'ROLLOUT_IN_PROGRESS',
    kind: 'dependency',
    effect: 'none',
    message: `Another orchestrator went on with rollout ${mine.number} (${mine.what}): ${now}. This one stops here and has changed nothing since; see "holdfast deploy status".`,
    details: { id: mine.id },
  });
}

function outOfReach(mine: RolloutRecord, cause: unknown): PlatformError {
  return new PlatformError({
    code: 'ARBITER_UNAVAILABLE',
    kind: 'dependency',
    effect: 'unknown',
    message: `The arbiter does not take the record of rollout ${mine.number} (${mine.what}), so nothing more is changed (${toPlatformError(cause).message}). Everything serves on as it stands; once the arbiter answers, go on with "holdfast deploy resume" or take it back with "holdfast deploy abort".`,
    details: { id: mine.id },
    cause,
  });
}
