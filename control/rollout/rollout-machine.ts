/**
 * The rollout machine: a resumable step machine whose record lies in the arbiter. Before each step it moves the record, conditional
 * on its version, and while a step or a bake lasts the record beats. So any orchestrator can go on where another one died, two can't
 * interleave, and a delayed one finds that its record has moved. It knows neither documents nor releases: an executor takes and
 * undoes the steps, gates say whether to go on.
 */
import type { Clock } from '../../core/clock.ts';
import type { Timeline } from '../../core/timeline/timeline.ts';
import { checkForced } from './forced-gates.ts';
import { GateKeeper, untilKnown } from './gate-keeper.ts';
import { RecordHolder } from './record-holder.ts';
import type { Gate, RolloutExecutor } from './rollout-executor.ts';
import { ABORT_TRIES_MAX, ARBITER_MS_MAX } from './rollout-limits.ts';
import { BEGIN, nextStanding, wayBack } from './rollout-order.ts';
import {
  checkPlan,
  otherSteps,
  overtaken,
  type RolloutPlan,
  refusedBy,
  refusedFor,
  settledAlready,
} from './rollout-plan.ts';
import {
  type Change,
  isTerminal,
  LOG_LINES_MAX,
  type RolloutLogLine,
  type RolloutRecord,
  shortened,
} from './rollout-record.ts';
import type { RolloutRecords } from './rollout-records.ts';
import { tellTimeline } from './rollout-timeline.ts';
import { StepTaker, type Taken } from './step-taker.ts';
import { stoodStill, untilLeft } from './watch-record.ts';

/** What is needed to carry a change out. */
export interface Means {
  readonly executor: RolloutExecutor;
  readonly gates: readonly Gate[];
}

export interface RolloutMachineOptions {
  readonly records: RolloutRecords;
  readonly clock: Clock;
  /** Finds the means of a change, also of one that somebody else began. Throws when this process can't carry it out. */
  readonly meansFor: (change: Change) => Promise<Means>;
  readonly newId: () => string;
  /** Gets the record before each step, at each look at the gates, and at the end. */
  readonly onProgress?: (record: RolloutRecord) => void;
  readonly timeline?: Timeline;
}

const LIMIT = { withinMs: ARBITER_MS_MAX };
const NOTHING_ABORTS = new AbortController().signal;

export class RolloutMachine {
  readonly #o: RolloutMachineOptions;

  constructor(options: RolloutMachineOptions) {
    this.#o = options;
  }

  /**
   * Writes the record, then carries it out. Throws `ROLLOUT_IN_PROGRESS` while another change is under way and `ROLLOUT_REFUSED` when a
   * gate is not open, both before anything was written. Resolves with the record as it ended, `stopped` included.
   */
  async run(plan: RolloutPlan): Promise<RolloutRecord> {
    checkPlan(plan);
    checkForced(plan.forced, plan.why);
    const before = await this.#o.records.current(LIMIT);
    if (before && !isTerminal(before)) throw refusedFor(before);
    const means = await this.#o.meansFor(plan);
    const keeper = new GateKeeper({ gates: means.gates, forced: plan.forced, clock: this.#o.clock });
    const look = await untilKnown(keeper, { cells: [], midCell: false, clock: this.#o.clock, signal: NOTHING_ABORTS });
    if (look.verdict !== 'open') throw refusedBy(look);
    const record = { ...this.#begin(plan, { before, steps: means.executor.steps }), seen: look.findings };
    const sentAtMs = this.#o.clock.monotonicMs();
    if (!(await this.#o.records.save(record, { ...LIMIT, beat: false }))) {
      throw overtaken(await this.#o.records.current(LIMIT));
    }
    return this.#carryOut({ record, sentAtMs, means });
  }

  /**
   * Goes on with a rollout that its orchestrator left behind, forwards or backwards as it stands, once the record has not moved for
   * the time in which a living one would have moved it. Throws `ROLLOUT_IN_PROGRESS` when it moves, `ROLLOUT_REFUSED` when there is none.
   */
  async resume(): Promise<RolloutRecord> {
    const present = await this.#o.records.current(LIMIT);
    if (!present || isTerminal(present)) throw refusedFor(present);
    const moved = present.state === 'stopped' ? null : await stoodStill(present, this.#o);
    if (moved) throw refusedFor(moved);
    return this.#takeOver(present);
  }

  /**
   * Takes back what is under way: asks its orchestrator to, or does it itself when there is none any more. Throws
   * `ROLLOUT_REFUSED` when there is nothing to abort, or when the change is being settled and only another change can replace it.
   */
  async abort(wish: { readonly by: string; readonly why: string }): Promise<RolloutRecord> {
    const asked = await this.#wishAbort(wish);
    const onLook = this.#o.onProgress;
    const left = await untilLeft(asked, { ...this.#o, ...(onLook ? { onLook } : {}) });
    return isTerminal(left) ? left : this.#takeOver(left);
  }

  /** Written over the record as it stands, and under its orchestrator's name: that one finds it at its next beat. */
  async #wishAbort(wish: { readonly by: string; readonly why: string }): Promise<RolloutRecord> {
    for (let tries = 1; ; tries++) {
      const present = await this.#o.records.current(LIMIT);
      if (!present || isTerminal(present) || tries > ABORT_TRIES_MAX) throw refusedFor(present);
      if (wayBack(present) === null) throw settledAlready(present);
      const next = { ...present, abort: present.abort ?? wish, recordVersion: present.recordVersion + 1 };
      if (await this.#o.records.save(next, { ...LIMIT, beat: false })) return next;
    }
  }

  async #takeOver(left: RolloutRecord): Promise<RolloutRecord> {
    const means = await this.#o.meansFor(left);
    const { steps } = means.executor;
    if (steps.join() !== left.steps.join()) throw otherSteps(left, steps);
    const record: RolloutRecord = {
      ...left,
      state: left.state === 'stopped' ? (left.position.at === 'settle' ? 'running' : 'rolling-back') : left.state,
      recordVersion: left.recordVersion + 1,
      orchestrator: this.#o.newId(),
      log: withLine(left, { atMs: this.#o.clock.wallMs(), tookMs: 0, text: `resumed at ${left.position.at}` }),
    };
    const sentAtMs = this.#o.clock.monotonicMs();
    if (await this.#o.records.save(record, { ...LIMIT, beat: false }))
      return this.#carryOut({ record, sentAtMs, means });
    throw overtaken(await this.#o.records.current(LIMIT));
  }

  #begin(plan: RolloutPlan, from: { before: RolloutRecord | null; steps: readonly string[] }): RolloutRecord {
    const { kind, what, waves, bakeMs, by, why, forced } = plan;
    return {
      ...{ kind, what, waves, bakeMs, by, why: why.trim(), forced, steps: from.steps },
      id: this.#o.newId(),
      number: (from.before?.number ?? 0) + 1,
      recordVersion: (from.before?.recordVersion ?? 0) + 1,
      position: BEGIN,
      state: 'running',
      orchestrator: this.#o.newId(),
      startedAtMs: this.#o.clock.wallMs(),
      ...{ trouble: null, abort: null, seen: [], bakedMs: null, log: [] },
    };
  }

  async #carryOut({ record, sentAtMs, means }: Begun): Promise<RolloutRecord> {
    const { clock, onProgress } = this.#o;
    const holder = new RecordHolder(this.#o, { record, sentAtMs });
    const taker = new StepTaker({
      executor: means.executor,
      gates: new GateKeeper({ gates: means.gates, forced: record.forced, clock }),
      clock,
      onLook: ({ findings }, bakedMs) => {
        holder.notice({ seen: findings, bakedMs });
        onProgress?.({ ...holder.record, seen: findings, bakedMs });
      },
    });
    await this.#tell(record.log.length === 0 ? null : record, record);
    while (!isOver(holder.record)) {
      onProgress?.(holder.record);
      const before = holder.record;
      const startedMs = clock.monotonicMs();
      const taken = await this.#attempt(holder, taker);
      const tookMs = Math.round(clock.monotonicMs() - startedMs);
      const log = withLine(before, { atMs: clock.wallMs(), tookMs, text: taken.text });
      const after = await holder.move({ ...nextStanding(before, taken.outcome), log });
      await this.#tell(before, after);
    }
    onProgress?.(holder.record);
    return holder.record;
  }

  /** What the record stands at; an operator's wish to abort counts for more than what came of it. */
  async #attempt(holder: RecordHolder, taker: StepTaker): Promise<Taken> {
    const { record } = holder;
    const endsOnAbort = record.position.at === 'step' || record.position.at === 'bake';
    const isAborted = () => endsOnAbort && holder.record.abort !== null;
    const taken = isAborted() ? null : await holder.during({ endsOnAbort }, (signal) => taker.take(record, signal));
    if (taken && !isAborted()) return taken;
    const { by, why } = holder.record.abort ?? record;
    const detail = shortened(`aborted by ${by}: ${why}`);
    const trouble = { cause: 'abort' as const, detail, atMs: this.#o.clock.wallMs() };
    const text = taken ? `${taken.text}; ${detail}` : detail;
    return { outcome: { result: 'trouble', trouble }, text };
  }

  async #tell(before: RolloutRecord | null, after: RolloutRecord): Promise<void> {
    const { timeline, clock } = this.#o;
    if (timeline) await tellTimeline(timeline, { before, after, atMs: clock.wallMs() });
  }
}

interface Begun {
  readonly record: RolloutRecord;
  readonly sentAtMs: number;
  readonly means: Means;
}

/** Nothing more is done by itself. */
const isOver = (record: RolloutRecord): boolean => isTerminal(record) || record.state === 'stopped';

function withLine({ log }: RolloutRecord, line: RolloutLogLine): readonly RolloutLogLine[] {
  return [...log, line].slice(-LOG_LINES_MAX);
}
