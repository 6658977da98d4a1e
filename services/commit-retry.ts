/**
 * Optimistic concurrency with an end: read, change, commit; on a moved head again, with full jitter, at most
 * `ATTEMPTS_MAX` times and never past the deadline. Only errors whose effect is none are repeated.
 */
import type { CellRuntime } from '../cell/cell-runtime.ts';
import type { CallBounds } from '../cell/cell-store.ts';
import { isPlatformError } from '../core/errors.ts';
import { fullJitterMs } from '../core/rng.ts';

/** Ten writers of one aggregate at once all get through; more than that is a hot spot that should be seen. */
const ATTEMPTS_MAX = 12;
const BACKOFF_BASE_MS = 2;
const BACKOFF_CAP_MS = 100;

const REPEATABLE: ReadonlySet<string> = new Set(['VERSION_CONFLICT', 'STORE_CONFLICT']);

export async function retryConflicts<T>(
  runtime: Pick<CellRuntime, 'clock' | 'rng'>,
  bounds: CallBounds,
  attemptOnce: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await attemptOnce();
    } catch (error) {
      if (!isPlatformError(error) || error.effect !== 'none' || !REPEATABLE.has(error.code)) throw error;
      const waitMs = fullJitterMs(runtime.rng, { baseMs: BACKOFF_BASE_MS, capMs: BACKOFF_CAP_MS, attempt });
      const leftMs = bounds.deadlineAtMs - runtime.clock.monotonicMs();
      if (attempt + 1 >= ATTEMPTS_MAX || waitMs >= leftMs) throw error;
      await runtime.clock.sleep(waitMs, bounds.signal);
    }
  }
}
