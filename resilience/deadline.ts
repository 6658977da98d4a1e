/**
 * A deadline: the point on this process's monotonic clock past which nobody waits for the answer any more. It is made
 * once, where a request enters, and passed on; what is nested may only be shorter. Between processes it travels as the
 * milliseconds that remain, because two clocks don't agree.
 */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../core/clock.ts';
import { type Effect, PlatformError } from '../core/errors.ts';

export interface DeadlineOptions {
  readonly clock: Clock;
  readonly ms: number;
  /** Why the caller may give up before the deadline: its own end, the end of the process. */
  readonly signal?: AbortSignal;
}

export class Deadline {
  /** On `clock.monotonicMs`. */
  readonly atMs: number;
  readonly #clock: Clock;
  readonly #givenMs: number;
  readonly #outer: AbortSignal | undefined;

  constructor({ clock, ms, signal }: DeadlineOptions) {
    this.#clock = clock;
    this.#givenMs = Math.max(0, ms);
    this.atMs = clock.monotonicMs() + this.#givenMs;
    this.#outer = signal;
    // One listener for each call that is under way; Node would take the eleventh for a leak and print a warning.
    if (signal) setMaxListeners(0, signal);
  }

  /** Never negative. */
  remainingMs(): number {
    return Math.max(0, this.atMs - this.#clock.monotonicMs());
  }

  get expired(): boolean {
    return this.remainingMs() === 0;
  }

  /** For a part of the work: at most `ms` from now, never past this deadline. */
  within(ms: number): Deadline {
    return new Deadline({
      clock: this.#clock,
      ms: Math.min(ms, this.remainingMs()),
      ...(this.#outer ? { signal: this.#outer } : {}),
    });
  }

  /** Throws before work begins that could not end in time. Nothing was done yet, so the effect is `none`. */
  check(what: string): void {
    this.#outer?.throwIfAborted();
    if (this.expired) throw this.#exceeded(what, 'none');
  }

  /**
   * Runs `work` with a signal that is aborted at the deadline, and rejects then even if `work` ignores it: a wait ends
   * when it was said to end. What `work` had begun may still happen, so the effect is `unknown`.
   */
  async run<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.check(what);
    const timer = new AbortController();
    const inner = new AbortController();
    const cut = new Promise<never>((_, reject) => {
      inner.signal.addEventListener('abort', () => reject(inner.signal.reason), { once: true });
    });
    const onOuterAbort = () => inner.abort(this.#outer?.reason);
    this.#outer?.addEventListener('abort', onOuterAbort, { once: true });
    this.#clock.sleep(this.remainingMs(), timer.signal).then(
      () => inner.abort(this.#exceeded(what, 'unknown')),
      () => undefined, // The work ended first and the timer was cleared.
    );
    try {
      return await Promise.race([work(inner.signal), cut]);
    } finally {
      timer.abort();
      this.#outer?.removeEventListener('abort', onOuterAbort);
    }
  }

  #exceeded(what: string, effect: Effect): PlatformError {
    return new PlatformError({
      code: 'DEADLINE_EXCEEDED',
      kind: 'dependency',
      effect,
      message: `${what} was not done within its deadline of ${Math.round(this.#givenMs)} ms.`,
      details: { what, deadlineMs: this.#givenMs },
    });
  }
}
