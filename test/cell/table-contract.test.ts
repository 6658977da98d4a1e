/** One suite for every implementation of the table port, so that the double can't drift from the real thing. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { absent, all, any, equals, type Item, queryAll, type Table } from '../../cell/table/table.ts';
import { systemClock } from '../../core/clock.ts';
import { tableSources } from './engines.ts';

const within = () => ({ deadlineAtMs: systemClock.monotonicMs() + 20_000 });
const key = (sk: string) => ({ pk: 'p', sk });

for (const source of tableSources()) {
  const suite = source.missing === null ? describe : describe.skip;
  if (source.missing !== null) console.warn(`skipped on ${source.name}: ${source.missing}`);
  suite(`table contract on ${source.name}`, () => {
    let table: Table;
    beforeAll(() => source.start());
    afterAll(() => source.stop());
    beforeEach(async () => {
      table = await source.table();
    });
    const put = (item: Item) => table.write({ kind: 'put', item }, within());

    it('reads back strings and numbers, and nothing for a missing key', async () => {
      await put({ ...key('a'), text: 'x', count: 3 });
      expect(await table.get(key('a'), within())).toEqual({ pk: 'p', sk: 'a', text: 'x', count: 3 });
      expect(await table.get(key('b'), within())).toBeNull();
    });

    it('refuses a put whose condition does not hold, and shows what stands there', async () => {
      await put({ ...key('a'), epoch: 5 });
      const refused = await table.write({ kind: 'put', item: { ...key('a'), epoch: 4 }, when: absent }, within());
      expect(refused).toEqual({
        outcome: 'refused',
        refusals: [{ index: 0, existing: { pk: 'p', sk: 'a', epoch: 5 } }],
      });
    });

    it('compares numbers as numbers, and never finds a missing attribute or item smaller', async () => {
      await put({ ...key('a'), epoch: 9 });
      const raise = (when: Parameters<Table['write']>[0]['when']) =>
        table.write({ kind: 'put', item: { ...key('a'), epoch: 10 }, ...(when ? { when } : {}) }, within());
      expect((await raise({ kind: '>', attribute: 'epoch', value: 10 })).outcome).toBe('refused');
      expect((await raise({ kind: '<', attribute: 'other', value: 10 })).outcome).toBe('refused');
      expect((await raise({ kind: '<', attribute: 'epoch', value: 10 })).outcome).toBe('done');
      const onMissing = {
        kind: 'put',
        item: key('none'),
        when: { kind: '<=', attribute: 'epoch', value: 10 },
      } as const;
      expect((await table.write(onMissing, within())).outcome).toBe('refused');
    });

    it('joins conditions with all and any, and knows an absent attribute', async () => {
      await put({ ...key('a'), epoch: 5 });
      const open = { kind: 'attribute-absent', attribute: 'active' } as const;
      const when = any(absent, all(equals('epoch', 5), open));
      expect(
        (await table.write({ kind: 'put', item: { ...key('a'), epoch: 5, active: 'r' }, when }, within())).outcome,
      ).toBe('done');
      expect((await table.write({ kind: 'put', item: { ...key('a'), epoch: 5 }, when }, within())).outcome).toBe(
        'refused',
      );
    });

    it('commits a transaction whole or not at all, and names every write that refused', async () => {
      await put({ ...key('fence'), epoch: 7 });
      await put({ ...key('head'), version: 2 });
      const writes = (epoch: number, version: number) => [
        { kind: 'check', key: key('fence'), when: equals('epoch', epoch) } as const,
        { kind: 'put', item: { ...key('head'), version: version + 1 }, when: equals('version', version) } as const,
        { kind: 'put', item: key('new') } as const,
      ];
      const refused = await table.transact(writes(6, 1), within());
      expect(refused).toEqual({
        outcome: 'refused',
        refusals: [
          { index: 0, existing: { pk: 'p', sk: 'fence', epoch: 7 } },
          { index: 1, existing: { pk: 'p', sk: 'head', version: 2 } },
        ],
      });
      expect(await table.get(key('new'), within())).toBeNull();
      expect(await table.transact(writes(7, 2), within())).toEqual({ outcome: 'done' });
      expect(await table.get(key('head'), within())).toMatchObject({ version: 3 });
    });

    it('says that nothing stood where a check found nothing', async () => {
      const check = { kind: 'check', key: key('none'), when: equals('epoch', 1) } as const;
      const result = await table.transact([check, { kind: 'put', item: key('x') }], within());
      expect(result).toEqual({ outcome: 'refused', refusals: [{ index: 0, existing: null }] });
    });

    it('pages a query in the order of the sort key, by prefix', async () => {
      for (const sk of ['b#2', 'a#1', 'b#1', 'b#3']) await put(key(sk));
      const first = await table.query('p', { ...within(), prefix: 'b#', limit: 2 });
      expect(first.items.map((item) => item.sk)).toEqual(['b#1', 'b#2']);
      const rest = await table.query('p', { ...within(), prefix: 'b#', limit: 2, after: first.next ?? '' });
      expect(rest.items.map((item) => item.sk)).toEqual(['b#3']);
      expect((await queryAll(table, 'p', within())).length).toBe(4);
    });

    it('reads and deletes many, ignoring what is not there', async () => {
      const keys = Array.from({ length: 60 }, (_, n) => key(`k${n}`));
      for (const one of keys) await put(one);
      expect((await table.getMany([...keys, key('none')], within())).length).toBe(60);
      await table.deleteMany([...keys, key('none')], within());
      expect((await table.getMany(keys, within())).length).toBe(0);
    });

    it('refuses a deadline that has passed before sending, with effect none', async () => {
      if (source.name === 'memory') return;
      const late = table.write({ kind: 'put', item: key('late') }, { deadlineAtMs: systemClock.monotonicMs() - 1 });
      await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', effect: 'none' });
    });
  });
}
