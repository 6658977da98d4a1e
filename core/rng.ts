/** Chance, as an argument: a seed repeats a run. Not for secrets. */

export interface Rng {
  /** Uniform in [0, 1). */
  next(): number;
}

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state, passes gjrand; ample for jitter and schedules. */
export function seededRng(seed: number): Rng {
  // Signed, as every 32-bit operation takes it: an engine keeps that without an allocation.
  let state = seed | 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}

export const systemRng: Rng = { next: () => Math.random() };

/** An integer in [0, below). */
export function randomInt(rng: Rng, below: number): number {
  return Math.floor(rng.next() * below);
}

/** Full jitter (Brooker, "Exponential Backoff and Jitter", AWS 2015): uniform in [0, min(cap, base × 2^attempt)). */
export function fullJitterMs(rng: Rng, options: { baseMs: number; capMs: number; attempt: number }): number {
  return rng.next() * Math.min(options.capMs, options.baseMs * 2 ** options.attempt);
}
