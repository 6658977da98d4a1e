/** What an invocation of a function on Lambda tells: what it is about, and how much time there is. */
import type { Clock } from '../../core/clock.ts';

/** The part of Lambda's context that is used. */
export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

/** Left for ending in order: a function that is cut has its environment thrown away, and is begun anew from nothing. */
const RESERVE_MS = 2_000;

export interface Invocation {
  /** When the work should be at its end, on the cell's clock. */
  readonly endAtMs: number;
  /** Aborted then. */
  readonly signal: AbortSignal;
}

/** Runs work that is told when its time is over. */
export async function bounded<T>(
  clock: Clock,
  context: InvocationContext,
  work: (invocation: Invocation) => Promise<T>,
): Promise<T> {
  const leftMs = Math.max(0, context.getRemainingTimeInMillis() - RESERVE_MS);
  const ending = new AbortController();
  const done = new AbortController();
  // Ended early by `done`, and then nothing is to be aborted.
  void clock.sleep(leftMs, done.signal).then(
    () => ending.abort('the time of this invocation is over'),
    () => undefined,
  );
  try {
    return await work({ endAtMs: clock.monotonicMs() + leftMs, signal: ending.signal });
  } finally {
    done.abort();
  }
}

/** An event of EventBridge's rules or of its scheduler; whatever else calls, calls because something has happened. */
export function isScheduled(event: unknown): boolean {
  if (typeof event !== 'object' || event === null) return false;
  return 'detail-type' in event && event['detail-type'] === 'Scheduled Event';
}
