/** The marks in the arbiter's table: `FREEZE` / `CURRENT` and `DRILL` / `CURRENT`, single items written only over their version. */
import { absent, equals, type Table } from '../../cell/table/table.ts';
import type { Clock } from '../../core/clock.ts';
import { type Mark, type MarkName, type MarkStore, UNMARKED } from '../rollout/gates/marks.ts';
import type { Limit } from '../rollout/rollout-records.ts';

const keyOf = (name: MarkName) => ({ pk: name.toUpperCase(), sk: 'CURRENT' });

export function tableMarkStore({ arbiter, clock }: { arbiter: Table; clock: Clock }): MarkStore {
  const within = ({ withinMs }: Limit) => ({ deadlineAtMs: clock.monotonicMs() + withinMs });
  return {
    read: async (name, limit) => {
      const item = await arbiter.get(keyOf(name), within(limit));
      return item ? (JSON.parse(String(item.mark)) as Mark) : UNMARKED;
    },
    write: async (name, next, limit) => {
      const when = next.version === 1 ? absent : equals('version', next.version - 1);
      const item = { ...keyOf(name), version: next.version, mark: JSON.stringify(next) };
      return (await arbiter.write({ kind: 'put', item, when }, within(limit))).outcome === 'done';
    },
  };
}
