/**
 * A retry budget: retries may be at most a share of the requests, so that when everything fails the load grows by that
 * share and not by a multiple. A token bucket: every request puts in a part of a token, every retry takes a whole one; a
 * trickle lets a quiet process retry at all. Source: Finagle's RetryBudget; Google, "Site Reliability Engineering", ch. 21.
 */
import type { Clock } from '../core/clock.ts';

export interface RetryBudgetOptions {
  readonly clock: Clock;
  /** Retries per request in the long run. */
  readonly retryRatioMax?: number;
  /** Retries a second that are allowed however few requests there are. */
  readonly retriesPerSecondMin?: number;
  /** Retries that may come at once after a quiet time. */
  readonly burstMax?: number;
}

/** One retry for ten requests: enough for what fails now and then, and no storm when everything fails. */
export const RETRY_RATIO_MAX_DEFAULT = 0.1;
export const RETRIES_PER_SECOND_MIN_DEFAULT = 1;
export const RETRY_BURST_MAX_DEFAULT = 10;

export class RetryBudget {
  readonly #clock: Clock;
  readonly #retryRatioMax: number;
  readonly #retriesPerSecondMin: number;
  readonly #burstMax: number;
  #tokens: number;
  #trickledAtMs: number;

  constructor(options: RetryBudgetOptions) {
    this.#clock = options.clock;
    this.#retryRatioMax = options.retryRatioMax ?? RETRY_RATIO_MAX_DEFAULT;
    this.#retriesPerSecondMin = options.retriesPerSecondMin ?? RETRIES_PER_SECOND_MIN_DEFAULT;
    this.#burstMax = options.burstMax ?? RETRY_BURST_MAX_DEFAULT;
    this.#tokens = Math.min(this.#retriesPerSecondMin, this.#burstMax);
    this.#trickledAtMs = options.clock.monotonicMs();
  }

  /** Call once for every request, not for its retries. */
  onRequest(): void {
    this.#add(this.#retryRatioMax);
  }

  /** Takes a retry out of the budget; `false`: there is none, don't retry. */
  tryRetry(): boolean {
    const nowMs = this.#clock.monotonicMs();
    this.#add(((nowMs - this.#trickledAtMs) * this.#retriesPerSecondMin) / 1_000);
    this.#trickledAtMs = nowMs;
    // Tenths don't add up exactly; a billionth of a retry is no reason to refuse one.
    if (this.#tokens < 1 - 1e-9) return false;
    this.#tokens = Math.max(0, this.#tokens - 1);
    return true;
  }

  #add(tokens: number): void {
    this.#tokens = Math.min(this.#burstMax, this.#tokens + tokens);
  }
}
