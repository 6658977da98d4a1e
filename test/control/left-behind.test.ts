/** Failovers whose coordinator fell midway: automation goes on with them, within its own guard rails, and never with a live one's. */
import { describe, expect, it } from '@jest/globals';
import { failoverKey } from '../../cell/lease/abandonment.ts';
import { STEP_DEADLINE_MS } from '../../control/failover/failover-limits.ts';
import type { FailoverRecord } from '../../control/failover/failover-record.ts';
import { type CellId, cellId, epoch, regionName } from '../../core/ids.ts';
import { EAST, WEST } from './automation-samples.ts';
import { AutomationWorld } from './automation-world.ts';

const C01 = cellId('c01');
const C03 = cellId('c03');

interface Left {
  readonly cell?: CellId;
  readonly kind?: 'failover' | 'switchover';
  readonly step?: FailoverRecord['step'];
  readonly resumed?: number;
  readonly version?: number;
}

/** As its coordinator wrote it last, before it fell. */
async function leave(world: AutomationWorld, of: Left = {}): Promise<void> {
  const { cell = C01, kind = 'failover', step = 'fence', resumed = 0, version = 1 } = of;
  const record: FailoverRecord = {
    ...{ id: `left-${cell}`, version, state: 'running', step, stepDeadlineMs: STEP_DEADLINE_MS },
    decision: {
      ...{ kind, cell, from: regionName(EAST), to: regionName(WEST), seenEpoch: epoch(1) },
      ...{ decidedBy: 'ann', reason: 'test', decidedAtMs: world.clock.wallMs() },
      evidence: {
        scope: { answered: 0, asked: 1, reading: 'region' },
        receiver: { activeCells: 1, writesPerSecondMax: 100, withThisCell: 200 },
        replication: { pendingInJournal: null, morePending: false },
        ...{ repair: 'none', oldStoreReachable: false, newStoreReachable: true },
        ...{ receiverUnshipped: null, quarantined: null },
      },
      expected: { path: 'lease-wait', awayMsMax: 3_300, loss: 'none' },
      objections: [],
    },
    ...{ fenced: false, drained: null, newEpoch: null },
    log: Array.from({ length: resumed }, () => ({ step, atMs: 0, tookMs: 0, outcome: 'resumed' })),
  };
  const item = { ...failoverKey(cell), version, record: JSON.stringify(record) };
  await world.arbiter.write({ kind: 'put', item });
}

async function worldOf(automation: Record<string, unknown> = {}): Promise<AutomationWorld> {
  const world = new AutomationWorld({ cells: 3, automation });
  await world.start();
  await world.run(3_000);
  for (const cell of [C01, C03]) {
    world.ills.inside.add(cell);
    world.ills.client.add(cell);
  }
  return world;
}

const recordOf = async (world: AutomationWorld, cell: CellId) =>
  (await world.records()).find(({ decision }) => decision.cell === cell);
const outcomes = async (world: AutomationWorld, cell = C01) =>
  (await recordOf(world, cell))?.log.map(({ outcome }) => outcome.split(':')[0]);

describe('a failover that was left behind', () => {
  it.each(['fence', 'drain', 'wait', 'release'] as const)(
    'at "%s" is ended once its deadline is over',
    async (step) => {
      const world = await worldOf();
      await leave(world, { step });
      await world.run(STEP_DEADLINE_MS);
      expect([await outcomes(world), world.verdict(WEST, 'c01')]).toEqual([[], 'hold: a failover of it is under way']);
      await world.run(15_000);
      expect(await recordOf(world, C01)).toMatchObject({
        id: 'left-c01',
        state: 'done',
        decision: { decidedBy: 'ann' },
      });
      expect((await outcomes(world))?.[0]).toBe('resumed');
      expect((await world.leases()).find(({ cell }) => cell === C01)?.holder).toBe(WEST);
    },
  );

  it('spends nothing of the velocity limit a second time', async () => {
    const world = await worldOf({ cellsMovedMax: 1 });
    await leave(world);
    await world.run(STEP_DEADLINE_MS + 15_000);
    expect((await recordOf(world, C01))?.state).toBe('done');
    expect((await world.document())?.moves.filter(({ cell }) => cell === C01) ?? []).toEqual([]);
  });

  it('leaves it to a coordinator that is at work', async () => {
    const world = await worldOf();
    for (let version = 1; version <= 6; version++) {
      await leave(world, { version });
      await world.run(STEP_DEADLINE_MS - 1_000);
    }
    expect([await outcomes(world), world.verdict(WEST, 'c01')]).toEqual([[], 'hold: a failover of it is under way']);
  });

  it('ends one after the other', async () => {
    const world = await worldOf();
    await leave(world);
    await leave(world, { cell: C03 });
    await world.run(STEP_DEADLINE_MS + 20_000);
    const ends = await Promise.all([C01, C03].map((cell) => recordOf(world, cell)));
    expect(ends.map((record) => record?.state)).toEqual(['done', 'done']);
    const [first, second] = ends.map((record) => record?.log.map(({ atMs }) => atMs) ?? []);
    expect(Math.min(...(second ?? []))).toBeGreaterThanOrEqual(Math.max(...(first ?? [])));
  });

  it('gives up after a few times, and says what a person can do', async () => {
    const world = await worldOf();
    await leave(world, { resumed: 3 });
    await world.run(STEP_DEADLINE_MS + 15_000);
    expect((await recordOf(world, C01))?.version).toBe(1);
    expect(world.verdict(WEST, 'c01')).toBe(
      'hold: failover left-c01 was left behind at "fence" and it was resumed 3 times: holdfast failover run c01 --resume',
    );
  });

  it.each([
    ['in assisted mode', { mode: 'assisted' }, {}, /the mode is assisted: holdfast failover run c01 --resume/],
    ['of a planned move', {}, { kind: 'switchover' }, /it was planned/],
    ['in manual mode', { mode: 'manual' }, {}, /the mode is manual/],
  ] as const)('is a person’s %s', async (_what, automation, left, why) => {
    const world = await worldOf(automation);
    await leave(world, left);
    await world.run(STEP_DEADLINE_MS + 15_000);
    expect((await recordOf(world, C01))?.version).toBe(1);
    expect(world.verdict(WEST, 'c01')).toMatch(why);
  });

  it('is nothing to automation once the holder renews', async () => {
    const world = await worldOf();
    await leave(world);
    await world.run(STEP_DEADLINE_MS - 1_000);
    world.ills.inside.clear();
    world.ills.client.clear();
    await world.run(STEP_DEADLINE_MS + 15_000);
    expect((await recordOf(world, C01))?.version).toBe(1);
  });
});
