/** The abort condition: what a drill may not do to others ends it, and it heals what it broke. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../core/clock.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { abortConditionOf, BYSTANDER_AWAY_MS_MAX, watchForAbort } from '../../drills/abort-watch.ts';
import { DRILL_DEFAULTS } from '../../drills/drill-options.ts';
import type { Experiment } from '../../drills/experiment.ts';
import { emptyNotes, type Lab } from '../../drills/lab.ts';
import { runExperiment } from '../../drills/runner.ts';
import { ProbeLog } from '../../drills/workload/probe-log.ts';
import { QUICK } from './drilled.ts';
import { FakePlatform } from './fake-platform.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** Means to hurt c01 and kills c02, for good. */
const careless: Experiment = {
  name: 'careless',
  summary: 'kills another cell than it says',
  hypothesis: () => 'Nobody notices.',
  run: async (lab) => {
    lab.notes.cellsHit = ['c01'];
    lab.notes.faultAtMs = lab.recorder.nowMs();
    await lab.nemesis.inject({ kind: 'crash', processes: ['c02@us-west-2'] });
    await lab.clock.sleep(2 * DRILL_DEFAULTS.experimentMsMax, lab.signal);
  },
};

async function carelesslyDrilled() {
  const fake = new FakePlatform();
  await fake.start();
  const reportDir = await mkdtemp(join(tmpdir(), 'holdfast-abort-'));
  cleanUps.push(
    () => fake.stop(),
    () => rm(reportDir, { recursive: true }),
  );
  const { port: platform, failover, automation, tokens } = fake;
  const ports = { platform, failover, automation, tokens, clock: systemClock };
  const request = { name: careless.name, seed: 1, reportDir, options: QUICK, onProgress: () => undefined };
  return { report: await runExperiment(careless, { ...request, ...ports }), reportDir, fake };
}

describe('a drill that hurts a cell that it was not meant to hurt', () => {
  it('is broken off, healed, and no pass, and its report says what its condition was', async () => {
    const { report, reportDir, fake } = await carelesslyDrilled();
    // Others were hurt, whoever's fault it was.
    expect(report.verdict).toBe('fail');
    expect(report.reasons.join()).toMatch(/No steady state during the fault: c02/);
    expect(report.reasons.join()).toMatch(/Aborted: c02, which the drill was not meant to touch/);
    expect([...fake.processes.values()].every(({ sight }) => sight.state === 'ready')).toBe(true);
    expect(report.faults).toMatchObject([{ healedAtMs: expect.any(Number) }]);
    expect(await readFile(join(reportDir, 'report.html'), 'utf8')).toContain(
      `Broken off when: ${report.abortCondition}`,
    );
  }, 60_000);
});

const LEASE_TTL_MS = 3_000;

/** As much of a lab as the condition looks at: c01 is hit, c02 acknowledges until `c02EndsMs`. */
function watched({ c02EndsMs, cellsHit }: { c02EndsMs: number; cellsHit: string[] }) {
  const clock = new FakeClock();
  const log = new ProbeLog();
  for (let t = 0; t < c02EndsMs; t += 100) {
    const outcome = { type: 'ok', status: 200, region: 'us-west-2', epoch: 1 } as const;
    log.add({ cell: 'c02', invokedAtMs: t, completedAtMs: t + 5, outcome } as never);
  }
  const stop = new AbortController();
  const lab = {
    ...{ clock, signal: stop.signal, notes: { ...emptyNotes(), cellsHit, faultAtMs: 0 } },
    ...{ tenants: [{ cell: 'c01' }, { cell: 'c02' }], load: { log }, recorder: { nowMs: () => clock.monotonicMs() } },
    sight: { topology: { lease: { ttlMs: LEASE_TTL_MS } } },
    options: DRILL_DEFAULTS,
  } as unknown as Lab;
  let over = false;
  const ended = watchForAbort(lab, { abort: (reason) => stop.abort(reason), done: () => over });
  const reasonAfter = async (ms: number) => {
    await clock.advance(ms);
    return stop.signal.aborted ? String(stop.signal.reason) : null;
  };
  const end = async () => {
    over = true;
    await clock.advance(1_000);
    await ended;
  };
  return { reasonAfter, end, condition: abortConditionOf(lab) };
}

describe('the abort condition', () => {
  const awayMsMax = BYSTANDER_AWAY_MS_MAX + 1.1 * LEASE_TTL_MS;

  it('lets a bystander refuse for a lease, and a while', async () => {
    const { reasonAfter, end, condition } = watched({ c02EndsMs: 1_000, cellsHit: ['c01'] });
    expect(await reasonAfter(awayMsMax)).toBeNull();
    expect(await reasonAfter(1_500)).toMatch(
      /c02, which the drill was not meant to touch, acknowledged nothing for 8300 ms/,
    );
    expect(condition).toMatch(/8300 ms, or the experiment takes longer than 180000 ms/);
    await end();
  });

  it('looks at no cell that was to be hit, and still ends what does not end', async () => {
    const { reasonAfter, end } = watched({ c02EndsMs: 0, cellsHit: ['c01', 'c02'] });
    expect(await reasonAfter(DRILL_DEFAULTS.experimentMsMax - 1_000)).toBeNull();
    expect(await reasonAfter(2_000)).toMatch(/took longer than 180000 ms/);
    await end();
  });
});
