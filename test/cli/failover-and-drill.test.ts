import { describe, expect, it } from '@jest/globals';
import type { CliServices, DrillBook, FailoverOperator, FailoverPlace } from '../../cli/services.ts';
import type { Decision } from '../../control/failover/failover-record.ts';
import type { RegionName } from '../../core/ids.ts';
import { cli, fakeRecord, fakeReport, jsonOf, runningServices as running } from './fake-cli.ts';

describe('holdfast failover', () => {
  function withOperator(
    change: Partial<FailoverOperator> = {},
    seen: { place?: FailoverPlace; closed?: boolean } = {},
  ) {
    return running({
      failover: async (place) => {
        seen.place = place;
        return {
          region: 'us-west-2' as RegionName,
          decide: async () => fakeRecord().decision,
          run: async (_decision, onProgress) => {
            onProgress(fakeRecord());
            return fakeRecord();
          },
          resume: async () => fakeRecord({ id: 'resumed' }),
          close: () => {
            seen.closed = true;
          },
          ...change,
        };
      },
    });
  }

  it('plans: the evidence and what is expected, and changes nothing', async () => {
    const { stdout, exitCode } = await cli('failover plan c01', withOperator());
    expect(stdout).toMatch(/failover of c01: us-east-1 → us-west-2 \(epoch 7 → 8 or above\)/);
    expect(stdout).toContain('2 commits not replicated yet');
    expect(exitCode).toBe(0);
  });

  it('exits 1 for a plan that would be refused', async () => {
    const decision: Decision = { ...fakeRecord().decision, objections: ['the old store does not answer'] };
    const run = await cli('failover plan c01 --planned', withOperator({ decide: async () => decision }));
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain('Refused: the old store does not answer.');
  });

  it('runs: the record with every step and its time, and closes its connections', async () => {
    const seen: { closed?: boolean } = {};
    const run = await cli('failover run c01', withOperator({}, seen));
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toBe('');
    expect(run.stdout).toMatch(/fence +12 ms {2}fenced\n +open +80 ms {2}opened\n/);
    expect(run.stdout).toMatch(/done in 92 ms; us-west-2 owns c01 at epoch 8; 2 commits drained/);
    expect(seen.closed).toBe(true);
  });

  it.each(['aborted', 'failed'] as const)('exits 1 when it ends %s', async (state) => {
    const run = await cli('failover run c01 --json', withOperator({ run: async () => fakeRecord({ state }) }));
    expect(run.exitCode).toBe(1);
    expect(jsonOf(run)).toMatchObject({ region: 'us-west-2', record: { state } });
  });

  it('asks for the kind of the verb: failover, switchover, failback', async () => {
    const kinds: string[] = [];
    const decide: FailoverOperator['decide'] = async ({ kind }) => {
      kinds.push(kind);
      return fakeRecord().decision;
    };
    for (const line of ['run c01', 'run c01 --planned', 'back c01'])
      await cli(`failover ${line}`, withOperator({ decide }));
    expect(kinds).toEqual(['failover', 'switchover', 'failback']);
  });

  it('resumes what another coordinator left behind', async () => {
    expect(jsonOf(await cli('failover run c01 --resume --json', withOperator()))).toMatchObject({
      record: { id: 'resumed' },
    });
  });

  it('runs from the receiving region unless told otherwise', async () => {
    const seen: { place?: FailoverPlace } = {};
    await cli('failover run c01', withOperator({}, seen));
    expect(seen.place?.fromRegion).toBeNull();
    await cli('failover run c01 --to us-west-2', withOperator({}, seen));
    expect(seen.place?.fromRegion).toBe('us-west-2');
    await cli('failover run c01 --to us-west-2 --from-region us-east-1', withOperator({}, seen));
    expect(seen.place?.fromRegion).toBe('us-east-1');
  });

  it('refuses unknown cells and regions with a suggestion', async () => {
    const cell = await cli('failover run c10', withOperator());
    expect(cell).toMatchObject({ exitCode: 2 });
    expect(cell.stderr).toMatch(/Unknown cell "c10"\. Did you mean c01\?\nAllowed: c01, c02, c03/);
    const region = await cli('failover run c01 --to us-west-1', withOperator());
    expect(region.stderr).toMatch(/Unknown region "us-west-1"\. Did you mean us-west-2\?/);
  });
});

const notAsked = async () => {
  throw new Error('not asked for');
};

describe('holdfast drill', () => {
  function withDrills(run: DrillBook['run'], soak: DrillBook['soak'] = notAsked): CliServices {
    const drills = [{ name: 'region-lost', summary: 'A region is gone.' }];
    const check = async () => CHECKED;
    return running({ drills: async () => ({ drills, run, soak, read: async () => fakeReport(), check }) });
  }

  const CHECKED = {
    verdict: 'unknown',
    checkers: [],
    problems: ['history.jsonl, line 8: the file was cut short.'],
    dir: '/reports/1',
  } as const;

  it('checks a folder again, and says of damaged evidence which line, and that nobody knows', async () => {
    const services = withDrills(async () => fakeReport());
    const checked = await cli('drill check /reports/1', services);
    expect([checked.exitCode, checked.stdout]).toEqual([
      3,
      expect.stringMatching(/unknown[\s\S]*line 8: the file was cut/),
    ]);
    expect(jsonOf(await cli('drill check --json', services))).toMatchObject({ verdict: 'unknown', dir: '/reports/1' });
  });

  it.each([
    ['pass', 0],
    ['fail', 1],
    ['unknown', 3],
  ] as const)(
    'a soak with a verdict of %s exits %d, and says how to play a bad round again',
    async (verdict, exitCode) => {
      const asked: unknown[] = [];
      const rounds = [
        {
          round: 4,
          verdict,
          headline: '',
          reasons: [],
          acknowledged: 9,
          scenes: [],
          dir: 'd',
          replay: 'drill soak --round 4',
        },
      ];
      const scenes = [{ kind: 'cut', played: 3, effective: 2 }];
      const services = withDrills(notAsked, async (request) => {
        asked.push(request);
        return { report: { seed: 2, verdict, reasons: [], durationMs: 61_000, rounds, scenes }, dir: '/reports/soak' };
      });
      const run = await cli('drill soak --minutes 30 --seed 2 --round 4', services);
      expect(run.exitCode).toBe(exitCode);
      expect(asked).toMatchObject([{ minutes: 30, seed: 2, onlyRound: 4, attach: null }]);
      expect(run.stdout).toMatch(/cut +3 +2/);
      expect(run.stdout.includes('Round 4 again   drill soak --round 4')).toBe(verdict !== 'pass');
      expect((await cli('drill soak --minutes 0', services)).exitCode).toBe(2);
    },
  );

  it('lists', async () => {
    expect(
      (
        await cli(
          'drill list',
          withDrills(async () => fakeReport()),
        )
      ).stdout,
    ).toContain('A region is gone.');
  });

  it.each([
    ['pass', 0],
    ['fail', 1],
    ['unknown', 3],
  ] as const)('a verdict of %s exits %d', async (verdict, exitCode) => {
    const services = withDrills(async () => fakeReport({ verdict, reasons: ['the load never ran'] }));
    const run = await cli('drill run region-lost --json', services);
    expect(run.exitCode).toBe(exitCode);
    expect(jsonOf(run)).toMatchObject({ drill: 'region-lost', verdict, dir: '/reports/1' });
  });

  it('says why a verdict is not pass, where the page is and how to run it again', async () => {
    const services = withDrills(async () => fakeReport({ verdict: 'unknown', reasons: ['the load never ran'] }));
    const { stdout } = await cli('drill run region-lost', services);
    expect(stdout).toContain('the load never ran');
    expect(stdout).toContain('/reports/1/report.html');
    expect(stdout).toContain('npm run drill -- region-lost --seed 7');
  });

  it('starts a platform of its own, or disturbs the running one with --attach', async () => {
    const attached: boolean[] = [];
    const services = withDrills(async ({ attach }) => {
      attached.push(attach !== null);
      return fakeReport();
    });
    await cli('drill run region-lost', services);
    await cli('drill run region-lost --attach', services);
    expect(attached).toEqual([false, true]);
  });

  it('runs every seed and sums up: the worst verdict counts', async () => {
    const seen: (number | null)[] = [];
    const services = withDrills(async ({ seed }) => {
      seen.push(seed);
      return fakeReport({ seed: seed ?? 0, verdict: seed === 2 ? 'fail' : 'pass' });
    });
    const run = await cli('drill run region-lost --seeds 1-3 9 --json', services);
    expect(seen).toEqual([1, 2, 3, 9]);
    expect(run.exitCode).toBe(1);
    expect(jsonOf(run)).toMatchObject({ verdict: 'fail', runs: [{ seed: 1 }, { seed: 2 }, { seed: 3 }, { seed: 9 }] });
  });

  it('shows the newest report again, or the one that is named', async () => {
    expect(
      (
        await cli(
          'drill report',
          withDrills(async () => fakeReport()),
        )
      ).stdout,
    ).toContain('nothing was lost');
  });
});
