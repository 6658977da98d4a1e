/** The drill `ladder` as a whole, on a fake platform that keeps the table, and on some that do not. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { DrillOptions } from '../../drills/drill-options.ts';
import { drilled, endDrills } from './drilled.ts';

afterEach(endDrills);

/** A probe that a busy machine answers late is no error. */
const PATIENT: Partial<DrillOptions> = { coarseProbe: { intervalMs: 50, deadlineMs: 5_000, openMax: 4 } };

describe('ladder', () => {
  it('passes when every level keeps its promise, and says how long each switch took', async () => {
    const { report } = await drilled('ladder', {}, PATIENT);
    expect([report.verdict, report.reasons]).toEqual(['pass', []]);
    const switches = report.timeline.filter(({ what }) => /^level \d+ is in effect/.test(what));
    expect(switches.map(({ what }) => Number(what.split(' ')[1]))).toEqual([
      80, 60, 40, 20, 5, 0, 5, 20, 40, 60, 80, 100,
    ]);
    expect(switches.every(({ durationMs }) => typeof durationMs === 'number')).toBe(true);
    expect(report.headline).toMatch(
      /^c01 took no stock for .* at levels that refuse it; nothing acknowledged was lost/,
    );
  });

  it('fails when an operation is served at a level that refuses it', async () => {
    const { report } = await drilled('ladder', { servesAlways: 'like' }, PATIENT);
    expect(report.verdict).toBe('fail');
    expect(report.reasons.join()).toMatch(/like at level 60: it was not refused as switched off/);
  });

  it('fails when what is reduced does not say so', async () => {
    const { report } = await drilled('ladder', { unmarkedSearch: true }, PATIENT);
    expect([report.verdict, report.reasons.join()]).toEqual([
      'fail',
      expect.stringMatching(/searchProducts at level 80/),
    ]);
  });

  it('fails when another cell notices', async () => {
    const { report } = await drilled('ladder', { levelsAreShared: true }, PATIENT);
    expect([report.verdict, report.reasons.join()]).toEqual(['fail', expect.stringMatching(/c02 noticed: /)]);
  });

  it('fails when something was done that was refused', async () => {
    const { report } = await drilled('ladder', { doesWhatItRefuses: true }, PATIENT);
    expect([report.verdict, report.reasons.join()]).toEqual([
      'fail',
      expect.stringMatching(/likes of the crate is \d+/),
    ]);
  });
});
