/** What a change of automation's setting tells the timeline. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import { setAutomation } from '../../cli/set-automation.ts';
import { tableAutomationStore } from '../../control/adapters/table-automation-store.ts';
import { unwritten, withSetting } from '../../control/failover/automation/automation-document.ts';
import { automationLine } from '../../control/timeline/operator-lines.ts';
import { invalid } from '../../core/errors.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import type { TimelineEntry } from '../../core/timeline/timeline.ts';

const clock = new FakeClock();
let told: TimelineEntry[];
beforeEach(() => {
  told = [];
});

function desk(written = true) {
  const tell = async (line: TimelineEntry) => written && told.push(line) > 0;
  const store = tableAutomationStore({ arbiter: new MemoryTable(), clock });
  return { store, timeline: { tell }, clock, otherwise: 'assisted' as const };
}

describe('a setting of automation', () => {
  it('has no line while nobody has ever set it', () => {
    expect(automationLine(unwritten('assisted'), unwritten('assisted'))).toBeNull();
  });

  it('is told with what held before, who changed it and why', async () => {
    const given = desk();
    await setAutomation(given, { mode: 'automatic', reason: 'trust' });
    const { document } = await setAutomation(given, { enabled: false, reason: 'maintenance' });
    expect(told).toMatchObject([
      { kind: 'automation', what: 'automation: assisted, on → automatic, on', why: 'trust' },
      { kind: 'automation', what: 'automation: automatic, on → automatic, off', why: 'maintenance' },
    ]);
    expect(told[1]?.by).toBe(document.changes.at(-1)?.by);
    expect(new Set(told.map(({ id }) => id)).size).toBe(2);
  });

  it('is written though the timeline can not be', async () => {
    const given = desk(false);
    expect(await setAutomation(given, { enabled: false, reason: 'maintenance' })).toMatchObject({
      document: { enabled: false, version: 1 },
      told: false,
    });
  });

  it('is told when it replaces what nobody can read, under another id than the first version had', async () => {
    const given = desk();
    await setAutomation(given, { mode: 'manual', reason: 'first' });
    const document = async () => Promise.reject(invalid('not a document'));
    await clock.advance(1);
    await setAutomation({ ...given, store: { ...given.store, document } }, { enabled: false, reason: 'broken' });
    expect(told[1]).toMatchObject({ what: 'automation: unreadable → assisted, off' });
    expect(told[1]?.id).not.toBe(told[0]?.id);
  });

  it('is told once it is written, and only the one that was', async () => {
    const given = desk();
    const other = withSetting(unwritten('manual'), { mode: 'manual', by: 'bob', reason: 'mine', atMs: 0 });
    let tries = 0;
    const save: typeof given.store.save = async (next, limit) => {
      if (tries++ === 0) await given.store.save(other, limit);
      return given.store.save(next, limit);
    };
    await setAutomation({ ...given, store: { ...given.store, save } }, { mode: 'automatic', reason: 'trust' });
    expect(told.map(({ what }) => what)).toEqual(['automation: manual, on → automatic, on']);
  });
});
