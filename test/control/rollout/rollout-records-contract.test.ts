/** The record's place on every implementation of the table port: what keeps two orchestrators apart is the engine's own condition. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Table } from '../../../cell/table/table.ts';
import { tableMarkStore } from '../../../control/adapters/table-mark-store.ts';
import { tableRolloutRecords } from '../../../control/adapters/table-rollout-records.ts';
import { tableTokenFence } from '../../../control/adapters/table-token-fence.ts';
import { marked, UNMARKED } from '../../../control/rollout/gates/marks.ts';
import type { RolloutRecord } from '../../../control/rollout/rollout-record.ts';
import type { RolloutRecords } from '../../../control/rollout/rollout-records.ts';
import { systemClock as clock } from '../../../core/clock.ts';
import { tableSources } from '../../cell/engines.ts';
import { PLAN, STEPS } from './rollout-world.ts';

const LIMIT = { withinMs: 20_000 };
const record = (recordVersion: number, change: Partial<RolloutRecord> = {}): RolloutRecord => ({
  ...PLAN,
  ...{ id: 'a', number: 1, recordVersion, steps: STEPS, orchestrator: 'o', startedAtMs: 1, state: 'running' },
  ...{ position: { at: 'bake', wave: 0 }, trouble: null, abort: null, seen: [], bakedMs: null, log: [] },
  ...change,
});

for (const source of tableSources()) {
  const suite = source.missing === null ? describe : describe.skip;
  if (source.missing !== null) console.warn(`skipped on ${source.name}: ${source.missing}`);
  suite(`rollout records on ${source.name}`, () => {
    let table: Table;
    let records: RolloutRecords;
    beforeAll(() => source.start());
    afterAll(() => source.stop());
    beforeEach(async () => {
      table = await source.table();
      records = tableRolloutRecords({ arbiter: table, clock });
    });
    const save = (next: RolloutRecord, beat = false) => records.save(next, { ...LIMIT, beat });

    it('are not there until the first is written, and read back as written', async () => {
      expect(await records.current(LIMIT)).toBeNull();
      expect(await records.history(5, LIMIT)).toEqual([]);
      expect(await save(record(1))).toBe(true);
      expect(await records.current(LIMIT)).toEqual(record(1));
    });

    it('are written only over the version before: of several at once exactly one', async () => {
      await save(record(1));
      const tries = ['a', 'b', 'c', 'd'].map((orchestrator) => save(record(2, { orchestrator })));
      expect((await Promise.all(tries)).filter((saved) => saved)).toHaveLength(1);
      expect(await save(record(2, { orchestrator: 'late' }))).toBe(false);
      expect(await save(record(4))).toBe(false);
      expect(await save(record(1))).toBe(false);
      expect((await records.current(LIMIT))?.recordVersion).toBe(2);
    });

    it('keep each rollout as it was last moved, newest first, beats apart', async () => {
      await save(record(1));
      await save(record(2), true);
      await save(record(3, { state: 'done' }));
      await save(record(4, { id: 'b', number: 2 }));
      await save(record(5, { id: 'b', number: 2, orchestrator: 'beating' }), true);
      const kept = await records.history(5, LIMIT);
      expect(kept.map(({ number, recordVersion }) => [number, recordVersion])).toEqual([
        [2, 5],
        [1, 3],
      ]);
      expect(await records.history(1, LIMIT)).toHaveLength(1);
    });

    it('let a mark be written over its version only, each mark by itself', async () => {
      const marks = tableMarkStore({ arbiter: table, clock });
      expect(await marks.read('freeze', LIMIT)).toEqual(UNMARKED);
      const held = marked(UNMARKED, { by: 'ann', why: 'sale', nowMs: 1, forMs: 1_000 });
      expect(await marks.write('freeze', held, LIMIT)).toBe(true);
      expect(await marks.write('freeze', held, LIMIT)).toBe(false);
      expect(await marks.read('freeze', LIMIT)).toEqual(held);
      expect(await marks.read('drill', LIMIT)).toEqual(UNMARKED);
    });

    it('keep a fence of effects that only rises', async () => {
      const fence = tableTokenFence({ arbiter: table, clock });
      const raise = (token: number, place = 'a') => fence.raise(place, token, LIMIT);
      expect([await raise(7), await raise(7), await raise(6), await raise(8)]).toEqual([true, true, false, true]);
      expect(await raise(1, 'b')).toBe(true);
    });
  });
}
