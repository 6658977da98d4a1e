import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { withSetting } from '../../control/failover/automation/automation-document.ts';
import { changedSince } from '../../control/failover/automation/proposal.ts';
import { type CellId, cellId } from '../../core/ids.ts';
import '../property-settings.ts';
import { EAST, WEST } from './automation-samples.ts';
import { AutomationWorld } from './automation-world.ts';

const C01 = cellId('c01');
const C03 = cellId('c03');

async function worldOf(
  options: Partial<ConstructorParameters<typeof AutomationWorld>[0]> = {},
): Promise<AutomationWorld> {
  const world = new AutomationWorld({ cells: 3, ...options });
  await world.start();
  await world.run(3_000);
  return world;
}

function lose(world: AutomationWorld, ...cells: readonly CellId[]): void {
  for (const cell of cells) {
    world.ills.inside.add(cell);
    world.ills.client.add(cell);
  }
}

const holders = async (world: AutomationWorld) =>
  Object.fromEntries((await world.leases()).map(({ cell, holder }) => [cell, holder]));

async function write(world: AutomationWorld, change: Parameters<typeof withSetting>[1]): Promise<void> {
  const present = await world.document();
  const empty = { version: 0, mode: 'automatic' as const, enabled: true, changes: [], moves: [] };
  expect(await world.store.save(withSetting(present ?? empty, change), { withinMs: 1 })).toBe(true);
}

const BY = { by: 'ops', reason: 'test', atMs: 0 };

describe('automation that is let', () => {
  it('moves the cells of a lost region, each once, with evidence of both signals, and nothing else', async () => {
    const world = await worldOf();
    lose(world, C01, C03);
    world.ills.stores.add(EAST);
    await world.run(10_000);
    expect(await holders(world)).toEqual({ c01: WEST, c02: WEST, c03: WEST });
    const records = await world.records();
    expect(records.map(({ state, decision }) => [state, decision.decidedBy])).toEqual([
      ['done', 'automation in west'],
      ['done', 'automation in west'],
    ]);
    expect(records[0]?.decision.reason).toMatch(/clients: .* failed.*; inside: .*not renewed/);
    const reserved = (await world.document())?.moves ?? [];
    expect(reserved.map(({ id }) => id).sort()).toEqual(records.map(({ id }) => id).sort());
  });

  it('does so before the lease has run out, where the old store can be fenced', async () => {
    const world = await worldOf({ automation: { agreementMs: 100, jitterMs: 0 } });
    lose(world, C01);
    await world.run(5_000);
    const [record] = await world.records();
    expect(record?.decision.reason).toMatch(/heartbeat is silent/);
    expect(record?.log.map(({ step }) => step)).toEqual(['fence', 'drain', 'release', 'open']);
  });

  it('moves nothing for one signal alone, however long', async () => {
    const world = await worldOf();
    world.ills.client.add(C01);
    world.ills.inside.add(C03);
    await world.run(60_000);
    expect(await world.records()).toEqual([]);
    expect(world.verdict(WEST, 'c01')).toMatch(/suspect: clients/);
    expect(world.verdict(WEST, 'c03')).toMatch(/suspect: inside/);
  });

  it('moves nothing when everything looks bad, and says so', async () => {
    const world = await worldOf();
    lose(world, C01, cellId('c02'), C03);
    await world.run(20_000);
    expect(await world.records()).toEqual([]);
    expect(world.verdict(WEST, 'c01')).toMatch(/hold: east and west look dead/);
  });

  it('moves nothing when it can not read the switch', async () => {
    const world = await worldOf();
    lose(world, C01);
    await world.arbiter.write({ kind: 'put', item: { pk: 'AUTOMATION', sk: 'CURRENT', version: 3, body: '{}' } });
    await world.run(10_000);
    expect(await world.records()).toEqual([]);
    expect(world.verdict(WEST, 'c01')).toMatch(/switch can not be read/);
  });

  it('moves nothing while the arbiter is gone, and nothing at once when it is back', async () => {
    const world = await worldOf();
    world.ills.arbiter.gone = true;
    lose(world, C01);
    await world.run(20_000);
    expect(world.verdict(WEST, 'c01')).toMatch(/suspect: clients/);
    world.ills.inside.delete(C01);
    world.ills.arbiter.gone = false;
    await world.run(10_000);
    expect(await world.records()).toEqual([]);
  });

  it('begins no move after it was turned off', async () => {
    const world = await worldOf();
    lose(world, C01, C03);
    await write(world, { enabled: false, ...BY });
    await world.run(20_000);
    expect(await world.records()).toEqual([]);
    expect(world.verdict(WEST, 'c01')).toBe('hold: automation is off');
    await write(world, { enabled: true, ...BY });
    await world.run(5_000);
    expect((await holders(world)).c01).toBe(WEST);
  });

  it('reserves nothing on a document that somebody wrote in between', async () => {
    const world = await worldOf({ automation: { jitterMs: 0 } });
    const save = world.store.save;
    let raced = 0;
    Object.assign(world.store, {
      save: async (...args: Parameters<typeof save>) => {
        // "off" arrives between the look and the reservation.
        if (raced++ === 0) await write(world, { enabled: false, ...BY });
        return save(...args);
      },
    });
    lose(world, C01);
    await world.run(20_000);
    expect(raced).toBeGreaterThan(0);
    expect((await world.document())?.moves).toEqual([]);
    expect(await world.records()).toEqual([]);
  });

  it('uses a reservation whose answer was lost', async () => {
    const world = await worldOf();
    const save = world.store.save;
    Object.assign(world.store, {
      save: async (...args: Parameters<typeof save>) => {
        await save(...args);
        throw new Error('the answer is lost');
      },
    });
    lose(world, C01);
    await world.run(10_000);
    expect((await holders(world)).c01).toBe(WEST);
    expect((await world.document())?.moves).toHaveLength(1);
  });

  it('does not move a cell whose holder renews at the last moment', async () => {
    const world = await worldOf();
    const save = world.store.save;
    Object.assign(world.store, {
      save: async (...args: Parameters<typeof save>) => {
        const saved = await save(...args);
        world.ills.inside.delete(C01);
        await world.renew();
        return saved;
      },
    });
    lose(world, C01);
    await world.run(20_000);
    expect(await world.records()).toEqual([]);
    expect(world.automations.get(WEST)?.status().failures).toEqual([expect.stringMatching(/renewed or taken/)]);
  });

  it('keeps limit and cooldown over a restart of the control process', async () => {
    const world = await worldOf({ automation: { cellsMovedMax: 1 } });
    lose(world, C01);
    await world.run(10_000);
    expect((await holders(world)).c01).toBe(WEST);
    lose(world, C03);
    const again = world.open(WEST, 5);
    await world.run(20_000, [again]);
    expect((await holders(world)).c03).toBe(EAST);
    const sight = again.status().cells.find(({ cell }) => cell === C03);
    expect(sight?.verdict).toMatchObject({ kind: 'propose', why: expect.stringMatching(/allowed: 1/) });
  });

  it('never moves a cell back by itself', async () => {
    const world = await worldOf({ automation: { windowMs: 1_000, cooldownMs: 1_000 } });
    lose(world, C01);
    await world.run(10_000);
    lose(world, C01);
    await world.run(20_000);
    expect((await holders(world)).c01).toBe(WEST);
    expect(world.verdict(EAST, 'c01')).toMatch(/propose: .*only a person/);
  });
});

describe('assisted automation', () => {
  it('proposes with the whole decision record, and withdraws when the holder is back', async () => {
    const world = await worldOf({ automation: { mode: 'assisted' } });
    lose(world, C01);
    await world.run(10_000);
    expect(await world.records()).toEqual([]);
    const [proposal] = await world.store.proposals({ withinMs: 1 });
    expect(proposal).toMatchObject({
      cell: C01,
      heldBecause: 'the mode is assisted',
      decision: { from: EAST, to: WEST, seenEpoch: 1, objections: [], expected: { path: 'fenced' } },
    });
    world.ills.inside.delete(C01);
    world.ills.client.delete(C01);
    await world.run(3_000);
    expect(await world.store.proposals({ withinMs: 1 })).toEqual([]);
    const lease = (await world.leases()).find(({ cell }) => cell === C01);
    if (!proposal || !lease) throw new Error('there was a proposal and a lease');
    expect(changedSince(proposal, { lease, wallMs: 0 })).toEqual(['east has renewed its lease since: it is alive']);
    expect(
      changedSince(proposal, { lease: { ...lease, holder: WEST }, wallMs: Number.POSITIVE_INFINITY }),
    ).toHaveLength(2);
    expect(changedSince(proposal, { lease: { ...lease, counter: proposal.seenCounter }, wallMs: 0 })).toEqual([]);
  });
});

describe('whatever happens to the health of the platform', () => {
  const cells = ['c01', 'c02', 'c03', 'c04', 'c05', 'c06'].map(cellId);
  const event = fc.record({
    cell: fc.constantFrom(...cells),
    what: fc.constantFrom('inside', 'client', 'both', 'heal', 'stores', 'arbiter', 'restart'),
    runMs: fc.integer({ min: 200, max: 6_000 }),
  });

  it('limit, cooldown and direction hold, and one signal moves nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(event, { minLength: 1, maxLength: 10 }), async (seed, events) => {
        const settings = { cellsMovedMax: 2, windowMs: 20_000, cooldownMs: 30_000 };
        const world = new AutomationWorld({ cells: cells.length, seed, automation: settings });
        await world.start();
        await world.run(1_000);
        let running = [...world.automations.values()];
        const ever = new Set<CellId>();
        for (const { cell, what, runMs } of events) {
          if (what === 'heal') {
            world.ills.inside.delete(cell);
            world.ills.client.delete(cell);
            world.ills.stores.clear();
            world.ills.arbiter.gone = false;
          } else if (what === 'stores') world.ills.stores.add(EAST);
          else if (what === 'arbiter') world.ills.arbiter.gone = !world.ills.arbiter.gone;
          else if (what === 'restart') running = [world.open(EAST, seed + 7), world.open(WEST, seed + 8)];
          else {
            if (what !== 'client') world.ills.inside.add(cell);
            if (what !== 'inside') world.ills.client.add(cell);
          }
          for (const each of cells) if (world.ills.inside.has(each) && world.ills.client.has(each)) ever.add(each);
          await world.run(runMs, running);
        }
        const moves = (await world.document())?.moves ?? [];
        for (const move of moves) {
          const within = moves.filter(({ atMs }) => atMs >= move.atMs && atMs < move.atMs + settings.windowMs);
          expect(within.length).toBeLessThanOrEqual(settings.cellsMovedMax);
          expect(ever.has(move.cell)).toBe(true);
          expect(world.topology.cells.find(({ id }) => id === move.cell)?.home).toBe(move.from);
          const near = moves.filter(({ atMs }) => Math.abs(atMs - move.atMs) < settings.cooldownMs);
          expect(near.filter(({ cell }) => cell === move.cell)).toHaveLength(1);
          expect(new Set(near.map(({ to }) => to)).size).toBe(1);
        }
      }),
      { numRuns: 15 },
    );
  }, 60_000);
});
