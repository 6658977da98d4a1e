/**
 * Whether one object's operations, which overlap in time, can be put into one order that its model explains.
 *
 * Algorithm: Wing & Gong 1993 ("Testing and verifying concurrent objects") as Lowe made it practical ("Testing for
 * linearizability", 2016): *just-in-time* linearization with memory. The events are walked in time with the set of all
 * configurations (state of the object, which of the open operations have taken effect) that are still possible; an operation
 * takes effect only when an end forces it, its own or another one's. Objects are searched one by one, because a history
 * is linearizable if each object's part is (Herlihy & Wing 1990; Horn & Kroening 2015 call it P-compositionality).
 *
 *   begin(op)  op is open
 *   end(op)    every configuration in which op has not taken effect tries all orders of open operations that end with op;
 *              none left: not linearizable, and op is where it shows
 *
 * An operation without an end may take effect at any time after its begin, or never. Sets of such operations grow without
 * bound, so the model says when one is worth it (`after`). The search is bounded: exhausted is an answer of its own.
 */

export interface Operation<Op> {
  readonly op: Op;
  readonly beginMs: number;
  /** `null`: may take effect at any time from `beginMs` on, or never. */
  readonly endMs: number | null;
}

export interface Model<State, Op> {
  readonly initial: State;
  /** The states that the object may be in after `op` gave the answer that it gave; none: it can't have. */
  step(state: State, op: Op): readonly State[];
  /** The same with `open`, whose end nobody saw, right before; none when that gains nothing. */
  after(state: State, open: Op, op: Op): readonly State[];
  /** Equal if and only if the states are. */
  nameOf(state: State): string;
}

export type Linearization<Op> =
  | { readonly kind: 'found'; readonly configurations: number }
  /** `stuckAt`: the first end that no order explains. */
  | { readonly kind: 'none'; readonly stuckAt: Op; readonly configurations: number }
  | { readonly kind: 'exhausted'; readonly configurations: number };

/** Looked at for one object. A drill's registers need a few for each operation. */
export const CONFIGURATIONS_MAX = 300_000;

export function linearize<State, Op, Asked extends Op>(
  model: Model<State, Op>,
  operations: readonly Operation<Asked>[],
  options: { readonly configurationsMax?: number } = {},
): Linearization<Asked> {
  return new Search(model, operations, options.configurationsMax ?? CONFIGURATIONS_MAX).run();
}

interface Configuration<State> {
  readonly state: State;
  /** Open operations that have taken effect, by index. */
  readonly done: ReadonlySet<number>;
}

interface Instant {
  readonly atMs: number;
  readonly index: number;
  readonly kind: 'begin' | 'end';
}

class Search<State, Op, Asked extends Op> {
  readonly #model: Model<State, Op>;
  readonly #operations: readonly Operation<Asked>[];
  readonly #budget: number;
  readonly #open = new Set<number>();
  readonly #endless = new Set<number>();
  #possible: readonly Configuration<State>[];
  #looked = 0;

  constructor(model: Model<State, Op>, operations: readonly Operation<Asked>[], budget: number) {
    this.#model = model;
    this.#operations = operations;
    this.#budget = budget;
    this.#possible = [{ state: model.initial, done: new Set() }];
  }

  run(): Linearization<Asked> {
    for (const { index, kind } of instantsOf(this.#operations)) {
      const operation = this.#operations[index];
      if (!operation) continue;
      if (kind === 'begin') {
        (operation.endMs === null ? this.#endless : this.#open).add(index);
        continue;
      }
      const next = this.#endOf(index);
      if (next === null) return { kind: 'exhausted', configurations: this.#looked };
      if (next.length === 0) return { kind: 'none', stuckAt: operation.op, configurations: this.#looked };
      this.#possible = this.#withoutUsedUp(next);
      this.#open.delete(index);
    }
    return { kind: 'found', configurations: this.#looked };
  }

  /** Every configuration in which the operation has taken effect; `null` when the budget is used up. */
  #endOf(index: number): readonly Configuration<State>[] | null {
    const ended = new Map<string, Configuration<State>>();
    const seen = new Set<string>();
    const waiting = [...this.#possible];
    for (let config = waiting.pop(); config !== undefined; config = waiting.pop()) {
      const name = this.#nameOf(config);
      if (seen.has(name)) continue;
      seen.add(name);
      if (++this.#looked > this.#budget) return null;
      if (!config.done.has(index)) {
        for (const open of this.#open) if (!config.done.has(open)) waiting.push(...this.#effects(config, open));
        continue;
      }
      const rest = { state: config.state, done: new Set([...config.done].filter((other) => other !== index)) };
      ended.set(this.#nameOf(rest), rest);
    }
    return [...ended.values()];
  }

  /** Endless operations that have taken effect in every configuration can't make a difference any more. */
  #withoutUsedUp(configs: readonly Configuration<State>[]): readonly Configuration<State>[] {
    const [first, ...others] = configs;
    const usedUp = [...(first?.done ?? [])].filter(
      (index) => this.#endless.has(index) && others.every(({ done }) => done.has(index)),
    );
    if (usedUp.length === 0) return configs;
    for (const index of usedUp) this.#endless.delete(index);
    return configs.map(({ state, done }) => ({
      state,
      done: new Set([...done].filter((one) => !usedUp.includes(one))),
    }));
  }

  #effects({ state, done }: Configuration<State>, index: number): readonly Configuration<State>[] {
    const op = this.#opOf(index);
    const effects = this.#model.step(state, op).map((next) => ({ state: next, done: new Set([...done, index]) }));
    for (const open of this.#endless) {
      if (done.has(open)) continue;
      const states = this.#model.after(state, this.#opOf(open), op);
      effects.push(...states.map((next) => ({ state: next, done: new Set([...done, open, index]) })));
    }
    return effects;
  }

  #opOf(index: number): Asked {
    const operation = this.#operations[index];
    if (!operation) throw new RangeError(`There is no operation ${index}.`);
    return operation.op;
  }

  #nameOf({ state, done }: Configuration<State>): string {
    return `${this.#model.nameOf(state)} ${[...done].sort((a, b) => a - b).join(',')}`;
  }
}

/** Begins before ends of one instant: what touches, overlaps. */
function instantsOf(operations: readonly Operation<unknown>[]): readonly Instant[] {
  const instants = operations.flatMap(({ beginMs, endMs }, index): Instant[] => [
    { atMs: beginMs, index, kind: 'begin' },
    ...(endMs === null ? [] : [{ atMs: endMs, index, kind: 'end' as const }]),
  ]);
  const rank = ({ kind }: Instant) => (kind === 'begin' ? 0 : 1);
  return instants.sort((a, b) => a.atMs - b.atMs || rank(a) - rank(b) || a.index - b.index);
}
