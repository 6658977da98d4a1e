import { describe, expect, it } from '@jest/globals';
import { AlarmJudge, type Sight } from '../../../control/alarms/alarm-judge.ts';
import { AlarmWatch } from '../../../control/alarms/alarm-watch.ts';
import { FakeClock } from '../../../core/fake-clock.ts';
import { cellId, regionName } from '../../../core/ids.ts';
import { seededRng } from '../../../core/rng.ts';
import type { TimelineEntry } from '../../../core/timeline/timeline.ts';

const sight = (ok: number, failed: number, processId = 1): Sight => ({
  ...{ processId, release: 'r1', documents: ['limits@2', 'modes@17'] },
  total: { ok, refused: 0, failed, unknown: 0 },
});
const changes = (sights: readonly Sight[]) => {
  const judge = new AlarmJudge();
  return sights.map((one) => judge.look(one)?.change ?? '');
};

describe('an alarm', () => {
  it('is raised by failures since the last look, and not by those of before', () => {
    expect(changes([sight(100, 50), sight(200, 50), sight(400, 53)])).toEqual(['', '', '']);
    expect(changes([sight(100, 50), sight(190, 60)])).toEqual(['', 'raised']);
  });

  it('needs more than two failures, whatever their share', () => {
    expect(changes([sight(0, 0), sight(0, 2)])).toEqual(['', '']);
  });

  it('is over after three looks without a failure, and not before', () => {
    const looks = [sight(0, 0), sight(9, 9), sight(20, 9), sight(30, 9), sight(40, 9), sight(50, 9)];
    expect(changes(looks)).toEqual(['', 'raised', '', '', 'cleared', '']);
  });

  it('counts a process that began anew from its beginning', () => {
    expect(changes([sight(1_000, 90), sight(10, 5, 2)])).toEqual(['', 'raised']);
  });

  it('is raised when a process is silent twice in a row, once', () => {
    expect(changes([sight(1, 0), null, sight(2, 0), null, null, null])).toEqual(['', '', '', '', 'raised', '']);
  });
});

describe('the alarm watch', () => {
  it('tells the timeline when a cell falls ill and when it is well again, as one story', async () => {
    const told: TimelineEntry[] = [];
    const sights = [sight(0, 0), sight(9, 9), sight(20, 9), sight(30, 9), sight(40, 9)];
    const watch = new AlarmWatch({
      ...{ region: regionName('us-east-1'), cells: [cellId('c01')], clock: new FakeClock(), rng: seededRng(1) },
      look: async () => sights.shift() ?? null,
      timeline: { append: async (entry) => void told.push(entry) },
    });
    for (let look = 0; look < 2; look++) await watch.look();
    expect(watch.standing).toEqual([{ cell: 'c01', ailment: 'errors' }]);
    for (let look = 0; look < 3; look++) await watch.look();
    expect(watch.standing).toEqual([]);
    expect(told.map(({ phase, scope }) => [phase, scope.cells, scope.release, scope.document])).toEqual([
      ['begins', ['c01'], 'r1', 'limits@2 modes@17'],
      ['ends', ['c01'], 'r1', 'limits@2 modes@17'],
    ]);
    expect(new Set(told.map(({ story }) => story)).size).toBe(1);
  });

  it('names no version of a process that is silent: it may have died of one that nobody has seen run', async () => {
    const told: TimelineEntry[] = [];
    const sights = [sight(5, 0), null, null];
    const watch = new AlarmWatch({
      ...{ region: regionName('us-east-1'), cells: [cellId('c01')], clock: new FakeClock(), rng: seededRng(1) },
      look: async () => sights.shift() ?? null,
      timeline: { append: async (entry) => void told.push(entry) },
    });
    for (let look = 0; look < 3; look++) await watch.look();
    expect(told.map(({ what, scope }) => [what, scope.release, scope.document])).toEqual([
      ['c01 in us-east-1: silent', null, null],
    ]);
  });
});
