/**
 * Retries, at one layer: full jitter, within the deadline, within the budget, behind the breaker, and only what had no
 * effect or is idempotent. The loop is ours because cockatiel's sleeps on a timer that neither deadline nor clock reaches.
 */
import type { Clock } from '../core/clock.ts';
import { isPlatformError } from '../core/errors.ts';
import { fullJitterMs, type Rng } from '../core/rng.ts';
import { type Breaker, isBreakerRefusal } from './breaker.ts';
import type { Deadline } from './deadline.ts';
import { mayRetry } from './failure.ts';
import type { RetryBudget } from './retry-budget.ts';

export interface RetryOptions {
  /** For messages: `The payment provider`. */
  readonly what: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly deadline: Deadline;
  readonly budget: RetryBudget;
  /** Whether doing it twice is doing it once: by its nature, or because it carries an idempotency key. */
  readonly idempotent: boolean;
  readonly breaker?: Breaker;
  /** The first try included. */
  readonly attemptsMax?: number;
  /** A single try may take no longer; the rest of the deadline stays for the next one. */
  readonly attemptMs?: number;
  readonly baseMs?: number;
  readonly capMs?: number;
}

export const ATTEMPTS_MAX_DEFAULT = 3;
export const BACKOFF_BASE_MS_DEFAULT = 20;
export const BACKOFF_CAP_MS_DEFAULT = 500;

/** Resolves with the first success; rejects with the last error. Every attempt gets a signal of its own. */
export async function retry<T>(options: RetryOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const attemptsMax = options.attemptsMax ?? ATTEMPTS_MAX_DEFAULT;
  options.budget.onRequest();
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptOnce(options, work);
    } catch (thrown) {
      if (attempt >= attemptsMax || isBreakerRefusal(thrown) || !mayTryAgain(thrown, options)) throw thrown;
      const delayMs = fullJitterMs(options.rng, {
        baseMs: options.baseMs ?? BACKOFF_BASE_MS_DEFAULT,
        capMs: options.capMs ?? BACKOFF_CAP_MS_DEFAULT,
        attempt,
      });
      // A retry that could only begin when nobody waits any more is none; the budget is asked last, as asking spends it.
      if (delayMs >= options.deadline.remainingMs() || !options.budget.tryRetry()) throw thrown;
      await options.deadline.run(options.what, (signal) => options.clock.sleep(delayMs, signal));
    }
  }
}

function attemptOnce<T>(options: RetryOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { deadline, breaker, what } = options;
  const call = () => deadline.within(options.attemptMs ?? deadline.remainingMs()).run(what, work);
  deadline.check(what);
  return breaker ? breaker.run(call) : call();
}

/** An attempt that ran into its own limit may be repeated while the whole has time left; its effect is unknown. */
function mayTryAgain(thrown: unknown, options: RetryOptions): boolean {
  if (options.deadline.expired) return false;
  if (mayRetry(thrown, options)) return true;
  return options.attemptMs !== undefined && options.idempotent && isDeadlineExceeded(thrown);
}

function isDeadlineExceeded(thrown: unknown): boolean {
  return isPlatformError(thrown) && thrown.code === 'DEADLINE_EXCEEDED';
}
