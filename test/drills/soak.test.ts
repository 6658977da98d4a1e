/** What a soak draws, how it judges its rounds, and one of them played on a platform that keeps its promises. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../core/clock.ts';
import { targetsOf } from '../../drills/nemesis/fault.ts';
import { judgeSoak, runSoak, type SoakRoundReport } from '../../drills/soak/run-soak.ts';
import type { Scene } from '../../drills/soak/scene.ts';
import { drawRound, SCENE_KINDS, SCENES_PER_ACT_MAX } from '../../drills/soak/schedule.ts';
import { planPlatform } from '../../local/supervisor/platform-plan.ts';
import topology from '../../platform.config.ts';
import { QUICK } from './drilled.ts';
import type { FakeFlaws } from './fake-flaws.ts';
import { FakePlatform } from './fake-platform.ts';

const plan = planPlatform(topology);
const counters = { held: 0, delayed: 0, resets: 0, lost: 0 };
const stage = {
  topology,
  processes: plan.processes.map((process) => ({ ...process, pid: 1, state: 'ready' as const, url: null })),
  links: plan.links.map((link) => ({ ...link, fault: null, counters })),
};
const actsOf = (seed: number) => [1, 2].flatMap((round) => drawRound({ seed, round, stage }).acts);
const targets = (scene: Scene) => (scene.type === 'fault' ? targetsOf(scene.fault) : []);

describe('the schedule of a soak', () => {
  it('is the same for the same seed and round, whatever the order in which the platform lists itself', () => {
    const turned = { ...stage, processes: [...stage.processes].reverse(), links: [...stage.links].reverse() };
    const drawn = drawRound({ seed: 7, round: 3, stage });
    expect(drawRound({ seed: 7, round: 3, stage: turned })).toEqual(drawn);
    expect(drawRound({ seed: 7, round: 4, stage }).acts).not.toEqual(drawn.acts);
    expect(drawRound({ seed: 8, round: 3, stage }).acts).not.toEqual(drawn.acts);
  });

  it('breaks only what there is, for a bounded time, and nothing twice at once', () => {
    const names = new Set([...stage.processes, ...stage.links].map(({ name }) => name));
    for (let seed = 0; seed < 200; seed++) {
      for (const act of actsOf(seed)) {
        expect(act.length).toBeGreaterThan(0);
        expect(act.length).toBeLessThanOrEqual(SCENES_PER_ACT_MAX);
        const hit = act.flatMap(targets);
        expect(new Set(hit).size).toBe(hit.length);
        expect(hit.every((name) => names.has(name))).toBe(true);
        for (const scene of act) {
          expect(scene.startMs).toBeLessThan(3_000);
          if (scene.type === 'fault') expect(scene.durationMs).toBeLessThanOrEqual(6_000);
          if (scene.type === 'fault') expect(targets(scene).length).toBeGreaterThan(0);
        }
      }
    }
  });

  it('plays every kind of scene sooner or later', () => {
    const seen = new Set(
      Array.from({ length: 200 }, (_, seed) => actsOf(seed).flat())
        .flat()
        .map(({ kind }) => kind),
    );
    expect([...seen].sort()).toEqual([...SCENE_KINDS].sort());
  });
});

function round(change: Partial<SoakRoundReport> = {}): SoakRoundReport {
  const scenes = [{ kind: 'cut', effective: true, what: 'cut' }];
  return {
    round: 1,
    verdict: 'pass',
    headline: '',
    reasons: [],
    acknowledged: 500,
    scenes,
    dir: 'd',
    replay: 'r',
    ...change,
  };
}

describe('the verdict of a soak', () => {
  const idle = { kind: 'cut', effective: false, what: 'cut' };

  it('is pass when every round is, and enough of its scenes were seen to bite', () => {
    expect(judgeSoak([round(), round({ round: 2 })])).toMatchObject({ verdict: 'pass', reasons: [] });
  });

  it('is that of the worst round', () => {
    expect(judgeSoak([round(), round({ verdict: 'unknown' })]).verdict).toBe('unknown');
    const failed = judgeSoak([round({ verdict: 'unknown' }), round({ round: 2, verdict: 'fail', reasons: ['Lost.'] })]);
    expect([failed.verdict, failed.reasons.at(-1)]).toEqual(['fail', 'Round 2: Lost.']);
  });

  it('is unknown without a round, without scenes, and when most had no effect', () => {
    expect(judgeSoak([]).verdict).toBe('unknown');
    expect(judgeSoak([round({ scenes: [] })]).verdict).toBe('unknown');
    const mostlyIdle = judgeSoak([round({ scenes: [idle, idle, ...round().scenes] })]);
    expect(mostlyIdle).toMatchObject({
      verdict: 'unknown',
      reasons: ['Of 3 scenes only 1 were seen to have an effect.'],
    });
    expect(mostlyIdle.scenes).toEqual([{ kind: 'cut', played: 3, effective: 1 }]);
  });
});

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function soaked(flaws: FakeFlaws) {
  const fake = new FakePlatform(flaws);
  await fake.start();
  const reportDir = await mkdtemp(join(tmpdir(), 'holdfast-soak-'));
  cleanUps.push(
    () => fake.stop(),
    () => rm(reportDir, { recursive: true }),
  );
  const { port: platform, failover, automation, tokens } = fake;
  const request = { platform, failover, automation, tokens, reportDir, clock: systemClock, options: QUICK };
  const report = await runSoak({ ...request, seed: 3, minutes: 1, onlyRound: 2, onProgress: () => undefined });
  return { report, fake };
}

describe('a round', () => {
  it('passes where the platform keeps its promises, and leaves nothing broken', async () => {
    const { report, fake } = await soaked({});
    expect([report.verdict, report.reasons]).toEqual(['pass', []]);
    expect(report.rounds).toMatchObject([{ round: 2, verdict: 'pass' }]);
    expect(report.rounds[0]?.replay).toMatch(/drill soak --seed 3 --round 2$/);
    expect([...fake.processes.values()].every(({ sight }) => sight.state === 'ready' && !sight.runRatio)).toBe(true);
  }, 90_000);

  it('fails where acknowledged writes are lost', async () => {
    const { report } = await soaked({ losesWrites: true });
    expect(report.verdict).toBe('fail');
  }, 90_000);
});
