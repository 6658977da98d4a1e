/** The record's place on every implementation of the table port: what keeps two orchestrators apart is the engine's own condition. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { tableRolloutRecords } from '../../../control/adapters/table-rollout-records.ts';
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
    let records: RolloutRecords;
    beforeAll(() => source.start());
    afterAll(() => source.stop());
    beforeEach(async () => {
      records = tableRolloutRecords({ arbiter: await source.table(), clock });
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
  });
}
