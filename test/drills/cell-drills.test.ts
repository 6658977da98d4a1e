import { afterEach, describe, expect, it } from '@jest/globals';
import { drilled, endDrills } from './drilled.ts';

afterEach(endDrills);

describe('cell-lost', () => {
  it('passes when the cell refuses, nobody else notices and it comes back', async () => {
    const { report, fake } = await drilled('cell-lost');
    expect([report.verdict, report.reasons]).toEqual(['pass', []]);
    expect(report.faults).toMatchObject([{ kind: 'crash', targets: expect.arrayContaining(['c01@us-west-2.store']) }]);
    expect(report.blastRadius.cellsHit).toEqual(['c01']);
    expect(report.cells).toMatchObject([{ cell: 'c01', epoch: { before: 1, after: 1 }, rtoMs: null }]);
    expect(report.headline).toMatch(/^c01 was away for/);
    expect([...fake.processes.values()].every((process) => process.sight.state === 'ready')).toBe(true);
  });

  it('fails when the stores come back without what was acknowledged', async () => {
    const { report } = await drilled('cell-lost', { forgets: true });
    expect(report.verdict).toBe('fail');
    expect(report.rpo.lost).toBeGreaterThan(10);
  });

  it('is unknown when nothing died', async () => {
    const { report } = await drilled('cell-lost', { faultsDoNothing: true });
    expect(report.verdict).toBe('unknown');
    expect(report.reasons.join()).toMatch(/never took effect/);
  });
});

describe('slow-cell', () => {
  it.each(['host', 'store', 'both'] as const)(
    'passes with a slow %s, and runs at full speed afterwards',
    async (variant) => {
      const { report, fake } = await drilled('slow-cell', {}, { variant });
      // A fake store takes no part in a write: throttled, it is seen to answer late, and that is all.
      expect([report.verdict, report.reasons]).toEqual(['pass', []]);
      expect(report.faults[0]?.evidence).toMatch(/answers after .* instead of/);
      expect([...fake.processes.values()].every((process) => process.sight.runRatio === undefined)).toBe(true);
    },
  );

  it('fails when the cell is moved because it is slow', async () => {
    const { report } = await drilled('slow-cell', { movesTheSlow: true }, { variant: 'host' });
    expect([report.verdict, report.reasons.join()]).toEqual([
      'fail',
      expect.stringMatching(/c01 moved from us-east-1/),
    ]);
  });

  it('is unknown when nothing got slower', async () => {
    const { report } = await drilled('slow-cell', { faultsDoNothing: true }, { variant: 'host' });
    expect(report.verdict).toBe('unknown');
  });
});

describe('failback', () => {
  it('waits until nothing speaks against it, and ends at home', async () => {
    // A lease longer than the cut: the fake refuses meanwhile, because it can't set aside and repair what it would accept alone.
    const { report } = await drilled('failback', { objectionsAtFirst: 1, leaseTtlMs: 3_000 });
    expect([report.verdict, report.reasons]).toEqual(['pass', []]);
    expect(report.failovers.map(({ kind, outcome }) => [kind, outcome])).toEqual([
      ['failover', 'done'],
      ['failback', 'done'],
    ]);
    expect(report.timeline.map(({ what }) => what)).toContain('coming home is refused: the copy is behind');
  });

  it('decides by hand what is left for a person, and says what it gave up', async () => {
    const { report } = await drilled('failback', { leavesToPerson: true, leaseTtlMs: 3_000 });
    expect([report.verdict, report.reasons]).toEqual(['pass', []]);
    expect(report.timeline.map(({ what }) => what)).toContain(
      'stock/acme/mug@1.1 is discarded by hand: drill: the newer write of the owner stays',
    );
  });

  it('fails when acknowledged writes are lost', async () => {
    const { report } = await drilled('failback', { losesWrites: true });
    expect(report.verdict).toBe('fail');
  });

  it('is unknown when nothing was lost in the first place', async () => {
    const { report } = await drilled('failback', { faultsDoNothing: true });
    expect(report.verdict).toBe('unknown');
  });
});
