/** `holdfast cost`: the estimate follows the store's own writes, the topology and the cadence, and idle stays next to nothing. */
import { describe, expect, it } from '@jest/globals';
import { completeDraft } from '../../cell/store/commit-draft.ts';
import { localWrites, replicatedWrites } from '../../cell/store/commit-writes.ts';
import { unitsOfCommit, unitsOfItem } from '../../cli/cost/commit-units.ts';
import { estimate } from '../../cli/cost/estimate.ts';
import { PRICES, usdOf } from '../../cli/cost/prices.ts';
import { SAMPLE_COMMITS } from '../../cli/cost/sample-commits.ts';
import { costOf } from '../../cli/cost/usage.ts';
import { regionName } from '../../core/ids.ts';
import type { KeeperCadence } from '../../core/topology-aws.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';
import { cli, fakeServices, jsonOf } from './fake-cli.ts';

const idle = (cells: number, keepers: KeeperCadence) =>
  estimate({ topology: defaultTopology({ cells }), keepers }).idle;

describe('the units of a commit', () => {
  it('are those of the writes that the store sends: one guard, one head, the changes, the journal', () => {
    const draft = SAMPLE_COMMITS.leased;
    const commit = completeDraft(draft, { epoch: 3, region: regionName('us-east-1'), atMs: 0 });
    const units = unitsOfCommit(draft);
    expect(units.items).toEqual({
      local: localWrites({ commit, fenceShards: 4 }).length,
      replicated: replicatedWrites({ commit, fenceShards: 4 }).length,
    });
    // Fence, head, item, journal; all below a kilobyte, in a transaction. The peer has no journal.
    expect(units).toMatchObject({ local: 8, localResilience: 4, plain: 4, replicated: 6, journalDelete: 1 });
    expect(units.amplification).toBeCloseTo(15 / 4);
  });

  it('grow with every kilobyte begun, in the item and again in its journal entry', () => {
    const changes = [{ kind: 'put', item: 'mug', data: { text: 'x'.repeat(3_000) } }] as const;
    const [small, large] = [unitsOfCommit(SAMPLE_COMMITS.leased), unitsOfCommit({ ...SAMPLE_COMMITS.leased, changes })];
    expect([large.plain - small.plain, large.localResilience - small.localResilience]).toEqual([4, 6]);
    expect(unitsOfItem({ pk: 'x'.repeat(1_020), sk: '' })).toBe(1);
    expect(unitsOfItem({ pk: 'x'.repeat(1_021), sk: '' })).toBe(2);
  });
});

describe('the idle platform', () => {
  it('of 3 cells in 2 regions costs less than 10 USD a month with economy keepers', () => {
    const { usd, afterFreeUsd } = idle(3, 'economy');
    // At list prices, nothing that an account has free taken off.
    expect(usd).toBeLessThan(10);
    expect(afterFreeUsd).toBeLessThan(usd);
  });

  it('costs the same for each further cell, whatever their number', () => {
    const [three, four, hundred] = [3, 4, 100].map((cells) => idle(cells, 'economy').usd);
    const each = (four ?? 0) - (three ?? 0);
    expect(each).toBeGreaterThan(0);
    expect(hundred).toBeCloseTo((three ?? 0) + 97 * each, 6);
  });

  it('costs many times as much with fast keepers, which run all the time, and no more with pinned ones', () => {
    expect(idle(3, 'fast').usd).toBeGreaterThan(5 * idle(3, 'economy').usd);
    expect(idle(3, 'pinned').usd).toBeCloseTo(idle(3, 'economy').usd);
  });
});

describe('prices', () => {
  it('say of each figure where it was read', () => {
    for (const { page, seen } of Object.values(PRICES)) {
      expect([page, seen]).toEqual([
        expect.stringMatching(/^https:\/\/aws\.amazon\.com\//),
        expect.stringMatching(/.{10}/),
      ]);
    }
  });

  it('by the million are for a million, others for one', () => {
    expect([usdOf('writeUnits', 2_000_000), usdOf('alarms', 3)]).toEqual([1.25, expect.closeTo(0.3)]);
  });

  it('add up to base and resilience', () => {
    const usage = { component: 'a', what: '', price: 'alarms' } as const;
    const cost = costOf([
      { ...usage, quantity: 10, resilience: 0 },
      { ...usage, quantity: 5, resilience: 0.6 },
    ]);
    expect(cost).toMatchObject({ usd: 1.5, baseUsd: expect.closeTo(1.2), resilienceUsd: expect.closeTo(0.3) });
    expect(cost.resilienceShare).toBeCloseTo(0.25);
  });
});

describe('holdfast cost', () => {
  it('shows idle, every class, the amplification and the share against the healthy band', async () => {
    const { stdout, exitCode } = await cli('cost', fakeServices());
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/3 cells in us-east-1 and us-west-2, economy keepers: \d+\.\d\d USD a month when nobody/);
    for (const name of ['strict', 'leased', 'mergeable']) expect(stdout).toMatch(new RegExp(`${name} +write +\\d`));
    expect(stdout).toContain('Healthy is 20 %–40 % of the base.');
  });

  it('asks nobody, takes another size and cadence, and refuses what is neither', async () => {
    const asked = jsonOf(await cli('cost --cells 1 --keepers fast --json', fakeServices()));
    expect(asked).toMatchObject({ cells: 1, keepers: 'fast', idle: { usd: expect.any(Number) } });
    expect((await cli('cost --keepers often', fakeServices())).exitCode).toBe(2);
    expect((await cli('cost --cells 0', fakeServices())).exitCode).toBe(2);
  });
});
