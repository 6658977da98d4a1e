/** The real clock, slower: limits of milliseconds hold for code under test on a machine that is busy with something else. */
import { type Clock, systemClock } from '../../core/clock.ts';

export function slowClock(factor: number): Clock {
  return {
    monotonicMs: () => systemClock.monotonicMs() / factor,
    wallMs: () => systemClock.wallMs(),
    sleep: (ms, signal) => systemClock.sleep(ms * factor, signal),
  };
}
