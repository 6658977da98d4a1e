/** What the status page says of replication: nothing it can't know, after a start or a lost answer least of all. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EAST, TwoRegions, WEST } from '../doubles/two-regions.ts';

let world: TwoRegions;
beforeEach(async () => {
  world = new TwoRegions();
  await world.clock.advance(2_000);
});
afterEach(async () => {
  await world.crash(EAST);
  await world.crash(WEST);
});

const lagMs = async () => (await world.settle(world.at(EAST).cell.status())).replication.lagMs;
const cutOff = () => {
  world.at(EAST).peer.state = 'refused';
};

describe('the lag', () => {
  it('is none while nothing waits', async () => {
    await world.put(EAST, { key: 'a', value: '1', ack: 'replicated' });
    await world.clock.advance(5_000);
    expect(await lagMs()).toBe(0);
  });

  it('is the age of what this process remembers', async () => {
    cutOff();
    await world.put(EAST, { key: 'a', value: '1' });
    await world.clock.advance(700);
    const said = await lagMs();
    expect(said).toBeGreaterThanOrEqual(700);
    expect(said).toBeLessThan(900);
  });

  it('is unknown after a start, as long as an earlier process left something behind', async () => {
    cutOff();
    await world.put(EAST, { key: 'a', value: '1' });
    await world.crash(EAST);
    world.start(EAST);
    cutOff();
    expect(await lagMs()).toBeNull();
    await world.clock.advance(10_000);
    expect(await lagMs()).toBeNull();
    world.at(EAST).peer.state = 'up';
    await world.clock.advance(5_000);
    expect([await lagMs(), await world.value(WEST, 'a')]).toEqual([0, '1']);
  });

  it('counts a commit whose answer got lost, of which nobody here has heard', async () => {
    await world.clock.advance(3_000);
    cutOff();
    const { own } = world.at(EAST);
    own.before = (call) => {
      own.state = call === 'transact' ? 'effect-then-timeout' : 'up';
    };
    await expect(world.put(EAST, { key: 'a', value: '1' })).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    own.before = () => undefined;
    own.state = 'up';
    await world.clock.advance(6_000);
    const said = await lagMs();
    expect(said).toBeGreaterThanOrEqual(6_000);
    expect(said).toBeLessThan(8_500);
  });

  it('grows while nobody can look into the journal', async () => {
    await world.clock.advance(3_000);
    world.at(EAST).own.state = 'timeout';
    await world.clock.advance(6_000);
    expect(await lagMs()).toBeGreaterThanOrEqual(6_000);
  });
});
