/**
 * A bulkhead: how many calls of one dependency may be under way, and how many may wait, so that a slow dependency takes
 * no more than its share. On cockatiel. A caller that waits leaves at its deadline; its place in the queue is then passed
 * over (cockatiel, given the signal, would let an aborted entry hold up those behind it).
 */
import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import { PlatformError } from '../core/errors.ts';
import type { Deadline } from './deadline.ts';

export interface BulkheadOptions {
  /** What it protects, for messages: `cell c01`. */
  readonly name: string;
  readonly activeMax: number;
  readonly queuedMax: number;
}

export class Bulkhead {
  readonly #options: BulkheadOptions;
  readonly #policy: ReturnType<typeof bulkhead>;

  constructor(options: BulkheadOptions) {
    this.#options = options;
    this.#policy = bulkhead(options.activeMax, options.queuedMax);
  }

  get active(): number {
    return this.#options.activeMax - this.#policy.executionSlots;
  }

  get queued(): number {
    return this.#options.queuedMax - this.#policy.queueSlots;
  }

  /** Throws `OVERLOADED` (none) when full, `DEADLINE_EXCEEDED` at the deadline; `none` if `work` had not begun. */
  async run<T>(deadline: Deadline, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    let begun = false;
    let left = false;
    try {
      return await deadline.run(`A call of ${this.#options.name}`, (signal) =>
        this.#policy.execute(async () => {
          // Its caller has gone while it stood in the queue: make way at once.
          if (left) throw signal.reason;
          begun = true;
          return work(signal);
        }),
      );
    } catch (thrown) {
      if (thrown instanceof BulkheadRejectedError) throw this.#refusal();
      if (begun || !(thrown instanceof PlatformError)) throw thrown;
      const { code, kind, message, details, cause } = thrown;
      throw new PlatformError({ code, kind, effect: 'none', message, details, cause });
    } finally {
      left = true;
    }
  }

  #refusal(): PlatformError {
    const { name, activeMax, queuedMax } = this.#options;
    return new PlatformError({
      code: 'OVERLOADED',
      kind: 'dependency',
      effect: 'none',
      message: `${name} has ${activeMax} calls under way and ${queuedMax} waiting, which is all that is allowed. Try again later.`,
      details: { bulkhead: name, activeMax, queuedMax },
    });
  }
}
