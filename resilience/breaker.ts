/**
 * A circuit breaker for one dependency, on cockatiel: after enough failures calls are refused at once, and after a pause
 * a single call tries whether the dependency is back. Callers that arrive during that trial are refused too, where
 * cockatiel would let them wait without a bound. The pause is measured on the wall clock (cockatiel's choice): a clock
 * that is set forward only makes the trial come early.
 */
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  SamplingBreaker,
} from 'cockatiel';
import { type ErrorCode, isPlatformError, PlatformError } from '../core/errors.ts';
import { speaksAgainstDependency } from './failure.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

export type OpensAfter =
  | { readonly kind: 'consecutive'; readonly failures: number }
  | {
      readonly kind: 'sampling';
      /** Share of calls that fail, over 0 and below 1. */
      readonly failureRatio: number;
      readonly windowMs: number;
      /** Below this rate a few failures prove nothing. */
      readonly callsPerSecondMin: number;
    };

export interface BreakerOptions {
  /** The dependency, for messages: `payments`. */
  readonly name: string;
  /** What a refused call throws: `PAYMENT_UNAVAILABLE`. */
  readonly code: ErrorCode;
  readonly opensAfter: OpensAfter;
  readonly halfOpenAfterMs: number;
  readonly onChange?: (state: BreakerState) => void;
}

export class Breaker {
  readonly #options: BreakerOptions;
  readonly #policy: CircuitBreakerPolicy;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#policy = circuitBreaker(handleWhen(speaksAgainstDependency), {
      halfOpenAfter: options.halfOpenAfterMs,
      breaker: breakerOf(options.opensAfter),
    });
    this.#policy.onStateChange((state) => options.onChange?.(stateName(state)));
  }

  get state(): BreakerState {
    return stateName(this.#policy.state);
  }

  /** Runs `work`, or refuses with the breaker's code and effect `none`. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#policy.state === CircuitState.HalfOpen) throw this.#refusal();
    try {
      return await this.#policy.execute(work);
    } catch (thrown) {
      throw thrown instanceof BrokenCircuitError ? this.#refusal() : thrown;
    }
  }

  #refusal(): PlatformError {
    const { name, code, halfOpenAfterMs } = this.#options;
    return new PlatformError({
      code,
      kind: 'dependency',
      effect: 'none',
      message: `${name} failed too often and is not called at the moment; it is tried again ${halfOpenAfterMs} ms after it was given up.`,
      details: { breaker: name, state: this.state },
    });
  }
}

/** A refusal by a breaker, as against the same code from the dependency itself: retrying it here is pointless. */
export function isBreakerRefusal(thrown: unknown): boolean {
  return isPlatformError(thrown) && typeof thrown.details.breaker === 'string';
}

function breakerOf(opensAfter: OpensAfter): ConsecutiveBreaker | SamplingBreaker {
  switch (opensAfter.kind) {
    case 'consecutive':
      return new ConsecutiveBreaker(opensAfter.failures);
    case 'sampling':
      return new SamplingBreaker({
        threshold: opensAfter.failureRatio,
        duration: opensAfter.windowMs,
        minimumRps: opensAfter.callsPerSecondMin,
      });
  }
}

function stateName(state: CircuitState): BreakerState {
  if (state === CircuitState.Closed) return 'closed';
  return state === CircuitState.HalfOpen ? 'half-open' : 'open';
}
