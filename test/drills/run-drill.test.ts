import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { readHistory } from '../../drills/history/read-history.ts';
import { drilled, endDrills } from './drilled.ts';

afterEach(endDrills);

describe('a drill on a platform that keeps its promises', () => {
  it('region-lost passes, heals, and leaves its evidence', async () => {
    const { report, reportDir, fake } = await drilled('region-lost');
    expect([report.verdict, report.reasons]).toEqual(['pass', []]);
    expect(report.rtoMs).toBeGreaterThan(0);
    expect(report.cells).toMatchObject([{ cell: 'c01', epoch: { before: 1, after: 2 } }]);
    expect(report.rpo).toEqual({ lost: 0, ageMs: 0 });
    expect(report.blastRadius.cellsHit).toContain('c01');
    expect([...fake.processes.values()].every((process) => process.sight.state === 'ready')).toBe(true);
    const text = await readFile(join(reportDir, 'history.jsonl'), 'utf8');
    expect(readHistory(text, report.history).ok).toBe(true);
    expect(await readFile(join(reportDir, 'report.html'), 'utf8')).toContain('c01 was away for');
    expect(JSON.parse(await readFile(join(reportDir, 'report.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(report)),
    );
  });

  it('switchover passes there and back', async () => {
    const { report } = await drilled('switchover');
    expect([report.verdict, report.reasons]).toEqual(['pass', []]);
    expect(report.failovers.map((one) => [one.kind, one.outcome])).toEqual([
      ['switchover', 'done'],
      ['failback', 'done'],
    ]);
  });

  it('zombie-writer passes, and counts what the old owner refused', async () => {
    const { report } = await drilled('zombie-writer', {}, { variant: 'host' });
    expect([report.verdict, report.reasons]).toEqual(['pass', []]);
    expect(report.fenceRefused).toBeGreaterThan(10);
  });
});

describe('a drill on a platform that breaks them', () => {
  it('zombie-writer fails without a fence', async () => {
    const { report } = await drilled('zombie-writer', { noFence: true }, { variant: 'host' });
    expect(report.verdict).toBe('fail');
    expect(report.staleAcknowledged).toBeGreaterThan(0);
  });

  it('region-lost fails when acknowledged writes are lost', async () => {
    const { report } = await drilled('region-lost', { losesWrites: true });
    expect(report.verdict).toBe('fail');
    expect(report.rpo.lost).toBeGreaterThan(10);
    expect(report.headline).toMatch(/acknowledged writes were lost/);
  });
});

describe('a drill that proves nothing', () => {
  it('is unknown when the fault did nothing', async () => {
    const { report } = await drilled('zombie-writer', { faultsDoNothing: true }, { variant: 'host' });
    expect(report.verdict).toBe('unknown');
    expect(report.reasons.join()).toMatch(/never took effect/);
  });

  it('is unknown when the platform did not serve before', async () => {
    const { report } = await drilled('region-lost', { neverServes: true });
    expect(report.verdict).toBe('unknown');
    expect(report.faults).toEqual([]);
    expect(report.headline).toMatch(/^Nothing was learnt/);
  });

  it('refuses a drill that does not exist', async () => {
    await expect(drilled('region-found')).rejects.toThrow(/Allowed: .*region-lost/);
  });
});
