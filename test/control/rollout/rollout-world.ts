/**
 * A platform that only rollouts change, on a fake clock: a table in memory for the arbiter, cells that remember which steps were
 * taken on them, and orchestrators that can be killed or stopped at any call they make. It checks the invariants itself, at the
 * instant at which an effect begins.
 */
import { MemoryTable } from '../../../cell/table/memory-table.ts';
import { tableRolloutRecords } from '../../../control/adapters/table-rollout-records.ts';
import type {
  Gate,
  GateFinding,
  RolloutExecutor,
  StepLimit,
  StepResult,
} from '../../../control/rollout/rollout-executor.ts';
import { RolloutMachine } from '../../../control/rollout/rollout-machine.ts';
import type { RolloutPlan } from '../../../control/rollout/rollout-plan.ts';
import type { RolloutRecord } from '../../../control/rollout/rollout-record.ts';
import type { RolloutRecords } from '../../../control/rollout/rollout-records.ts';
import type { Clock } from '../../../core/clock.ts';
import { PlatformError } from '../../../core/errors.ts';
import { FakeClock } from '../../../core/fake-clock.ts';
import { type CellId, cellId } from '../../../core/ids.ts';
import type { TimelineEntry } from '../../../core/timeline/timeline.ts';

export const STEPS = ['standby', 'switch', 'home'];
export const [C1, C2, C3] = [cellId('c01'), cellId('c02'), cellId('c03')];
export const WAVES: readonly (readonly CellId[])[] = [[C1], [C2, C3]];
export const PLAN: RolloutPlan = {
  ...{ kind: 'release', what: 'r2', waves: WAVES, bakeMs: 1_500, by: 'ann', why: 'new prices', forced: [] },
};
/** Longer than a beat, so that beats come in between. */
const STEP_MS = 1_100;
/** A driver turn: short against everything that is waited for. */
const TURN_MS = 500;
const TURNS_MAX = 2_000;

export type Ended =
  | { readonly state: 'ended'; readonly record: RolloutRecord }
  | { readonly state: 'threw'; readonly error: unknown }
  | { readonly state: 'killed' };

export class RolloutWorld {
  readonly clock = new FakeClock();
  readonly table = new MemoryTable();
  readonly records = tableRolloutRecords({ arbiter: this.table, clock: this.clock });
  /** Steps that a cell has taken; none: it has what it had before. */
  readonly taken = new Map<CellId, string[]>();
  stepMs = STEP_MS;
  settled = false;
  withdrawn = false;
  /** What a gate says; a test replaces it. */
  gate: (cells: readonly CellId[], world: RolloutWorld) => GateFinding['state'] = () => 'open';
  /** What a step comes to; a test replaces it. */
  stepResult: (cell: CellId, step: string) => StepResult['outcome'] = () => 'done';
  undoResult: (cell: CellId) => StepResult['outcome'] = () => 'done';
  /** Effects in the order in which they began. */
  readonly effects: string[] = [];
  readonly violations: string[] = [];
  readonly #inMotion = new Map<string, Orchestrator>();
  #token = 0;
  #looks: { readonly atMs: number; readonly cells: readonly CellId[]; readonly state: GateFinding['state'] }[] = [];
  #touchedAtMs = new Map<CellId, number>();

  /** In the hands of `by`: begins, lasts, and is there at the end; refused with a token that is too low. */
  async effect(
    by: Orchestrator,
    of: { name: string; cell: CellId | null; limit: StepLimit; apply: () => void },
  ): Promise<boolean> {
    const { name, cell, limit, apply } = of;
    await by.point();
    if (limit.token < this.#token) return false;
    this.#token = limit.token;
    this.effects.push(name);
    for (const [other, holder] of this.#inMotion)
      if (holder.isAlive && !holder.isPaused) this.violations.push(`${name} began while ${other} was in motion`);
    if (cell) this.#checkWave(name, cell);
    this.#inMotion.set(name, by);
    try {
      await by.clock.sleep(this.stepMs, limit.signal);
      // Whoever takes the effect in looks at the token at that instant: its sender may have been stopped since it began.
      if (limit.token < this.#token) return false;
      apply();
    } finally {
      this.#inMotion.delete(name);
      if (cell) this.#touchedAtMs.set(cell, this.clock.monotonicMs());
    }
    await by.point();
    return true;
  }

  look(cells: readonly CellId[]): GateFinding {
    const state = this.gate(cells, this);
    this.#looks.push({ atMs: this.clock.monotonicMs(), cells, state });
    return { gate: 'answers', state, detail: `looked at ${cells.join(' ') || 'nothing'}` };
  }

  /** A cell of a later wave may be touched only if the waves before it have it and baked, with every look at them open. */
  #checkWave(name: string, cell: CellId): void {
    const wave = WAVES.findIndex((cells) => cells.includes(cell));
    const before = WAVES.slice(0, wave).flat();
    if (name.startsWith('undo') || before.length === 0 || (this.taken.get(cell) ?? []).length > 0) return;
    if (before.some((each) => (this.taken.get(each) ?? []).length < STEPS.length))
      this.violations.push(`${name} before its turn`);
    const sinceMs = Math.max(...before.map((each) => this.#touchedAtMs.get(each) ?? 0));
    const looks = this.#looks.filter(({ atMs }) => atMs >= sinceMs);
    const spanMs = (looks.at(-1)?.atMs ?? 0) - (looks[0]?.atMs ?? 0);
    if (spanMs < PLAN.bakeMs) this.violations.push(`${name} after a bake of ${spanMs} ms`);
    if (looks.some(({ state }) => state === 'closed') || looks.at(-1)?.state !== 'open')
      this.violations.push(`${name} though a gate was closed`);
  }

  state(): Readonly<Record<string, readonly string[]>> & { readonly settled: readonly string[] } {
    const cells = WAVES.flat().map((cell) => [cell, this.taken.get(cell) ?? []] as const);
    return {
      ...Object.fromEntries(cells),
      settled: [this.settled ? 'settled' : '', this.withdrawn ? 'withdrawn' : ''],
    };
  }

  get isBegun(): boolean {
    return this.table.peek({ pk: 'ROLLOUT', sk: 'CURRENT' }) !== null;
  }

  current(): Promise<RolloutRecord | null> {
    return this.records.current({ withinMs: 1_000 });
  }
}

/** One process that carries out a rollout. Every call that it makes, and every sleep, is a point at which it can be struck. */
export class Orchestrator {
  readonly clock: Clock;
  readonly machine: RolloutMachine;
  readonly #world: RolloutWorld;
  readonly #strike: { readonly at: number; readonly how: 'kill' | 'pause' } | null;
  points = 0;
  /** Its link to the arbiter: while it is cut, calls end without an answer when their time is over. */
  isCut = false;
  readonly timeline: TimelineEntry[] = [];
  #dead = false;
  #die: () => void = () => undefined;
  readonly #death = new Promise<Ended>((resolve) => {
    this.#die = () => resolve({ state: 'killed' });
  });
  #paused: Promise<void> | null = null;
  #goOn: () => void = () => undefined;

  constructor(world: RolloutWorld, name: string, strike: Orchestrator['strikes'] = null) {
    this.#world = world;
    this.#strike = strike;
    this.clock = {
      monotonicMs: () => world.clock.monotonicMs(),
      wallMs: () => world.clock.wallMs(),
      sleep: async (ms, signal) => {
        await world.clock.sleep(ms, signal);
        await this.#alive();
      },
    };
    let ids = 0;
    this.machine = new RolloutMachine({
      records: this.#records(),
      clock: this.clock,
      meansFor: async () => ({ executor: this.#executor(), gates: [this.#gate()] }),
      newId: () => `${name}-${++ids}`,
      timeline: { append: async (entry) => void this.timeline.push(entry) },
    });
  }

  get strikes(): { readonly at: number; readonly how: 'kill' | 'pause' } | null {
    return this.#strike;
  }

  get isAlive(): boolean {
    return !this.#dead;
  }

  get isPaused(): boolean {
    return this.#paused !== null;
  }

  continue(): void {
    this.#paused = null;
    this.#goOn();
  }

  /** Until it ends, dies or is paused; the clock moves meanwhile. */
  async drive(work: Promise<RolloutRecord>): Promise<Ended | { readonly state: 'paused' }> {
    const ended: Promise<Ended> = work.then(
      (record) => ({ state: 'ended', record }),
      (error: unknown) => ({ state: 'threw', error }),
    );
    let over: Ended | null = null;
    void Promise.race([ended, this.#death]).then((end) => {
      over = end;
    });
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      await this.#world.clock.advance(TURN_MS);
      if (over) return over;
      if (this.isPaused) return { state: 'paused' };
    }
    throw new Error('it never ended');
  }

  async point(): Promise<void> {
    await this.#alive();
    this.points += 1;
    if (this.points !== this.#strike?.at) return;
    if (this.#strike.how === 'kill') {
      this.#dead = true;
      this.#die();
    } else {
      this.#paused = new Promise((resolve) => {
        this.#goOn = resolve;
      });
    }
    await this.#alive();
  }

  async #alive(): Promise<void> {
    if (this.#dead) await new Promise(() => undefined);
    if (this.#paused) await this.#paused;
  }

  async #link(withinMs: number): Promise<void> {
    if (!this.isCut) return;
    await this.clock.sleep(withinMs);
    throw new PlatformError({ code: 'DEADLINE_EXCEEDED', kind: 'dependency', effect: 'unknown', message: 'no answer' });
  }

  #records(): RolloutRecords {
    const { records } = this.#world;
    return {
      current: async (limit) => {
        await this.point();
        await this.#link(limit.withinMs);
        return records.current(limit);
      },
      save: async (next, options) => {
        await this.point();
        await this.#link(options.withinMs);
        const saved = await records.save(next, options);
        await this.point();
        return saved;
      },
      history: (count, limit) => records.history(count, limit),
    };
  }

  #gate(): Gate {
    return {
      name: 'answers',
      midCell: true,
      look: async (cells) => {
        await this.point();
        return this.#world.look(cells);
      },
    };
  }

  #executor(): RolloutExecutor {
    const world = this.#world;
    const result = async (
      outcome: StepResult['outcome'],
      of: Omit<Parameters<RolloutWorld['effect']>[1], 'apply'>,
      apply: () => void,
    ): Promise<StepResult> => {
      const done = await world.effect(this, { ...of, apply: () => (outcome === 'failed' ? undefined : apply()) });
      return done ? { outcome, note: of.name } : { outcome: 'failed', note: 'the token is too low' };
    };
    return {
      steps: STEPS,
      callMsMax: 10_000,
      take: ({ cell, step }, limit) =>
        result(world.stepResult(cell, step), { name: `${step} ${cell}`, cell, limit }, () => {
          const taken = world.taken.get(cell) ?? [];
          if (!taken.includes(step)) world.taken.set(cell, [...taken, step]);
        }),
      undo: (cell, limit) =>
        result(world.undoResult(cell), { name: `undo ${cell}`, cell, limit }, () => void world.taken.delete(cell)),
      settle: (limit) =>
        result('done', { name: 'settle', cell: null, limit }, () => {
          world.settled = true;
        }),
      withdraw: (limit) =>
        result('done', { name: 'withdraw', cell: null, limit }, () => {
          world.withdrawn = true;
        }),
    };
  }
}
