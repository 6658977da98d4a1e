/** The drill `bad-release` as a whole, on a fake platform whose rollout has gates, and on one whose has none. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { DrillOptions } from '../../drills/drill-options.ts';
import { drilled, endDrills } from './drilled.ts';

afterEach(endDrills);

/** A probe that a busy machine answers late is no error. */
const PATIENT: Partial<DrillOptions> = { coarseProbe: { intervalMs: 50, deadlineMs: 5_000, openMax: 4 } };

describe('bad-release', () => {
  it('passes when a release that throws is taken back from the first cell, and says how long that took', async () => {
    const { report } = await drilled('bad-release', {}, { ...PATIENT, variant: 'throws' });
    expect([report.verdict, report.reasons]).toEqual(['pass', []]);
    expect(report.blastRadius.cellsHit).toEqual(['c01']);
    const told = report.timeline.map(({ what }) => what);
    expect(told).toEqual(
      expect.arrayContaining(['noticed, since the first bad answer', 'undone, since it was noticed']),
    );
  });

  it('fails when no gate looks at the release: it reaches customers of every cell', async () => {
    const { report } = await drilled('bad-release', { noGates: true }, { ...PATIENT, variant: 'throws' });
    expect(report.verdict).toBe('fail');
    expect(report.reasons.join()).toMatch(/The rollout ended done/);
    expect(report.reasons.join()).toMatch(/beyond the first wave/);
  });

  it('fails when a process still runs the release after it was taken back', async () => {
    const { report } = await drilled('bad-release', { undoesHalf: true }, { ...PATIENT, variant: 'throws' });
    expect([report.verdict, report.reasons.join()]).toEqual([
      'fail',
      expect.stringMatching(/c01@us-west-2 runs throws/),
    ]);
  });

  it('passes when a release that starts slowly meets nobody, and fails when it is let near customers', async () => {
    const { report } = await drilled('bad-release', {}, { ...PATIENT, variant: 'starts-slowly' });
    expect([report.verdict, report.reasons]).toEqual(['pass', []]);
    const { report: ungated } = await drilled(
      'bad-release',
      { noGates: true },
      { ...PATIENT, variant: 'starts-slowly' },
    );
    expect(ungated.verdict).toBe('fail');
  });

  it('passes when a good release comes to every process and nothing fails', async () => {
    const { report } = await drilled('bad-release', {}, { ...PATIENT, variant: 'harmless' });
    expect([report.verdict, report.reasons]).toEqual(['pass', []]);
    expect(report.timeline.map(({ what }) => what).join()).toMatch(/0 of [1-9]\d* requests failed/);
  });
});
