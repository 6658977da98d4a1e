/**
 * A doorbell: it ends the rest that a loop takes at that moment. Rung while nobody rests it is lost, so whoever rings leaves
 * the work where the loop looks before it rests.
 */
import type { Clock, SleepSignal } from './clock.ts';

/** A reason of our own, or each ring would build an exception with its stack. */
const RING = 'ring';

/**
 * What an `AbortController` would do for each ring anew, for a small part of its cost: every commit rings. Nobody hears a ring
 * who rests only after it, hence it is never `aborted`.
 */
class Bell implements SleepSignal {
  readonly aborted = false;
  readonly reason = RING;
  /** Whether each wants to hear one ring only. */
  readonly #listeners = new Map<() => void, boolean>();

  addEventListener(_type: 'abort', listener: () => void, { once }: { readonly once: boolean } = { once: false }): void {
    this.#listeners.set(listener, once);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  ring(): void {
    if (this.#listeners.size === 0) return;
    for (const [listener, once] of [...this.#listeners]) {
      if (once) this.#listeners.delete(listener);
      listener();
    }
  }
}

export class Doorbell {
  readonly #bell = new Bell();

  /** Costs next to nothing while nobody rests: then there is nobody to wake. */
  ring(): void {
    this.#bell.ring();
  }

  /** Resolves after `ms`, or as soon as it rings. */
  rest(clock: Clock, ms: number): Promise<void> {
    return clock.sleep(ms, this.#bell).then(up, up);
  }
}

/** A rest that was cut short is no failure. */
const up = () => undefined;
