/** `holdfast recover`: what a person is told when it is resolved, and when it is not. */
import { describe, expect, it } from '@jest/globals';
import type { RecoveryWish } from '../../cli/recovery/recovery-target.ts';
import type { RecoveryPorts, RecoveryReport } from '../../control/recovery/recover.ts';
import { systemClock } from '../../core/clock.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { seededRng } from '../../core/rng.ts';
import { cli, jsonOf, runningServices } from './fake-cli.ts';

/** Time passes by itself: nobody but the command waits. */
class FleetingClock extends FakeClock {
  override sleep(ms: number): Promise<void> {
    const slept = super.sleep(ms);
    void this.advance(ms);
    return slept;
  }
}

function services(change: Partial<RecoveryPorts> = {}) {
  const wishes: RecoveryWish[] = [];
  const told: RecoveryReport[] = [];
  const done = async (note: string) => ({ outcome: 'done' as const, note });
  const ports: RecoveryPorts = {
    stop: () => done('no rollout was under way'),
    restore: () => done('limits@7 restores what was before 6'),
    ill: async () => [],
    restart: done,
    conditions: [{ name: 'answers', look: async () => ({ holds: true, detail: '0 of 90 failed' }) }],
    ...change,
  };
  const running = runningServices({
    clock: new FleetingClock(systemClock.monotonicMs()),
    recovery: async (wish) => {
      wishes.push(wish);
      const tell = async (report: RecoveryReport) => void told.push(report);
      return { ports, rng: seededRng(1), tell, close: () => undefined };
    },
  });
  return { running, wishes, told };
}

describe('holdfast recover', () => {
  it('says resolved with what it saw, and that changes stay frozen', async () => {
    const { running, wishes, told } = services();
    const run = await cli('recover document limits --to 5 --why too-tight', running);
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toMatch(/Resolved after \d+ s\.\n.*\nholds +answers +0 of 90 failed\nChanges stay frozen/);
    expect(wishes).toMatchObject([{ kind: 'document', type: 'limits', to: 5, why: 'too-tight' }]);
    expect(told).toMatchObject([{ resolved: true }]);
  });

  it('exits 1 and says which step failed when it is not resolved', async () => {
    const { running } = services({
      restore: async () => ({ outcome: 'failed', note: 'limits@5 was never published' }),
    });
    const run = await cli('recover document limits --to 5 --why too-tight', running);
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain('NOT resolved: limits@5 was never published.');
  });

  it('exits 3 when the outcome of a step is not known', async () => {
    const { running } = services({ stop: async () => ({ outcome: 'unknown', note: 'no arbiter answered in time' }) });
    const run = await cli('recover release r1 --why leaks --json', running);
    expect([run.exitCode, jsonOf(run)]).toMatchObject([3, { state: 'unknown', resolved: false }]);
  });

  it.each(['recover document banana --why x', 'recover document limits', 'recover release r1'])(
    'refuses "%s" before anything is stopped',
    async (line) => {
      const { running, wishes } = services();
      expect((await cli(line, running)).exitCode).toBeGreaterThan(0);
      expect(wishes).toEqual([]);
    },
  );
});
