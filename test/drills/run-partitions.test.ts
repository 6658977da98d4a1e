/** Drills that part regions, stores and the arbiter, on the fake platform: good, with flaws, and without effect. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { DrillOptions } from '../../drills/drill-options.ts';
import { runDrill } from '../../drills/runner.ts';
import type { FakeFlaws } from './fake-flaws.ts';
import { FakePlatform } from './fake-platform.ts';

const QUICK: Partial<DrillOptions> = {
  warmUpMs: 200,
  steadyMs: 600,
  holdMs: 500,
  fineProbe: { intervalMs: 20, deadlineMs: 250, openMax: 15 },
  coarseProbe: { intervalMs: 50, deadlineMs: 500, openMax: 4 },
  detectWithinMs: 2_000,
};

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function drilled(name: string, variant: string | null, flaws: FakeFlaws = {}) {
  const fake = new FakePlatform(flaws);
  await fake.start();
  const parent = await mkdtemp(join(tmpdir(), 'holdfast-drill-'));
  cleanUps.push(
    () => fake.stop(),
    () => rm(parent, { recursive: true }),
  );
  const { port: platform, failover, automation, tokens } = fake;
  const request = { name, seed: 1, platform, failover, automation, tokens, onProgress: () => undefined };
  return runDrill({ ...request, reportDir: join(parent, 'report'), options: { ...QUICK, variant } });
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
