/** Drills that part regions, stores and the arbiter, on the fake platform: good, with flaws, and without effect. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { drilled as drilledAtQuickPace, endDrills } from './drilled.ts';
import type { FakeFlaws } from './fake-flaws.ts';

afterEach(endDrills);

/** Held for longer than other drills' tests: a partition has to outlast a lease. */
async function drilled(name: string, variant: string | null, flaws: FakeFlaws = {}) {
  const { report } = await drilledAtQuickPace(name, flaws, { holdMs: 500, variant });
  return report;
}

const GOOD: readonly (readonly [name: string, variant: string | null])[] = [
  ['store-frozen', null],
  ['partition', 'hard'],
  ['partition', 'nothing-out'],
  ['partition', 'nothing-in'],
  ['partition', 'lossy'],
  ['split-brain', null],
  ['arbiter-lost', 'crash'],
  ['arbiter-lost', 'stop'],
  ['long-partition', null],
];

describe('on a platform that keeps its promises', () => {
  it.each(GOOD)('%s (%s) passes, and leaves evidence of its fault', async (name, variant) => {
    const report = await drilled(name, variant);
    expect([report.verdict, report.reasons]).toEqual(['pass', []]);
    expect(report.faults.every((fault) => fault.effectiveAtMs !== null && fault.healedAtMs !== null)).toBe(true);
    expect(report.faults.length).toBeGreaterThan(0);
  });

  it('arbiter-lost (brief) is noticed by nobody while the lease lasts', async () => {
    const report = await drilled('arbiter-lost', 'brief', { leaseTtlMs: 3_000 });
    expect([report.verdict, report.reasons]).toEqual(['pass', []]);
    expect(report.steadyState.during?.held).toBe(true);
  });
});

describe('on a platform that breaks them', () => {
  it.each([
    ['store-frozen', null, { noFence: true }, /held itself for active|stale/],
    ['partition', 'hard', { noFence: true }, /strict writes after|stale/],
    ['split-brain', null, { noFence: true }, /strict writes after|stale/],
    ['partition', 'hard', { dropsBacklog: true }, /differs|no copy|lost/],
    [
      'arbiter-lost',
      'stop',
      { noLease: true },
      /begun after its lease must have run out|failing probes in a row did not happen/,
    ],
    ['arbiter-lost', 'crash', { movesWithoutArbiter: true }, /failed over to us-west-2 although no arbiter answered/],
    ['long-partition', null, { dropsBacklog: true }, /differs|no copy|lost/],
  ])('%s (%s) fails with %p', async (name, variant, flaws, why) => {
    const report = await drilled(name, variant, flaws);
    expect(report.verdict).toBe('fail');
    expect(report.reasons.join('\n')).toMatch(why);
  });
});

describe('without the effect of its fault', () => {
  it.each([
    ['store-frozen', null],
    ['partition', 'hard'],
    ['partition', 'lossy'],
    ['split-brain', null],
    ['arbiter-lost', 'crash'],
    ['long-partition', null],
  ])('%s (%s) is unknown', async (name, variant) => {
    const report = await drilled(name, variant, { faultsDoNothing: true });
    expect(report.verdict).toBe('unknown');
    expect(report.reasons.join('\n')).toMatch(/never took effect/);
  });

  it('refuses a variant that the drill does not have', async () => {
    await expect(drilled('partition', 'soft')).rejects.toThrow(/Allowed: hard, nothing-out, nothing-in, lossy/);
    await expect(drilled('split-brain', 'hard')).rejects.toThrow(/Allowed: none/);
  });
});
