import { describe, expect, it } from '@jest/globals';
import { cellId, regionName } from '../../../core/ids.ts';
import { suspicionOf } from '../../../core/timeline/suspects.ts';
import { EVERYWHERE, type TimelineEntry } from '../../../core/timeline/timeline.ts';
import { CELLS, line, NOON_MS } from './timeline-samples.ts';

const MINUTE_MS = 60_000;
const alarm = (cell: string, atMs: number, phase: 'begins' | 'ends' = 'begins') =>
  line({ story: `alarm ${cell} ${atMs}`, kind: 'alarm', phase, atMs }, [cell]);
const rollout = (number: number, phase: TimelineEntry['phase'], atMs: number) => ({
  story: `rollout ${number}`,
  phase,
  atMs,
});
const suspicion = (entries: readonly TimelineEntry[]) => suspicionOf(entries, { aroundMs: NOON_MS, cells: CELLS });
const ranking = (entries: readonly TimelineEntry[]) => suspicion(entries).suspects.map(({ change }) => change.story);

describe('who may have done it', () => {
  it('ranks the change first that reached the ill cell, not the newer one of another cell', () => {
    const entries = [
      line(rollout(1, 'begins', NOON_MS - 3 * MINUTE_MS), ['c01']),
      line({ story: 'mode 7', kind: 'mode', atMs: NOON_MS - MINUTE_MS }, ['c02']),
      alarm('c01', NOON_MS),
    ];
    expect(ranking(entries)).toEqual(['rollout 1', 'mode 7']);
  });

  it('ranks the newer of two first that reached the same cell', () => {
    const entries = [
      line({ story: 'old', atMs: NOON_MS - 10 * MINUTE_MS }, ['c01']),
      line({ story: 'new', atMs: NOON_MS - MINUTE_MS }, ['c01']),
      alarm('c01', NOON_MS),
    ];
    expect(ranking(entries)).toEqual(['new', 'old']);
  });

  it('takes a long rollout for as old as its last step before the alarm', () => {
    const entries = [
      line(rollout(1, 'begins', NOON_MS - 60 * MINUTE_MS), ['c02']),
      line(rollout(1, 'reaches', NOON_MS - 5_000), ['c02', 'c01']),
      line({ story: 'mode 7', kind: 'mode', atMs: NOON_MS - 5 * MINUTE_MS }, ['c01']),
      alarm('c01', NOON_MS),
      alarm('c02', NOON_MS + 1_000),
    ];
    expect(ranking(entries)[0]).toBe('rollout 1');
  });

  it('says that cells without it are well, which speaks against it, and that they are ill, which speaks for it', () => {
    const change = line(rollout(1, 'begins', NOON_MS - MINUTE_MS), ['c01']);
    const guilty = suspicion([change, alarm('c01', NOON_MS)]).suspects[0];
    const innocent = suspicion([change, alarm('c01', NOON_MS), alarm('c02', NOON_MS + 100)]).suspects[0];
    expect(guilty?.because.join()).toContain('cells without it (c02, c03) are well');
    expect(innocent?.because.join()).toContain('cells without it are ill, too (c02)');
    expect(guilty?.score).toBeGreaterThan(innocent?.score ?? 1);
  });

  it('ranks a change of the ill region above one of a region that is well, cells or none', () => {
    const bound = (story: string, region: string) =>
      line({ story, kind: 'fault', scope: { ...EVERYWHERE, regions: [regionName(region)] } });
    const west = { ...EVERYWHERE, cells: [cellId('c01')], regions: [regionName('us-west-2')] };
    const ill = line({ story: 'alarm', kind: 'alarm', phase: 'begins', scope: west });
    const entries = [bound('east', 'us-east-1'), bound('west', 'us-west-2'), line({ story: 'anywhere' }), ill];
    expect(ranking(entries)).toEqual(['west', 'anywhere', 'east']);
    const because = suspicion(entries).suspects.map((suspect) => suspect.because.join());
    expect(because[0]).toContain('in us-west-2, where it is ill');
    expect(because[2]).toContain('in us-east-1, ill is us-west-2');
  });

  it.each([
    ['release', { release: 'r2' }, { release: 'r1' }],
    ['edition', { document: 'ranking@5' }, { document: 'ranking@4' }],
  ])('ranks the %s that ran where it is ill above another one', (_what, ran, other) => {
    const change = (story: string, brings: object) => line({ story, scope: { ...EVERYWHERE, ...brings } });
    const document = 'document' in ran ? `limits@2 ${ran.document}` : null;
    const where = { ...EVERYWHERE, cells: [cellId('c01')], release: 'r2', document };
    const ill = line({ story: 'alarm', kind: 'alarm', phase: 'begins', scope: where });
    const entries = [change('other', other), change('ran', ran), ill];
    expect(ranking(entries)).toEqual(['ran', 'other']);
    expect(suspicion(entries).suspects[0]?.because.join()).toMatch(/what is ill ran (r2|ranking@5)$/);
  });

  it('counts a change more when what is ill ran just what it brings than when nobody knows, and names the region', () => {
    const where = { ...EVERYWHERE, cells: [cellId('c01')], regions: [regionName('us-west-2')] };
    const ill = line({ story: 'alarm', kind: 'alarm', phase: 'begins', scope: { ...where, release: 'r2' } });
    const unknown = line({ story: 'unknown', kind: 'fault', scope: where });
    const entries = [unknown, line({ story: 'ran', scope: { ...where, release: 'r2' } }), ill];
    expect(ranking(entries)).toEqual(['ran', 'unknown']);
    expect(suspicion(entries).suspects[0]?.because.join()).toContain('reached c01 in us-west-2, which is ill');
  });

  it('holds no edition of another type, and no release, against a document', () => {
    const switched = line({ story: 'mode 7', kind: 'mode', scope: { ...EVERYWHERE, document: 'modes@17' } });
    const where = { ...EVERYWHERE, release: 'r2', document: 'limits@2' };
    const ill = line({ story: 'alarm', kind: 'alarm', phase: 'begins', scope: where });
    expect(suspicion([switched, ill]).suspects[0]?.because.join()).not.toMatch(/ran/);
  });

  it('leaves out what came after the first alarm', () => {
    const later = line({ story: 'failover 1', kind: 'failover', atMs: NOON_MS + 30_000 }, ['c01']);
    expect(ranking([alarm('c01', NOON_MS), later])).toEqual([]);
  });

  it('measures from the instant asked about when nothing raised an alarm', () => {
    const { onsetMs, ill, suspects } = suspicion([line({ story: 'x', atMs: NOON_MS - 1_000 }, ['c01'])]);
    expect([onsetMs, ill, suspects.length]).toEqual([NOON_MS, [], 1]);
  });
});

describe('errors that come and go', () => {
  const swings = [0, 1, 2].flatMap((turn) => [
    alarm('c01', NOON_MS + turn * 20_000),
    alarm('c01', NOON_MS + turn * 20_000 + 10_000, 'ends'),
  ]);

  it('while a rollout is half done are called probably the rollout, not an attack', () => {
    const half = line(rollout(4, 'begins', NOON_MS - MINUTE_MS), ['c01']);
    expect(suspicion([half, ...swings]).oscillation).toMatch(
      /3 times while "rollout 4".*probably the rollout, not an attack/,
    );
  });

  it('after a rollout has ended are not', () => {
    const over = [
      line(rollout(4, 'begins', NOON_MS - 2 * MINUTE_MS), ['c01']),
      line(rollout(4, 'ends', NOON_MS - MINUTE_MS), ['c01']),
    ];
    expect(suspicion([...over, ...swings]).oscillation).toBeNull();
  });

  it('are not seen in three cells that fall ill together and stay so', () => {
    const half = line(rollout(4, 'begins', NOON_MS - MINUTE_MS), ['c01']);
    const together = ['c01', 'c02', 'c03'].map((cell, at) => alarm(cell, NOON_MS + at));
    expect(suspicion([half, ...together]).oscillation).toBeNull();
  });

  it('are not seen in a single alarm', () => {
    const half = line(rollout(4, 'begins', NOON_MS - MINUTE_MS), ['c01']);
    expect(suspicion([half, alarm('c01', NOON_MS)]).oscillation).toBeNull();
  });
});
