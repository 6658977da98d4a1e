import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../core/fake-clock.ts';
import { RetryBudget } from '../../resilience/retry-budget.ts';

function retriesGranted(budget: RetryBudget, asked: number): number {
  let granted = 0;
  for (let ask = 0; ask < asked; ask++) if (budget.tryRetry()) granted++;
  return granted;
}

describe('RetryBudget', () => {
  it('grants one retry for ten requests when everything fails', () => {
    const budget = new RetryBudget({ clock: new FakeClock(), retriesPerSecondMin: 0, burstMax: 1_000 });
    let granted = 0;
    for (let request = 0; request < 1_000; request++) {
      budget.onRequest();
      if (budget.tryRetry()) granted++;
    }
    expect(granted).toBe(100);
  });

  it('grants a trickle to a process with few requests', () => {
    const clock = new FakeClock();
    const budget = new RetryBudget({ clock, retriesPerSecondMin: 2 });
    expect(retriesGranted(budget, 10)).toBe(2);
    clock.jump(500);
    expect(retriesGranted(budget, 10)).toBe(1);
    clock.jump(100);
    expect(retriesGranted(budget, 10)).toBe(0);
  });

  it('saves up no more than a burst, however long it was quiet', () => {
    const clock = new FakeClock();
    const budget = new RetryBudget({ clock, burstMax: 5 });
    for (let request = 0; request < 10_000; request++) budget.onRequest();
    clock.jump(3_600_000);
    expect(retriesGranted(budget, 100)).toBe(5);
  });
});
