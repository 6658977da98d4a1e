/**
 * How a process has answered: counts that only grow, and the last few seconds in a ring. Constant memory, two increments an
 * answer. Invariant: what the platform refuses by design is never counted as failed, so that a planned move of a cell does
 * not look like a bad release; and what a slow or broken release causes first is never counted as refused.
 */
import type { Clock } from './clock.ts';

export const ANSWER_KINDS = ['ok', 'refused', 'failed', 'unknown'] as const;

/**
 * `refused`: 4xx, and 5xx that only say who owns the cell, or what a person has switched off. `failed`: every other 5xx, overload and deadlines too: a release that
 * is slower is seen there first. `unknown`: the outcome is, or the caller left before it had the answer.
 */
export type AnswerKind = (typeof ANSWER_KINDS)[number];

export type AnswerTally = Readonly<Record<AnswerKind, number>>;

/** As a status page carries it. */
export interface AnswerReport {
  /** Since the process began. */
  readonly total: AnswerTally;
  /** The failed ones of `total`; what carried no code of the platform is under `OTHER`. */
  readonly failedByCode: Readonly<Record<string, number>>;
  /** The same, within the last `windowMs`. */
  readonly recent: AnswerTally & { readonly windowMs: number };
}

/** Long enough to hold a rate of a quiet cell, short enough that a gate sees a new release and not the one before. */
export const ANSWER_WINDOW_MS = 10_000;
const SLOT_MS = 1_000;
const SLOTS = ANSWER_WINDOW_MS / SLOT_MS;
/** There are some fifty codes; what a broken release makes up shall not grow without bound. */
const CODES_MAX = 64;
const OTHER = 'OTHER';

/** 503s that say "another region owns the cell now", or "this is switched off": part of a planned move or of a mode, and no work of the release that says so. */
const BY_DESIGN: ReadonlySet<string> = new Set(['LEASE_NOT_HELD', 'FENCE_STALE_EPOCH', 'DEGRADED']);
const OUTCOME_UNKNOWN = 'OUTCOME_UNKNOWN';

/** `code`: of the problem document, if it had one; it matters for 5xx only. */
export function answerKind(answer: { readonly status: number; readonly code: string | null }): AnswerKind {
  const { status, code } = answer;
  if (status < 400) return 'ok';
  if (status < 500) return 'refused';
  if (code === OUTCOME_UNKNOWN) return 'unknown';
  return code !== null && BY_DESIGN.has(code) ? 'refused' : 'failed';
}

type Counts = Record<AnswerKind, number>;

export class AnswerCounts {
  readonly #clock: Clock;
  readonly #total: Counts = none();
  readonly #failedByCode = new Map<string, number>();
  /** One for each second; `turn` tells which second it holds. */
  readonly #ring: { turn: number; counts: Counts }[] = Array.from({ length: SLOTS }, () => ({
    turn: Number.NEGATIVE_INFINITY,
    counts: none(),
  }));

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  count(kind: AnswerKind, code: string | null = null): void {
    this.#total[kind] += 1;
    this.#slot().counts[kind] += 1;
    if (kind === 'failed') this.#countCode(code ?? OTHER);
  }

  report(): AnswerReport {
    const oldest = this.#turn() - SLOTS;
    const recent = none();
    for (const { turn, counts } of this.#ring) {
      if (turn > oldest) for (const kind of ANSWER_KINDS) recent[kind] += counts[kind];
    }
    return {
      total: { ...this.#total },
      failedByCode: Object.fromEntries(this.#failedByCode),
      recent: { ...recent, windowMs: ANSWER_WINDOW_MS },
    };
  }

  #countCode(code: string): void {
    const key = this.#failedByCode.has(code) || this.#failedByCode.size < CODES_MAX ? code : OTHER;
    this.#failedByCode.set(key, (this.#failedByCode.get(key) ?? 0) + 1);
  }

  #slot() {
    const turn = this.#turn();
    const slot = this.#ring[turn % SLOTS] ?? { turn, counts: none() };
    if (slot.turn !== turn) {
      slot.turn = turn;
      for (const kind of ANSWER_KINDS) slot.counts[kind] = 0;
    }
    return slot;
  }

  #turn(): number {
    return Math.floor(this.#clock.monotonicMs() / SLOT_MS);
  }
}

const none = (): Counts => ({ ok: 0, refused: 0, failed: 0, unknown: 0 });
