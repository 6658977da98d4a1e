/**
 * Half a machine for one process: it is stopped and continued in turn, so that it runs for a share of each short period.
 * Invariant: whoever ends the cycle leaves a process that runs; a child that dies meanwhile ends the cycle by itself.
 */
import type { Clock } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import type { RunningChild } from './running-child.ts';

/** Short beside every deadline, so that the process is slow and not away; long beside the timers' grain of a busy machine. */
export const DUTY_PERIOD_MS = 80;
/** Less than this would be a stop. */
export const RUN_RATIO_MIN = 0.05;

/** 1 means full speed. Throws `INVALID_INPUT`. */
export function parseRunRatio(value: unknown): number {
  if (typeof value === 'number' && value >= RUN_RATIO_MIN && value <= 1) return value;
  throw invalid(
    `Not a share of time to run: ${shown(value)}. Allowed: a number from ${RUN_RATIO_MIN} to 1 (full speed).`,
  );
}

export class DutyCycle {
  readonly #child: RunningChild;
  readonly #clock: Clock;
  readonly #runRatio: number;
  readonly #ended = new AbortController();

  /** Begins at once. */
  constructor(options: { readonly child: RunningChild; readonly clock: Clock; readonly runRatio: number }) {
    this.#child = options.child;
    this.#clock = options.clock;
    this.#runRatio = options.runRatio;
    void this.#child.exited.then(() => this.#ended.abort());
    void this.#turn();
  }

  /** The process runs at full speed when this returns. Safe to call twice. */
  end(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#child.kill('SIGCONT');
  }

  async #turn(): Promise<void> {
    const { signal } = this.#ended;
    const pause = (ms: number) => this.#clock.sleep(ms, signal).catch(() => undefined); // Ended: the loop sees it.
    while (!signal.aborted) {
      this.#child.kill('SIGSTOP');
      await pause(DUTY_PERIOD_MS * (1 - this.#runRatio));
      // Not after the end: by then somebody may have stopped it for a reason of his own.
      if (signal.aborted) return;
      this.#child.kill('SIGCONT');
      await pause(DUTY_PERIOD_MS * this.#runRatio);
    }
  }
}
