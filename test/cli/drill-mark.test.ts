/** What a drill leaves in the arbiter of a platform that others use: a mark while it lasts, and its lines in the timeline. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import { toldBy, whileMarked } from '../../cli/drill-mark.ts';
import { tableMarkStore } from '../../control/adapters/table-mark-store.ts';
import { tableTimeline } from '../../control/adapters/table-timeline.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import type { DrillReport } from '../../drills/report/drill-report.ts';
import topology from '../../platform.config.ts';

const limit = { withinMs: 1_000 };
const clock = new FakeClock();
let arbiter: MemoryTable;
beforeEach(() => {
  arbiter = new MemoryTable();
});

const marking = () => {
  const timeline = tableTimeline({ arbiter, clock });
  return { ports: { arbiter, timeline }, topology, clock, why: 'drill cell-lost', forMs: 60_000, limit };
};
async function lines() {
  const nowMs = clock.wallMs();
  const window = { fromMs: nowMs - 600_000, toMs: nowMs + 600_000 };
  const { entries } = await tableTimeline({ arbiter, clock }).read(window, limit);
  return entries.map(({ kind, phase, what, scope: { cells, regions } }) => [
    `${kind} ${phase}`,
    what,
    ...cells,
    ...regions,
  ]);
}
const report: Pick<DrillReport, 'verdict' | 'startedAt' | 'faults'> = {
  verdict: 'pass',
  startedAt: new Date(clock.wallMs()).toISOString(),
  faults: [
    {
      ...{
        kind: 'crash',
        targets: ['c01@us-east-1', 'c01@us-east-1.store'],
        injectedAtMs: 5_000,
        effectiveAtMs: 5_010,
      },
      ...{ healedAtMs: 9_000, evidence: 'gone' },
    },
  ],
};

describe('a drill on a platform that others use', () => {
  it('tells the timeline that it began, which faults it injected and healed, and its verdict', async () => {
    await whileMarked(
      marking(),
      async () => {
        expect(await lines()).toEqual([['drill begins', 'drill cell-lost begins']]);
        return report;
      },
      toldBy,
    );
    expect(await lines()).toEqual(
      expect.arrayContaining([
        ['drill begins', 'drill cell-lost begins'],
        ['fault begins', 'crash of c01@us-east-1, c01@us-east-1.store', 'c01', 'us-east-1'],
        ['fault ends', 'crash of c01@us-east-1, c01@us-east-1.store, healed', 'c01', 'us-east-1'],
        ['drill ends', 'drill cell-lost ends: pass'],
      ]),
    );
    expect((await tableMarkStore({ arbiter, clock }).read('drill', limit)).held).toBeNull();
  });

  it('says that it broke off when it did, and lifts its mark', async () => {
    const broken = whileMarked(marking(), () => Promise.reject(new Error('no engine')), toldBy);
    await expect(broken).rejects.toThrow('no engine');
    expect((await lines()).map(([, what]) => what)).toContain('drill cell-lost ends: it broke off');
    expect((await tableMarkStore({ arbiter, clock }).read('drill', limit)).held).toBeNull();
  });

  it('is refused while another one runs', async () => {
    const inner = () => whileMarked(marking(), async () => report, toldBy);
    await expect(whileMarked(marking(), inner, toldBy)).rejects.toThrow(/disturbs this platform already/);
  });
});
