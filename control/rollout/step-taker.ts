/**
 * Carries out what a record stands at, once: a step, a bake, an undo. Each may be repeated by another orchestrator. Invariants: no
 * step is taken before the gates said open; a bake is done only after a look at open gates that began when its time was over;
 * a call's end is waited for, so that what comes next never meets what went before still in motion.
 */
import type { Clock } from '../../core/clock.ts';
import { invariant } from '../../core/errors.ts';
import { Deadline } from '../../resilience/deadline.ts';
import { type GateKeeper, type GateLook, untilKnown } from './gate-keeper.ts';
import type { RolloutExecutor, StepLimit, StepResult } from './rollout-executor.ts';
import { LOOK_EVERY_MS, STEP_PAUSE_MS, STEP_TRIES_MAX, UNKNOWN_MS_MAX } from './rollout-limits.ts';
import { cellAt, changedCells, type Outcome, reachedCells } from './rollout-order.ts';
import { type Position, type RolloutRecord, shortened, type Trouble } from './rollout-record.ts';

export interface StepTakerOptions {
  readonly executor: RolloutExecutor;
  readonly gates: GateKeeper;
  readonly clock: Clock;
  /** Gets what each look at the gates saw. */
  readonly onLook: (look: GateLook, bakedMs: number | null) => void;
}

export interface Taken {
  readonly outcome: Outcome;
  /** What was done and what came of it; a line for the log. */
  readonly text: string;
}

type At<Name extends Position['at']> = Extract<Position, { at: Name }>;

export class StepTaker {
  readonly #o: StepTakerOptions;

  constructor(options: StepTakerOptions) {
    this.#o = options;
  }

  take(record: RolloutRecord, signal: AbortSignal): Promise<Taken> {
    const { position } = record;
    const { executor } = this.#o;
    const call = (what: string, work: (limit: StepLimit) => Promise<StepResult>) =>
      this.#call({ what, work, token: record.recordVersion }, signal);
    switch (position.at) {
      case 'step':
        return this.#step(record, position, signal);
      case 'bake':
        return this.#bake(record, position, signal);
      case 'settle':
        return call('settle', (limit) => executor.settle(limit));
      case 'undo': {
        const cell = cellAt(record);
        invariant(cell !== null, 'an undo has a cell');
        return call(`undo ${cell}`, (limit) => executor.undo(cell, limit));
      }
      case 'withdraw':
        return call('withdraw', (limit) => executor.withdraw(limit));
      case 'end':
        return Promise.resolve({ outcome: { result: 'done' }, text: 'over' });
    }
  }

  async #step(record: RolloutRecord, position: At<'step'>, signal: AbortSignal): Promise<Taken> {
    const cell = cellAt(record);
    const step = record.steps[position.step];
    invariant(cell !== null && step !== undefined, 'a step has a cell and a name');
    const what = `${step} ${cell}`;
    const at = { cells: changedCells(record), midCell: position.step > 0, clock: this.#o.clock, signal };
    const look = await untilKnown(this.#o.gates, { ...at, onLook: (seen) => this.#o.onLook(seen, null) });
    if (look.verdict !== 'open') return this.#trouble('gate', `before ${what}: ${look.reason}`);
    const [over, harm] = [new AbortController(), new AbortController()];
    const watching = this.#untilHarm(record, AbortSignal.any([over.signal, signal]));
    void watching.then((seen) => seen && harm.abort(new Error(seen.reason)));
    const work = (limit: StepLimit) => this.#o.executor.take({ cell, step }, limit);
    const call = { what, work, token: record.recordVersion };
    const taken = await this.#call(call, AbortSignal.any([harm.signal, signal]));
    over.abort();
    const seen = await watching;
    return seen === null ? taken : this.#trouble('gate', `during ${what}: ${seen.reason}`);
  }

  /** While a step lasts: what clients see closes at once, so that harm is not done for as long as a step takes. `null`: it ended first. */
  async #untilHarm(record: RolloutRecord, ended: AbortSignal): Promise<GateLook | null> {
    while (await this.#pause(LOOK_EVERY_MS, ended)) {
      const look = await this.#o.gates.look({ cells: reachedCells(record), midCell: true }, ended);
      if (ended.aborted) return null;
      this.#o.onLook(look, null);
      if (look.verdict === 'closed') return look;
    }
    return null;
  }

  async #bake(record: RolloutRecord, { wave }: At<'bake'>, signal: AbortSignal): Promise<Taken> {
    const what = `bake of wave ${wave + 1}`;
    const sinceMs = this.#o.clock.monotonicMs();
    for (;;) {
      const bakedMs = this.#o.clock.monotonicMs() - sinceMs;
      const look = await this.#o.gates.look({ cells: changedCells(record), midCell: false }, signal);
      this.#o.onLook(look, Math.min(bakedMs, record.bakeMs));
      if (look.verdict === 'closed') return this.#trouble('gate', `${what}: ${look.reason}`);
      if (look.verdict === 'open' && bakedMs >= record.bakeMs)
        return { outcome: { result: 'done' }, text: `${what}: every gate is open` };
      // Gates that take turns at knowing nothing would keep it baking for ever.
      if (bakedMs >= record.bakeMs + UNKNOWN_MS_MAX)
        return this.#trouble('gate', `${what}: no look saw all gates open (${look.reason})`);
      const leftMs = record.bakeMs - (this.#o.clock.monotonicMs() - sinceMs);
      const untilNextMs = leftMs > 0 ? Math.min(leftMs, LOOK_EVERY_MS) : LOOK_EVERY_MS;
      if (!(await this.#pause(untilNextMs, signal))) return this.#trouble('gate', `${what}: interrupted`);
    }
  }

  /** Repeats while nobody can say whether it happened; after the last try that counts as failed. */
  async #call(
    of: { readonly what: string; readonly token: number; readonly work: (limit: StepLimit) => Promise<StepResult> },
    signal: AbortSignal,
  ): Promise<Taken> {
    for (let tries = 1; ; tries++) {
      const { outcome, note } = await this.#once(of, signal);
      const text = shortened(`${of.what}: ${note}`);
      if (outcome === 'done') return { outcome: { result: 'done' }, text };
      const again = outcome === 'unknown' && tries < STEP_TRIES_MAX && (await this.#pause(STEP_PAUSE_MS, signal));
      if (again) continue;
      const because = outcome === 'unknown' ? `outcome unknown after ${tries} tries: ${note}` : note;
      return this.#trouble('step', `${of.what}: ${because}`);
    }
  }

  /** The signal is passed on and not raced: what was begun has ended, or had its whole time to. */
  async #once(
    { what, token, work }: { what: string; token: number; work: (limit: StepLimit) => Promise<StepResult> },
    signal: AbortSignal,
  ): Promise<StepResult> {
    const withinMs = this.#o.executor.callMsMax;
    try {
      return await new Deadline({ clock: this.#o.clock, ms: withinMs }).run(what, (inner) =>
        work({ withinMs, token, signal: AbortSignal.any([inner, signal]) }),
      );
    } catch (thrown) {
      return { outcome: 'unknown', note: thrown instanceof Error ? thrown.message : String(thrown) };
    }
  }

  #trouble(cause: Trouble['cause'], detail: string): Taken {
    const text = shortened(detail);
    return { text, outcome: { result: 'trouble', trouble: { cause, detail: text, atMs: this.#o.clock.wallMs() } } };
  }

  /** Whether it was slept to the end. */
  #pause(ms: number, signal: AbortSignal): Promise<boolean> {
    return this.#o.clock.sleep(ms, signal).then(
      () => true,
      () => false,
    );
  }
}
