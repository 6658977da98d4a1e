/** The rollout's record in the arbiter's table: `ROLLOUT` / `CURRENT`, and each rollout's newest copy as `ROLLOUT` / `RECORD#<number>`. */
import { absent, any, equals, type Item, type Table } from '../../cell/table/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { RolloutRecord } from '../rollout/rollout-record.ts';
import type { Limit, RolloutRecords } from '../rollout/rollout-records.ts';

const ROLLOUT = 'ROLLOUT';
const currentKey = { pk: ROLLOUT, sk: 'CURRENT' };
/** Sorts by number. */
const copyKey = (number: number) => ({ pk: ROLLOUT, sk: `RECORD#${String(number).padStart(8, '0')}` });
/** One read of many keys; more is not a list but an archive. */
const HISTORY_MAX = 100;

export function tableRolloutRecords({ arbiter, clock }: { arbiter: Table; clock: Clock }): RolloutRecords {
  const within = ({ withinMs }: Limit) => ({ deadlineAtMs: clock.monotonicMs() + withinMs });
  const current = async (limit: Limit) => {
    const item = await arbiter.get(currentKey, within(limit));
    return item && toRecord(item);
  };
  return {
    current,
    save: async (next, { beat, ...limit }) => {
      const when = next.recordVersion === 1 ? absent : equals('version', next.recordVersion - 1);
      const result = await arbiter.write({ kind: 'put', item: toItem(currentKey, next), when }, within(limit));
      if (result.outcome === 'refused') return false;
      // Losing a copy to a crash loses nothing that CURRENT has, and the next move writes it again; one that comes late stays out.
      const newer = any(absent, { kind: '<', attribute: 'version', value: next.recordVersion });
      const copy = toItem(copyKey(next.number), next);
      if (!beat) await arbiter.write({ kind: 'put', item: copy, when: newer }, within(limit));
      return true;
    },
    history: async (count, limit) => {
      const newest = await current(limit);
      if (!newest) return [];
      const kept = Math.min(count, HISTORY_MAX, newest.number);
      const keys = Array.from({ length: kept }, (_, back) => copyKey(newest.number - back));
      const older = (await arbiter.getMany(keys.slice(1), within(limit))).map(toRecord);
      return [newest, ...older].slice(0, count).sort((a, b) => b.number - a.number);
    },
  };
}

function toItem(key: { pk: string; sk: string }, record: RolloutRecord): Item {
  return { ...key, version: record.recordVersion, state: record.state, record: JSON.stringify(record) };
}

function toRecord(item: Item): RolloutRecord {
  return JSON.parse(String(item.record)) as RolloutRecord;
}
