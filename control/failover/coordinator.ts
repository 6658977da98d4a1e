/**
 * The failover coordinator: a resumable step machine whose record lies in the arbiter. Before each step it moves the
 * record (conditional on its version); each step is idempotent. So any coordinator can go on where another one died, two
 * can't interleave, and a delayed one finds that its record has moved. It runs from the surviving side with the operator's
 * own credentials: no control process is needed.
 */
import { isPlatformError, PlatformError } from '../../core/errors.ts';
import type { CellId } from '../../core/ids.ts';
import type { CoordinatorOptions } from './coordinator-options.ts';
import { ARBITER_MS_MAX, STEP_DEADLINE_MS, STEP_DEADLINE_RATIO } from './failover-limits.ts';
import { type Decision, type FailoverRecord, isTerminal, type Step, type StepLog } from './failover-record.ts';
import { type ActiveStep, firstStep, nextStep } from './failover-steps.ts';
import { type StepRun, StepRunner } from './step-runner.ts';

export class FailoverCoordinator {
  readonly #o: CoordinatorOptions;
  readonly #runner: StepRunner;

  constructor(options: CoordinatorOptions) {
    this.#o = options;
    this.#runner = new StepRunner(options);
  }

  /** Writes the decision, then carries it out. Throws `FAILOVER_IN_PROGRESS` or `FAILOVER_REFUSED` before any step. */
  async run(decision: Decision): Promise<FailoverRecord> {
    refuseObjections(decision);
    const present = await this.#o.ports.records.current(decision.cell, { withinMs: ARBITER_MS_MAX });
    if (present?.state === 'running' && !this.#isAbandoned(present)) throw inProgress(present);
    const record = this.#begin(decision, present?.version ?? 0);
    if (!(await this.#o.ports.records.save(record, { withinMs: ARBITER_MS_MAX }))) throw inProgress(record);
    return this.#carryOut(record);
  }

  /** Goes on with a record that its coordinator left behind. The first write takes it over; a live one then stops. */
  async resume(cell: CellId): Promise<FailoverRecord> {
    const present = await this.#o.ports.records.current(cell, { withinMs: ARBITER_MS_MAX });
    if (present?.state !== 'running') throw nothingToResume(cell);
    const step = stepToResume(present);
    return this.#carryOut(await this.#move(present, { step, log: [...present.log, this.#entry('resumed', step, 0)] }));
  }

  /**
   * Left behind before anything was done, so a new decision may take its place. The wall clocks of two operators may
   * differ; a mistake costs the earlier change, never safety: its coordinator finds that the record has moved, and stops.
   */
  #isAbandoned({ step, log, decision, stepDeadlineMs }: FailoverRecord): boolean {
    const movedAtMs = log.at(-1)?.atMs ?? decision.decidedAtMs;
    return (step === 'catch-up' || step === 'wait') && this.#o.clock.wallMs() - movedAtMs > stepDeadlineMs;
  }

  #begin(decision: Decision, versionBefore: number): FailoverRecord {
    return {
      id: this.#o.newId(),
      version: versionBefore + 1,
      state: 'running',
      step: firstStep(decision.kind),
      stepDeadlineMs: Math.max(STEP_DEADLINE_MS, STEP_DEADLINE_RATIO * decision.expected.awayMsMax),
      decision,
      fenced: false,
      drained: null,
      newEpoch: null,
      log: [],
    };
  }

  async #carryOut(begun: FailoverRecord): Promise<FailoverRecord> {
    let record = begun;
    while (!isTerminal(record.step)) {
      this.#o.onProgress?.(record);
      const startedMs = this.#o.clock.monotonicMs();
      const run = await this.#attempt(record);
      const step = nextStep(record.decision.kind, run.outcome);
      const tookMs = this.#o.clock.monotonicMs() - startedMs;
      const entry = this.#entry(`${run.outcome.result}${run.note ? `: ${run.note}` : ''}`, record.step, tookMs);
      record = await this.#move(record, { ...run.found, step, state: stateAt(step), log: [...record.log, entry] });
    }
    // A change that was given up leaves a closed store: its own region should look at once and take the cell again.
    if (record.step !== 'done') this.#o.ports.ring({ cell: record.decision.cell, region: record.decision.from });
    this.#o.onProgress?.(record);
    return record;
  }

  async #attempt(record: FailoverRecord): Promise<StepRun> {
    try {
      return await this.#runner.run(record, record.step as ActiveStep);
    } catch (error) {
      throw new PlatformError({
        code: 'FAILOVER_FAILED',
        kind: 'dependency',
        effect: 'unknown',
        message: `Step "${record.step}" of failover ${record.id} did not finish (${messageOf(error)}). The record is kept: resume it with "holdfast failover run ${record.decision.cell} --resume", from a region that reaches the arbiter.`,
        details: { id: record.id, step: record.step },
        cause: error,
      });
    }
  }

  async #move(record: FailoverRecord, change: Partial<FailoverRecord>): Promise<FailoverRecord> {
    const next = { ...record, ...change, version: record.version + 1 };
    if (await this.#o.ports.records.save(next, { withinMs: ARBITER_MS_MAX })) return next;
    throw new PlatformError({
      code: 'FAILOVER_IN_PROGRESS',
      kind: 'dependency',
      effect: 'none',
      message: `Another coordinator moved failover ${record.id} on. This one stops here; see "holdfast status".`,
    });
  }

  #entry(outcome: string, step: Step, tookMs: number): StepLog {
    return { step, atMs: this.#o.clock.wallMs(), tookMs: Math.round(tookMs * 10) / 10, outcome };
  }
}

/** Without a fence the proof for a release is what a process itself has watched: whoever resumes begins to watch. */
function stepToResume({ step, fenced }: FailoverRecord): Step {
  return step === 'release' && !fenced ? 'wait' : step;
}

function stateAt(step: Step): FailoverRecord['state'] {
  return isTerminal(step) ? step : 'running';
}

function refuseObjections(decision: Decision): void {
  if (decision.objections.length === 0) return;
  throw new PlatformError({
    code: 'FAILOVER_REFUSED',
    kind: 'caller',
    effect: 'none',
    message: `${decision.kind} of ${decision.cell} from ${decision.from} to ${decision.to} is refused: ${decision.objections.join('; ')}.`,
    details: { objections: decision.objections },
  });
}

function inProgress(record: FailoverRecord): PlatformError {
  return new PlatformError({
    code: 'FAILOVER_IN_PROGRESS',
    kind: 'caller',
    effect: 'none',
    message: `Failover ${record.id} of ${record.decision.cell} is at step "${record.step}". Wait for it, or resume it with --resume if its coordinator is gone.`,
    details: { id: record.id, step: record.step },
  });
}

function nothingToResume(cell: CellId): PlatformError {
  return new PlatformError({
    code: 'FAILOVER_REFUSED',
    kind: 'caller',
    effect: 'none',
    message: `No failover of ${cell} is under way, so there is nothing to resume.`,
  });
}

function messageOf(error: unknown): string {
  return isPlatformError(error) ? `${error.code}: ${error.message}` : String(error);
}
