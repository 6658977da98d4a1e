/** How the provider misbehaves, as a document that drills put. Every ratio is drawn from one seeded source of chance. */
import * as z from 'zod/mini';
import { invalid } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import { type Rng, seededRng } from '../../core/rng.ts';

const MS_ALLOWED = 'a number 0–60,000 (milliseconds)';
const RATIO_ALLOWED = 'a number 0–1';
const SEED_ALLOWED = 'an integer 0–4,294,967,295';

const ms = z._default(z.number(MS_ALLOWED).check(z.gte(0, MS_ALLOWED), z.lte(60_000, MS_ALLOWED)), 0);
const ratio = z._default(z.number(RATIO_ALLOWED).check(z.gte(0, RATIO_ALLOWED), z.lte(1, RATIO_ALLOWED)), 0);

/** What is left out is off. */
const behaviourSchema = z.strictObject({
  latencyMs: ms,
  jitterMs: ms,
  declineRatio: ratio,
  /** Answers 500 without charging. */
  errorRatio: ratio,
  /** Captures, and then never answers. */
  timeoutAfterChargeRatio: ratio,
  /** Neither captures nor answers. */
  timeoutBeforeChargeRatio: ratio,
  seed: z._default(z.int(SEED_ALLOWED).check(z.gte(0, SEED_ALLOWED), z.lte(4_294_967_295, SEED_ALLOWED)), 1),
});

export type Behaviour = Readonly<z.output<typeof behaviourSchema>>;

export type Fate = 'serve' | 'fail' | 'hang-before' | 'hang-after';

export const wellBehaved: Behaviour = behaviourSchema.parse({});

export function parseBehaviour(value: unknown): Behaviour {
  const parsed = behaviourSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue?.path.join('.') || 'behaviour';
  throw invalid(`${at}: seen ${shown(value)}; allowed: ${issue?.message || Object.keys(wellBehaved).join(', ')}.`);
}

/** The behaviour with its source of chance: the same seed and calls, the same fates. */
export class Chance {
  readonly behaviour: Behaviour;
  readonly #rng: Rng;

  constructor(behaviour: Behaviour) {
    this.behaviour = behaviour;
    this.#rng = seededRng(behaviour.seed);
  }

  delayMs(): number {
    return this.behaviour.latencyMs + this.#rng.next() * this.behaviour.jitterMs;
  }

  /** One draw for all faults, so that their ratios are shares of all calls and do not multiply. */
  fate(): Fate {
    const { errorRatio, timeoutBeforeChargeRatio, timeoutAfterChargeRatio } = this.behaviour;
    const drawn = this.#rng.next();
    if (drawn < errorRatio) return 'fail';
    if (drawn < errorRatio + timeoutBeforeChargeRatio) return 'hang-before';
    return drawn < errorRatio + timeoutBeforeChargeRatio + timeoutAfterChargeRatio ? 'hang-after' : 'serve';
  }

  declines(): boolean {
    return this.#rng.next() < this.behaviour.declineRatio;
  }
}
