/** How a drill hears of the coordinator: a refusal is an answer, whatever else goes wrong is the drill's to report. */
import { describe, expect, it } from '@jest/globals';
import { type DrillOperator, drillFailover } from '../../cli/drill-failover.ts';
import { linkReach } from '../../cli/operator-reach.ts';
import { type ErrorCode, PlatformError } from '../../core/errors.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { seededRng } from '../../core/rng.ts';
import { fakeRecord, fakeView } from './fake-cli.ts';

const move = { cell: 'c01', kind: 'failover', to: 'us-west-2', operatorRegion: 'us-west-2' } as const;
const at = { cell: 'c01', operatorRegion: 'us-west-2' };

function failing(code: ErrorCode) {
  return async () => {
    throw new PlatformError({ code, kind: 'dependency', effect: 'none', message: `it is ${code}` });
  };
}

function setUp(change: Partial<DrillOperator> = {}) {
  const opened: string[] = [];
  const closed: string[] = [];
  const asked: unknown[] = [];
  const machine = { clock: new FakeClock(), rng: seededRng(1) };
  const quarantine = () => Promise.reject(new Error('nobody asks for it here'));
  const failover = drillFailover({ reach: linkReach(fakeView(), machine.clock), machine, quarantine }, (region) => {
    opened.push(region);
    return {
      decide: async (request) => {
        asked.push(request);
        return fakeRecord().decision;
      },
      run: async () => fakeRecord({ state: 'done' }),
      resume: async () => fakeRecord({ state: 'done' }),
      watch: () => async () => undefined,
      close: () => closed.push(region),
      ...change,
    };
  });
  return { failover, opened, closed, asked };
}

describe('the failover of a drill', () => {
  it('is decided and run by the operator of the region that is named, who is kept until the end', async () => {
    const { failover, opened, closed, asked } = setUp();
    await failover.plan(move);
    const result = await failover.run(move);
    expect([result.outcome, (result.decision as { state: string }).state]).toEqual(['done', 'done']);
    expect(asked[1]).toMatchObject({ cell: 'c01', kind: 'failover', to: 'us-west-2' });
    await failover.run({ ...move, operatorRegion: 'us-east-1' });
    expect(opened).toEqual(['us-west-2', 'us-east-1']);
    failover.close();
    expect(closed).toEqual(opened);
  });

  it('lays the steps of the record one behind the other', async () => {
    const log = [
      { step: 'fence', atMs: 0, tookMs: 20, outcome: 'fenced' },
      { step: 'open', atMs: 0, tookMs: 5, outcome: 'opened' },
    ] as const;
    const { failover } = setUp({ run: async () => fakeRecord({ state: 'done', log }) });
    expect((await failover.run(move)).steps).toEqual([
      { name: 'fence', startMs: 0, endMs: 20, detail: 'fenced' },
      { name: 'open', startMs: 20, endMs: 25, detail: 'opened' },
    ]);
  });

  it('tells a move that was given up from one that was refused, and passes on what is neither', async () => {
    expect((await setUp({ run: async () => fakeRecord({ state: 'failed' }) }).failover.run(move)).outcome).toBe(
      'failed',
    );
    const refused = await setUp({ decide: failing('FAILOVER_REFUSED') }).failover.run(move);
    expect(refused).toMatchObject({ outcome: 'refused', decision: { refused: 'it is FAILOVER_REFUSED' } });
    await expect(setUp({ run: failing('FAILOVER_FAILED') }).failover.run(move)).rejects.toThrow(
      'it is FAILOVER_FAILED',
    );
  });

  it('resumes what was left behind, and says when there is nothing', async () => {
    expect(await setUp().failover.resume(at)).toBe('done');
    expect(await setUp({ resume: async () => fakeRecord({ state: 'failed' }) }).failover.resume(at)).toBe('failed');
    expect(await setUp({ resume: failing('FAILOVER_REFUSED') }).failover.resume(at)).toBe('nothing to resume');
    await expect(setUp({ resume: failing('ARBITER_UNAVAILABLE') }).failover.resume(at)).rejects.toThrow('ARBITER');
  });
});
