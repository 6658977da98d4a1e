import { describe, expect, it } from '@jest/globals';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import { tableAutomationStore } from '../../control/adapters/table-automation-store.ts';
import {
  CHANGES_MAX,
  decodeAutomation,
  MOVES_KEPT_MAX,
  unwritten,
  withMove,
  withSetting,
} from '../../control/failover/automation/automation-document.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { cellId, regionName } from '../../core/ids.ts';

const LIMIT = { withinMs: 100 };
const BY = { by: 'ops', reason: 'because', atMs: 5 };
const MOVE = { id: 'm1', cell: cellId('c01'), from: regionName('east'), to: regionName('west'), atMs: 7 };

describe('the automation document', () => {
  it('keeps who changed what, when and why, up to a bound', () => {
    let document = unwritten('assisted');
    for (let turn = 0; turn < CHANGES_MAX + 3; turn++)
      document = withSetting(document, { enabled: turn % 2 === 0, ...BY });
    expect(document.version).toBe(CHANGES_MAX + 3);
    expect(document.changes).toHaveLength(CHANGES_MAX);
    expect(document.changes.at(-1)).toEqual({ version: CHANGES_MAX + 3, mode: 'assisted', enabled: true, ...BY });
  });

  it('keeps the mode when it is turned off and on', () => {
    const off = withSetting(withSetting(unwritten('assisted'), { mode: 'automatic', ...BY }), {
      enabled: false,
      ...BY,
    });
    expect([off.mode, off.enabled]).toEqual(['automatic', false]);
    expect(withSetting(off, { enabled: true, ...BY }).mode).toBe('automatic');
  });

  it.each(['', '   ', 'x'.repeat(501)])('refuses a change with the reason "%s"', (reason) => {
    expect(() => withSetting(unwritten('assisted'), { enabled: false, ...BY, reason })).toThrow(/Allowed: 1–500/);
  });

  it('keeps a bounded number of moves', () => {
    let document = unwritten('automatic');
    for (let turn = 0; turn < MOVES_KEPT_MAX + 1; turn++) document = withMove(document, { ...MOVE, id: `m${turn}` });
    expect(document.moves).toHaveLength(MOVES_KEPT_MAX);
    expect(document.moves[0]?.id).toBe('m1');
  });

  it.each<[string, (document: Record<string, unknown>) => unknown]>([
    ['nothing', () => null],
    ['a list', () => []],
    ['an unknown mode', (document) => ({ ...document, mode: 'auto' })],
    ['a switch that is neither on nor off', (document) => ({ ...document, enabled: 'yes' })],
    ['a fractional version', (document) => ({ ...document, version: 1.5 })],
    ['moves that are none', (document) => ({ ...document, moves: [{}] })],
    ['a change without a reason', (document) => ({ ...document, changes: [{ ...BY, reason: 1 }] })],
    ['more than the bound', (document) => ({ ...document, moves: new Array(MOVES_KEPT_MAX + 1).fill(MOVE) })],
  ])('can not be read from %s', (_, damage) => {
    expect(() => decodeAutomation(damage({ ...unwritten('assisted') }))).toThrow();
  });
});

describe('the document in the arbiter', () => {
  const open = () => {
    const clock = new FakeClock();
    const arbiter = new MemoryTable();
    return { arbiter, store: tableAutomationStore({ arbiter, clock }) };
  };

  it('is nothing before the first change, then what was written', async () => {
    const { store } = open();
    expect(await store.document(LIMIT)).toBeNull();
    const first = withMove(withSetting(unwritten('assisted'), { mode: 'automatic', ...BY }), MOVE);
    expect(await store.save({ ...first, version: 1 }, LIMIT)).toBe(true);
    expect(await store.document(LIMIT)).toEqual({ ...first, version: 1 });
  });

  it('takes one of two writers that saw the same version: the other decides anew', async () => {
    const { store } = open();
    const seen = unwritten('automatic');
    const results = await Promise.all([
      store.save(withMove(seen, MOVE), LIMIT),
      store.save(withSetting(seen, { enabled: false, ...BY }), LIMIT),
    ]);
    expect(results).toEqual([true, false]);
    const second = await store.document(LIMIT);
    expect(await store.save(withMove(second ?? seen, MOVE), LIMIT)).toBe(true);
    expect(await store.save(withMove(second ?? seen, MOVE), LIMIT)).toBe(false);
  });

  it('refuses to read what is no document, and can be written over by hand', async () => {
    const { arbiter, store } = open();
    const item = { pk: 'AUTOMATION', sk: 'CURRENT', version: 9, body: '{"mode":"auto"}' };
    await arbiter.write({ kind: 'put', item });
    await expect(store.document(LIMIT)).rejects.toThrow(/automation document/);
    await store.overwrite(withSetting(unwritten('assisted'), { enabled: false, ...BY }), LIMIT);
    expect((await store.document(LIMIT))?.enabled).toBe(false);
  });
});
