/** The timeline in the arbiter, on every engine that this machine has. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Table } from '../../../cell/table/table.ts';
import { tableTimeline } from '../../../control/adapters/table-timeline.ts';
import { systemClock } from '../../../core/clock.ts';
import { tableSources } from '../../cell/engines.ts';
import { line, NOON_MS } from '../../core/timeline/timeline-samples.ts';
import { FaultyTable } from '../../doubles/faulty-table.ts';

const LIMIT = { withinMs: 20_000 };
const DAY_MS = 86_400_000;

for (const source of tableSources()) {
  const suite = source.missing === null ? describe : describe.skip;
  suite(`the timeline on ${source.name}${source.missing === null ? '' : ` (skipped: ${source.missing})`}`, () => {
    let table: Table;
    beforeAll(() => source.start());
    afterAll(() => source.stop());
    beforeEach(async () => {
      table = await source.table();
    });
    const log = () => tableTimeline({ arbiter: table, clock: systemClock, appendMsMax: LIMIT.withinMs });
    const stories = async (fromMs: number, toMs: number) =>
      (await log().read({ fromMs, toMs }, LIMIT)).entries.map(({ story }) => story);

    it('is read in order of time, over the end of a day, and only within the window', async () => {
      for (const [story, atMs] of [
        ['third', NOON_MS + DAY_MS],
        ['first', NOON_MS],
        ['second', NOON_MS + 1],
        ['late', NOON_MS + 2 * DAY_MS],
      ] as const)
        await log().append(line({ story, atMs }, ['c01']));
      expect(await stories(NOON_MS, NOON_MS + DAY_MS)).toEqual(['first', 'second', 'third']);
    });

    it('holds an id once, under the instant at which it was first told', async () => {
      const told = line({ story: 'rollout 1', id: 'rollout 1 begins' });
      await log().append(told);
      await log().append({ ...told, atMs: NOON_MS + 60_000, by: 'whoever resumed it' });
      const { entries } = await log().read({ fromMs: NOON_MS - 1, toMs: NOON_MS + DAY_MS }, LIMIT);
      expect(entries.map(({ id, atMs }) => [id, atMs])).toEqual([['rollout 1 begins', NOON_MS]]);
    });

    it('counts what it can not read, and shows the rest', async () => {
      await log().append(line({ story: 'good' }));
      const item = {
        pk: 'TIMELINE#2026-11-28',
        sk: `${new Date(NOON_MS).toISOString()}#bad`,
        atMs: NOON_MS,
        line: '{"kind":',
      };
      await table.write({ kind: 'put', item }, { deadlineAtMs: systemClock.monotonicMs() + LIMIT.withinMs });
      const page = await log().read({ fromMs: NOON_MS, toMs: NOON_MS }, LIMIT);
      expect([page.entries.length, page.unreadable, page.more]).toEqual([1, 1, false]);
    });

    it('says whether a line is written, and fails nobody who has it lost', async () => {
      const faulty = new FaultyTable(table);
      const through = tableTimeline({ arbiter: faulty, clock: systemClock, appendMsMax: LIMIT.withinMs });
      const told = line({ story: 'freeze 1' });
      faulty.state = 'refused';
      expect(await through.tell(told)).toBe(false);
      await through.append(told);
      expect(await stories(NOON_MS, NOON_MS)).toEqual([]);
      faulty.state = 'up';
      expect(await through.tell(told)).toBe(true);
      expect(await stories(NOON_MS, NOON_MS)).toEqual(['freeze 1']);
    });

    it('cuts a reason that is too long instead of losing the line', async () => {
      await log().append(line({ story: 'wordy', why: 'x'.repeat(5_000) }));
      expect(await stories(NOON_MS, NOON_MS)).toEqual(['wordy']);
    });
  });
}
