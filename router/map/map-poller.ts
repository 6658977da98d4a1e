/**
 * Refreshes the cell map out of band, at constant work: the same small question every 50 ms whatever changes, answered
 * with 304 nearly always. When control is gone it asks a little less often and the router serves on with what it has; a
 * document that does not pass validation counts as no answer.
 */
import type { Clock } from '../../core/clock.ts';
import { type Rng, randomInt } from '../../core/rng.ts';

export type MapAnswer =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'document'; readonly document: unknown; readonly etag: string | null };

/** Asks once. Rejects when there is no answer within its time limit; must not buffer more than the map's size limit. */
export type FetchMap = (etag: string | null, signal: AbortSignal) => Promise<MapAnswer>;

/** Who takes the answers. `accept` throws what it refuses, and keeps what it has. */
export interface MapTaker {
  accept(document: unknown, from: { source: 'control'; ageMs: number }): void;
  confirm(ageMs: number): void;
}

export const POLL_EVERY_MS = 50;
/** Spreads the routers of a region over the interval. */
const JITTER_MS = 10;
/** While control is gone. Short, because its return is also how a failover is learned where no request brings a hint. */
const BACKOFF_MAX_MS = 500;

export interface MapPollerStatus {
  readonly failuresInRow: number;
  readonly lastError: string | null;
}

export class MapPoller {
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #fetch: FetchMap;
  readonly #holder: MapTaker;
  #etag: string | null = null;
  #failuresInRow = 0;
  #lastError: string | null = null;

  constructor(options: { clock: Clock; rng: Rng; fetch: FetchMap; holder: MapTaker }) {
    this.#clock = options.clock;
    this.#rng = options.rng;
    this.#fetch = options.fetch;
    this.#holder = options.holder;
  }

  status(): MapPollerStatus {
    return { failuresInRow: this.#failuresInRow, lastError: this.#lastError };
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.poll(signal);
      // The only way the sleep rejects is the abort that ends the loop.
      await this.#clock.sleep(this.#pauseMs(), signal).catch(() => undefined);
    }
  }

  /** One question and its answer; never rejects. */
  async poll(signal: AbortSignal): Promise<void> {
    const askedAtMs = this.#clock.monotonicMs();
    try {
      const answer = await this.#fetch(this.#etag, signal);
      // Counted from the question: a process may have slept between the answer and this line.
      const ageMs = this.#clock.monotonicMs() - askedAtMs;
      if (answer.kind === 'unchanged') this.#holder.confirm(ageMs);
      else {
        this.#holder.accept(answer.document, { source: 'control', ageMs });
        this.#etag = answer.etag;
      }
      this.#failuresInRow = 0;
      this.#lastError = null;
    } catch (error) {
      this.#failuresInRow += 1;
      this.#lastError = error instanceof Error ? error.message : String(error);
    }
  }

  #pauseMs(): number {
    const doublings = Math.min(this.#failuresInRow, 10);
    return Math.min(BACKOFF_MAX_MS, POLL_EVERY_MS * 2 ** doublings) - JITTER_MS + randomInt(this.#rng, 2 * JITTER_MS);
  }
}
