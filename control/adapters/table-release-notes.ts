/** What each cell had before a release, in the arbiter's table: `ROLLOUT` / `NOTE#<cell>`, one for each cell while a rollout lasts. */
import { absent, any, type Table } from '../../cell/table/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { ReleaseNote, ReleaseNotes } from '../rollout/release/release-ports.ts';
import { ARBITER_MS_MAX } from '../rollout/rollout-limits.ts';

const keyOf = (cell: string) => ({ pk: 'ROLLOUT', sk: `NOTE#${cell}` });

export function tableReleaseNotes({ arbiter, clock }: { arbiter: Table; clock: Clock }): ReleaseNotes {
  const within = ({ withinMs }: { readonly withinMs: number }) => ({
    deadlineAtMs: clock.monotonicMs() + Math.min(withinMs, ARBITER_MS_MAX),
  });
  return {
    read: async (cell, limit) => {
      const item = await arbiter.get(keyOf(cell), within(limit));
      return item && (JSON.parse(String(item.note)) as ReleaseNote);
    },
    write: async (note, limit) => {
      const { cell, token } = note;
      const when = any(absent, { kind: '<', attribute: 'version', value: token });
      const item = { ...keyOf(cell), version: token, note: JSON.stringify(note) };
      return (await arbiter.write({ kind: 'put', item, when }, within(limit))).outcome === 'done';
    },
    remove: async (cell, limit) => {
      await arbiter.write({ kind: 'delete', key: keyOf(cell) }, within(limit));
    },
  };
}
