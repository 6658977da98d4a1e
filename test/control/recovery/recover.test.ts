import { describe, expect, it } from '@jest/globals';
import { HOLDS_FOR_MS, type RecoveryPorts, type RecoveryReport, recover } from '../../../control/recovery/recover.ts';
import type { StepResult } from '../../../control/rollout/rollout-executor.ts';
import { PlatformError } from '../../../core/errors.ts';
import { FakeClock } from '../../../core/fake-clock.ts';
import { seededRng } from '../../../core/rng.ts';

const done = (note: string): StepResult => ({ outcome: 'done', note });

interface World {
  readonly ports: RecoveryPorts;
  readonly calls: string[];
  ill: string[];
  holds: () => boolean | null;
}

function world(change: Partial<RecoveryPorts> = {}): World {
  const calls: string[] = [];
  const made: World = {
    calls,
    ill: [],
    holds: () => true,
    ports: {
      stop: async () => done(told('stop')),
      restore: async () => done(told('restore')),
      ill: async () => made.ill,
      restart: async (consumer) => {
        made.ill = made.ill.filter((each) => each !== consumer);
        return done(told(`restart ${consumer}`));
      },
      conditions: [
        { name: 'version', look: async () => ({ holds: true, detail: 'all run modes@4' }) },
        { name: 'answers', look: async () => ({ holds: made.holds(), detail: '3 of 90 failed' }) },
      ],
      ...change,
    },
  };
  function told(what: string) {
    calls.push(what);
    return what;
  }
  return made;
}

async function run({ ports }: World, clock = new FakeClock()): Promise<RecoveryReport> {
  let report: RecoveryReport | null = null;
  const going = recover({ ports, clock, rng: seededRng(1), signal: new AbortController().signal }).then((made) => {
    report = made;
  });
  for (let turn = 0; report === null && turn < 1_000; turn++) await clock.advance(500);
  await going;
  if (report === null) throw new Error('the recovery did not end');
  return report;
}

describe('a recovery', () => {
  it('stops the source before it restores, restores before it restarts, and verifies at last', async () => {
    const of = world();
    of.ill = ['c01@us-west-2', 'c01@us-east-1'];
    const report = await run(of);
    expect(of.calls).toEqual(['stop', 'restore', 'restart c01@us-west-2', 'restart c01@us-east-1']);
    expect(report).toMatchObject({ resolved: true, state: 'resolved' });
    expect(report.lines.at(-1)).toEqual({ stage: 'verify', what: 'every condition holds', outcome: 'done' });
  });

  it('restarts nobody who got well alone', async () => {
    const of = world();
    expect((await run(of)).resolved).toBe(true);
    expect(of.calls).toEqual(['stop', 'restore']);
  });

  it('restores nothing while the source was not stopped, and says whether that is known', async () => {
    const stop = async () => {
      throw new PlatformError({
        code: 'ARBITER_UNAVAILABLE',
        kind: 'dependency',
        effect: 'unknown',
        message: 'No arbiter.',
      });
    };
    const of = world({ stop });
    expect(await run(of)).toMatchObject({ resolved: false, state: 'unknown' });
    expect(of.calls).toEqual([]);
  });

  it('is resolved only once all conditions held together for a while', async () => {
    const of = world();
    const clock = new FakeClock();
    const wellAtMs = clock.monotonicMs() + 60_000;
    of.holds = () => clock.monotonicMs() >= wellAtMs;
    const report = await run(of, clock);
    expect(report.resolved).toBe(true);
    expect(report.tookMs).toBeGreaterThanOrEqual(60_000 + HOLDS_FOR_MS);
  });

  it.each([false, null])('is not resolved while a condition says %s, and names it', async (holds) => {
    const of = world();
    of.holds = () => holds;
    const report = await run(of);
    expect(report).toMatchObject({ resolved: false, state: 'failed' });
    expect(report.lines.at(-1)?.what).toMatch(/not resolved after 180 s: answers \(3 of 90 failed\)/);
  });

  it('ends when a consumer can not be restarted: the next one would fare no better', async () => {
    const of = world({ restart: async (consumer) => ({ outcome: 'failed', note: `${consumer} died at its start` }) });
    of.ill = ['c01@us-west-2', 'c01@us-east-1'];
    const report = await run(of);
    expect(report).toMatchObject({ state: 'failed', conditions: [] });
    expect(report.lines.filter(({ stage }) => stage === 'restart')).toHaveLength(1);
  });
});
