/**
 * Time, as an argument. Durations come from `monotonicMs`, which no clock adjustment moves and which runs on while the
 * process is stopped; `wallMs` is for people to read and is never compared with another machine's for safety.
 */

/** What may cut a sleep short: an `AbortSignal`, or something lighter that tells it in the same way. */
export interface SleepSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface Clock {
  /** Milliseconds on this process's own monotonic clock, with fractions. The zero has no meaning. */
  monotonicMs(): number;
  /** Milliseconds since 1970, for records that people read. */
  wallMs(): number;
  /** Resolves after `ms` (at once for 0 or less); rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: SleepSignal): Promise<void>;
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
