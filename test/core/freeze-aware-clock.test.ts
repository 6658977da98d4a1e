/** Time for a process that is put to sleep: the larger of two clocks, never backwards. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '../../core/clock.ts';
import { freezeAwareClock } from '../../core/freeze-aware-clock.ts';

let monotonicMs: number;
let wallMs: number;
let clock: Clock;

beforeEach(() => {
  monotonicMs = 5_000;
  wallMs = 1_700_000_000_000;
  const sleep = () => Promise.resolve();
  clock = freezeAwareClock({ monotonicMs: () => monotonicMs, wallMs: () => wallMs, sleep });
});

const pass = (ms: { readonly monotonic: number; readonly wall: number }) => {
  const before = clock.monotonicMs();
  monotonicMs += ms.monotonic;
  wallMs += ms.wall;
  return clock.monotonicMs() - before;
};

describe('the clock of a process that is frozen', () => {
  it('counts a freeze during which the monotonic clock stood still', () => {
    expect(pass({ monotonic: 0, wall: 60_000 })).toBe(60_000);
  });

  it('counts a freeze during which only the monotonic clock went on', () => {
    expect(pass({ monotonic: 60_000, wall: 0 })).toBe(60_000);
  });

  it('never goes back, whatever is done to the wall clock', () => {
    pass({ monotonic: 10, wall: 10 });
    expect(pass({ monotonic: 0, wall: -3_600_000 })).toBe(0);
    expect(pass({ monotonic: 5, wall: 5 })).toBe(5);
  });

  it('still sees a freeze after the wall clock was put back', () => {
    pass({ monotonic: 100, wall: -3_600_000 });
    expect(pass({ monotonic: 0, wall: 30_000 })).toBe(30_000);
  });

  it('is not driven forward by the whole milliseconds of the wall clock', () => {
    const before = clock.monotonicMs();
    // A reading each tenth of a millisecond: the wall clock moves in steps of one.
    for (let tenth = 1; tenth <= 10_000; tenth++) {
      monotonicMs += 0.1;
      if (tenth % 10 === 0) wallMs += 1;
      clock.monotonicMs();
    }
    expect(clock.monotonicMs() - before).toBeCloseTo(1_000, 0);
  });

  it('adds up many short freezes', () => {
    let passed = 0;
    for (let round = 0; round < 100; round++) passed += pass({ monotonic: 1, wall: 40 });
    expect(passed).toBe(4_000);
  });

  it('keeps to the faster of two clocks that drift apart, without adding them', () => {
    let passed = 0;
    for (let round = 0; round < 10_000; round++) passed += pass({ monotonic: 100, wall: 100 + (round % 2) });
    expect(passed).toBeGreaterThanOrEqual(1_000_000);
    expect(passed).toBeLessThanOrEqual(1_005_001);
  });
});
