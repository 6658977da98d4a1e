/**
 * Whether a cell's region is worth asking first. After a few failures in a row and no answer in between it is avoided:
 * requests begin at the cell's other region, which serves what it may (mergeable writes, reads) and refuses the rest
 * without effect, instead of ending as "outcome unknown" one by one. One request at a time tries whether it is back. It
 * decides nothing about ownership, and any answer, a refusal too, counts as alive.
 *
 *   closed ──3 failures in a row──▶ open ──500 ms──▶ probing ──answer──▶ closed
 *                                    ▲──────failure or silence──┘
 *
 * Slow is not dead: a region that only says nothing is avoided while there is another to ask, and still asked when there is
 * none. One whose connections break is gone, and what is not the probe need not be sent to it.
 */

/** `broken`: no connection, or one that ended without an answer. `silent`: it had its time and said nothing. */
export type LinkFailure = 'broken' | 'silent';

/** Fewer would open on one connection that was closed while idle. */
export const FAILURES_MAX = 3;
/** Each probe is a caller's request that may end badly: rarely enough to be bearable, often enough to be back soon. */
export const OPEN_MS = 500;
/** A probe that says nothing for this long is followed by another. */
export const PROBE_MS = 1_000;
/** Shorter deadlines are the caller's impatience and say nothing about the cell. */
export const SILENCE_MS = 1_000;

type State =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open' | 'probing'; readonly untilMs: number; readonly last: LinkFailure };

const HEALTHY: State = { kind: 'closed', failures: 0 };

export class LinkBreaker {
  #state: State = HEALTHY;

  get state(): State['kind'] {
    return this.#state.kind;
  }

  /** May a request begin here now? When it may because it is time to probe, that request is the probe. */
  admits(nowMs: number): boolean {
    if (this.#state.kind === 'closed') return true;
    if (nowMs < this.#state.untilMs) return false;
    this.#state = { kind: 'probing', untilMs: nowMs + PROBE_MS, last: this.#state.last };
    return true;
  }

  /** It is being avoided, and nothing speaks for its being merely slow. */
  get isBroken(): boolean {
    return this.#state.kind !== 'closed' && this.#state.last === 'broken';
  }

  answered(): void {
    if (this.#state !== HEALTHY) this.#state = HEALTHY;
  }

  failed(nowMs: number, how: LinkFailure): void {
    const failures = this.#state.kind === 'closed' ? this.#state.failures + 1 : FAILURES_MAX;
    this.#state =
      failures < FAILURES_MAX ? { kind: 'closed', failures } : { kind: 'open', untilMs: nowMs + OPEN_MS, last: how };
  }
}
