/**
 * Work beside the requests, on a host that runs only while there is one: each request starts it when it is due, none waits
 * for it. Constant: at most once an interval, whatever it brings, one at a time, and it has its own time limit.
 */
import type { Clock } from '../../core/clock.ts';

export class OutOfBand {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #failedMs: number;
  readonly #work: () => Promise<boolean>;
  #dueAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<unknown> | null = null;

  /**
   * `work` ends by itself, also after the process was frozen, and never rejects. When it resolves to `false` it is due again
   * after `failedMs`.
   */
  constructor(options: { clock: Clock; everyMs: number; failedMs: number; work: () => Promise<boolean> }) {
    this.#clock = options.clock;
    this.#everyMs = options.everyMs;
    this.#failedMs = options.failedMs;
    this.#work = options.work;
  }

  /** Starts the work if it is due. Returns at once. */
  kick(): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#running !== null || nowMs < this.#dueAtMs) return;
    this.#dueAtMs = nowMs + this.#everyMs;
    this.#running = this.#work().then((done) => {
      this.#running = null;
      if (!done) this.#dueAtMs = nowMs + this.#failedMs;
    });
  }

  /** Resolves when what is under way has ended, or after `ms`: for a start with empty hands, when there is nothing to serve from. */
  async settled(ms: number): Promise<void> {
    if (this.#running === null) return;
    const over = new AbortController();
    // The sleep is cut short when the work ended first.
    const limit = this.#clock.sleep(ms, over.signal).catch(() => undefined);
    await Promise.race([this.#running, limit]);
    over.abort();
  }
}
