/**
 * Time, as an argument. Durations come from `monotonicMs`, which no clock adjustment moves and which runs on while the
 * process is stopped; `wallMs` is for people to read and is never compared with another machine's for safety.
 */

export interface Clock {
  /** Milliseconds on this process's own monotonic clock, with fractions. The zero has no meaning. */
  monotonicMs(): number;
  /** Milliseconds since 1970, for records that people read. */
  wallMs(): number;
  /** Resolves after `ms` (at once for 0 or less); rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};
