/**
 * A doorbell: it ends the rest that a loop takes at that moment. Rung while nobody rests it is lost, so whoever rings leaves
 * the work where the loop looks before it rests.
 */
import type { Clock } from './clock.ts';

/** A reason of our own, or each ring would build an exception with its stack. */
const RING = 'ring';

export class Doorbell {
  /** Made anew only when it was rung: most rests end by themselves. */
  #resting = new AbortController();
  #resters = 0;

  /** Costs next to nothing while nobody rests: then there is nobody to wake. */
  ring(): void {
    if (this.#resters > 0) this.#resting.abort(RING);
  }

  /** Resolves after `ms`, or as soon as it rings. */
  rest(clock: Clock, ms: number): Promise<void> {
    if (this.#resting.signal.aborted) this.#resting = new AbortController();
    this.#resters++;
    return clock.sleep(ms, this.#resting.signal).then(this.#up, this.#up);
  }

  /** A rest that was cut short is no failure. */
  readonly #up = (): void => {
    this.#resters--;
  };
}
