import { describe, expect, it } from '@jest/globals';
import { ClientSignals, FORGET_MS, type LinkTally } from '../../control/failover/automation/client-signal.ts';
import { InsideWatch, LEASE_FRESH_MS } from '../../control/failover/automation/inside-signal.ts';
import { MoveAges } from '../../control/failover/automation/move-ages.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { cellId, epoch, type RegionName } from '../../core/ids.ts';
import type { HeldLease } from '../../core/lease.ts';
import { fakeRecord } from '../cli/fake-cli.ts';
import { EAST, WEST } from './automation-samples.ts';

const C01 = cellId('c01');
const AT_EAST = { cell: C01, region: EAST };

describe('what clients see', () => {
  const watch = () => {
    const signals = new ClientSignals();
    const add = (atMs: number, counts: Partial<LinkTally>, router: RegionName = WEST) => {
      const link = { ...AT_EAST, answered: 0, declined: 0, failed: 0, ...counts };
      signals.add({ router, links: [link] }, atMs);
    };
    const at = (nowMs: number) => signals.of({ ...AT_EAST, nowMs });
    return { add, at };
  };

  it('is unknown before anybody asked, and while nobody asks', () => {
    const { add, at } = watch();
    expect(at(0)).toMatchObject({ signal: { says: 'unknown' }, answers: null });
    add(0, { answered: 100 });
    add(1_000, { answered: 100 });
    expect(at(1_000)).toMatchObject({ signal: { says: 'unknown' }, answers: null });
  });

  it('is good while requests succeed, bad after three failures that no success broke', () => {
    const { add, at } = watch();
    add(0, {});
    add(100, { answered: 5 });
    expect(at(100).signal.says).toBe('good');
    add(200, { answered: 5, failed: 2 });
    expect(at(200).signal.says).toBe('unknown');
    add(300, { answered: 5, failed: 3 });
    expect(at(300)).toMatchObject({ signal: { says: 'bad' }, answers: false });
    add(400, { answered: 6, failed: 3 });
    expect(at(400).signal.says).toBe('good');
  });

  it('tells slow from dead: late answers are answers, and a loss of some requests is no loss of the region', () => {
    const { add, at } = watch();
    add(0, {});
    for (let turn = 1; turn <= 20; turn++) add(turn * 100, { answered: turn * 2, failed: turn * 8 });
    expect(at(2_000).signal.says).toBe('good');
  });

  it('takes a region that refuses by itself for bad, though it answers', () => {
    const { add, at } = watch();
    add(0, {});
    add(100, { answered: 4, declined: 4 });
    expect(at(100)).toMatchObject({ signal: { says: 'bad' }, answers: true });
  });

  it('believes one router that gets through more than another that does not', () => {
    const { add, at } = watch();
    add(0, {});
    add(0, {}, EAST);
    add(100, { failed: 50 });
    add(100, { answered: 1 }, EAST);
    expect(at(100)).toMatchObject({ signal: { says: 'good' }, answers: true });
  });

  it('does not take the counters of a router that was started again for failures', () => {
    const { add, at } = watch();
    add(0, { answered: 1_000, failed: 100 });
    add(100, { answered: 3, failed: 90 });
    expect(at(100).signal.says).toBe('unknown');
  });

  it('forgets', () => {
    const { add, at } = watch();
    add(0, {});
    add(100, { failed: 9 });
    expect(at(100 + FORGET_MS + 1)).toMatchObject({ signal: { says: 'unknown' }, answers: null });
  });
});

describe('what the inside says', () => {
  const TTL = 3_000;
  const DETECT = 1_500;
  const lease = (counter: number): HeldLease => ({
    ...{ state: 'held', cell: C01, epoch: epoch(7), holder: EAST, counter, ttlMs: TTL },
  });
  const watch = () => {
    const clock = new FakeClock();
    const inside = new InsideWatch(clock);
    return { clock, inside, says: () => inside.signal(DETECT).says };
  };

  it('is unknown before the lease was read, and when the arbiter stops answering', () => {
    const { clock, inside, says } = watch();
    expect(says()).toBe('unknown');
    inside.sawLease(lease(1));
    expect(says()).toBe('good');
    clock.jump(LEASE_FRESH_MS + 1);
    expect(says()).toBe('unknown');
  });

  it('is good while the lease is renewed, whatever the heartbeat does', () => {
    const { clock, inside, says } = watch();
    for (let counter = 1; counter < 20; counter++) {
      clock.jump(700);
      inside.sawLease(lease(counter));
      inside.sawBeat('1/1');
      expect(says()).toBe('good');
    }
  });

  it('needs both the renewals and the heartbeat to stop: slow is not dead', () => {
    const { clock, inside, says } = watch();
    inside.sawLease(lease(1));
    for (let beat = 1; beat <= 16; beat++) {
      clock.jump(100);
      inside.sawLease(lease(1));
      inside.sawBeat(`1/${beat}`);
    }
    expect(says()).toBe('unknown');
    for (let look = 0; look < 15; look++) {
      clock.jump(100);
      inside.sawLease(lease(1));
      inside.sawBeat('1/16');
    }
    expect(says()).toBe('bad');
    inside.forgetBeat();
    expect(says()).toBe('unknown');
  });

  it('is bad when the lease has run out, heartbeat or not: its holder has stopped by then', () => {
    const { clock, inside, says } = watch();
    inside.sawLease(lease(1));
    clock.jump(1.1 * TTL + 1);
    inside.sawLease(lease(1));
    inside.sawBeat('1/2');
    expect(says()).toBe('bad');
    inside.sawLease(lease(2));
    expect(says()).toBe('good');
  });

  it('is unknown while the lease changes hands', () => {
    const { inside, says } = watch();
    inside.sawLease({ ...lease(1), state: 'released', successor: WEST, proof: 'fenced' });
    expect(says()).toBe('unknown');
  });
});

describe('the age of moves', () => {
  const move = (id: string, atMs: number) => ({ id, cell: C01, from: EAST, to: WEST, atMs });

  it('is told by the own clock for a move that began while it looked on, whatever the record says', () => {
    const clock = new FakeClock();
    const ages = new MoveAges(clock);
    ages.of([], []);
    const nowMs = clock.wallMs();
    ages.of([move('m1', nowMs - 1e9), move('m2', nowMs + 1e9)], []);
    clock.jump(5_000);
    const found = ages.of([move('m1', nowMs - 1e9), move('m2', nowMs + 1e9)], []);
    expect(found.map(({ ageMs }) => ageMs)).toEqual([5_000, 5_000]);
  });

  it('is told by the record after a restart, and never negative', () => {
    const clock = new FakeClock();
    const nowMs = clock.wallMs();
    const found = new MoveAges(clock).of([move('m1', nowMs - 4_000), move('m2', nowMs + 1e9)], []);
    expect(found.map(({ ageMs }) => ageMs)).toEqual([0, 4_000]);
  });

  it('counts a reservation and its record once, and a person’s moves too', () => {
    const clock = new FakeClock();
    const record = fakeRecord();
    const found = new MoveAges(clock).of([move('f1', clock.wallMs())], [record, fakeRecord({ id: 'f2' })]);
    expect(found).toHaveLength(2);
  });
});
