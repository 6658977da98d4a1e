import { describe, expect, it } from '@jest/globals';
import { medianSteps } from '../../bench/failover/failover-steps.ts';
import type { DrillReport } from '../../drills/report/drill-report.ts';

const steps = [
  { name: 'fence', startMs: 0, endMs: 20 },
  { name: 'open', startMs: 20, endMs: 60 },
];

describe('the steps of a failover', () => {
  it('add up from the fault to the first write', () => {
    const report = {
      faults: [{ injectedAtMs: 1_000 }],
      failovers: [{ cell: 'c01', kind: 'failover', outcome: 'done', askedAtMs: 1_070, endedAtMs: 1_130, steps }],
      cells: [{ cell: 'c01', rtoMs: 150 }],
    } as unknown as DrillReport;
    expect(medianSteps([report])).toEqual({ detection: 70, fence: 20, open: 40, 'first write': 20 });
  });

  it('are only the own ones of a planned move, and none of one that was refused', () => {
    const move = { cell: 'c01', kind: 'switchover', askedAtMs: 0, endedAtMs: 60, steps };
    const failovers = [
      { ...move, outcome: 'done' },
      { ...move, outcome: 'refused' },
    ];
    const report = { faults: [], failovers, cells: [{ cell: 'c01', rtoMs: 150 }] } as unknown as DrillReport;
    expect(medianSteps([report])).toEqual({ fence: 20, open: 40 });
  });
});
