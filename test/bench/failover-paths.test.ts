import { describe, expect, it } from '@jest/globals';
import { FAILOVER_PATHS } from '../../bench/failover/failover-paths.ts';
import type { DrillReport } from '../../drills/report/drill-report.ts';

function path(name: string) {
  const found = FAILOVER_PATHS.find((each) => each.name === name);
  if (!found) throw new Error(`no path ${name}`);
  return found;
}

describe('the paths of the failover bench', () => {
  it('take one figure of each cell that was hit', () => {
    const cells = [{ rtoMs: 310 }, { rtoMs: null }, { rtoMs: 290 }];
    expect(path('fenced').awayMs({ cells } as unknown as DrillReport)).toEqual([310, 290]);
  });

  it('take one figure of each planned move', () => {
    const timeline = [
      { t: 1, kind: 'served', what: 'first write acknowledged by us-west-2, epoch 2', durationMs: 90 },
      { t: 2, kind: 'served', what: 'switchover: longest time between two acknowledged writes', durationMs: 120 },
      { t: 3, kind: 'served', what: 'failback: longest time between two acknowledged writes', durationMs: 110 },
    ];
    expect(path('switchover').awayMs({ timeline } as unknown as DrillReport)).toEqual([120, 110]);
  });

  it('state what is promised at a lease', () => {
    expect(path('fenced').limitMs(3_000)).toBe(500);
    expect(path('region-lost').limitMs(3_000)).toBeCloseTo(3_600);
    expect(path('switchover').limitMs(3_000)).toBe(300);
  });
});
