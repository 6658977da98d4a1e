/**
 * The clock of a process that is put to sleep between its calls, as an execution environment of Lambda is. While it stands
 * still its monotonic clock may go on or may stand still, too; so the elapsed time is the larger of what the monotonic clock
 * and the wall clock say, and it never goes back.
 *
 * Assumed: of the two, at least one goes on during a freeze, and nobody puts the wall clock back by more than the margin of
 * a lease while the process is frozen. A wall clock that is put forward only makes time pass too fast: leases end
 * earlier, a peer's silence has to be seen anew. So this clock is for whoever *stops* when time is up. Never prove somebody
 * else's silence with it (`LeaseWatch` before a release): there the plain monotonic clock errs to the safe side.
 */
import type { Clock } from './clock.ts';

/** Readings of the two clocks may differ by this (whole milliseconds, slewing) before one of them has jumped. */
const JUMP_MS = 50;

export function freezeAwareClock(base: Clock): Clock {
  let anchor = { monotonicMs: base.monotonicMs(), wallMs: base.wallMs(), nowMs: base.monotonicMs() };
  let lastMs = anchor.nowMs;
  const monotonicMs = () => {
    const [monotonic, wall] = [base.monotonicMs(), base.wallMs()];
    const byMonotonicMs = monotonic - anchor.monotonicMs;
    const byWallMs = wall - anchor.wallMs;
    const nowMs = anchor.nowMs + Math.max(byMonotonicMs, byWallMs);
    // Counted from here on, or a wall clock that was put back once would hide every later freeze.
    if (Math.abs(byWallMs - byMonotonicMs) > JUMP_MS) anchor = { monotonicMs: monotonic, wallMs: wall, nowMs };
    lastMs = Math.max(lastMs, nowMs);
    return lastMs;
  };
  return { monotonicMs, wallMs: () => base.wallMs(), sleep: (ms, signal) => base.sleep(ms, signal) };
}
