/** The cadences of a keeper, and a lease that never runs out: what may be concluded from its silence is nothing. */
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../core/fake-clock.ts';
import { cellId, regionName } from '../../core/ids.ts';
import { CADENCES, KEEPER_SCHEDULE_MS } from '../../core/keeper-cadence.ts';
import {
  aloneAfterMs,
  firstGrant,
  holderValidityMs,
  PINNED_TTL_MS,
  releasedTo,
  renewed,
  TAKE_BACK_WAIT_MS_MAX,
  taken,
  takeoverWaitMs,
  ttlOfText,
  ttlText,
  unwitnessedMsMax,
} from '../../core/lease.ts';
import { LeaseWatch } from '../../core/lease-watch.ts';

const EAST = regionName('us-east-1');
const WEST = regionName('us-west-2');
const lease = (ttlMs: number) => firstGrant({ cell: cellId('c01'), holder: EAST, ttlMs, ownFence: 0 });
const TOPOLOGY = { ttlMs: 3_000, renewEveryMs: 750 };
const A_YEAR_MS = 365 * 24 * 3_600_000;

describe('a pinned lease', () => {
  it('is never given away for silence', async () => {
    const clock = new FakeClock();
    const watch = new LeaseWatch(clock);
    watch.observe(lease(PINNED_TTL_MS));
    await clock.advance(A_YEAR_MS);
    expect(watch.remainingMs()).toBe(Number.POSITIVE_INFINITY);
    expect(takeoverWaitMs(PINNED_TTL_MS)).toBe(Number.POSITIVE_INFINITY);
    expect(holderValidityMs(PINNED_TTL_MS)).toBe(Number.POSITIVE_INFINITY);
  });

  it('may be taken back by whoever gave it up once its successor has had its turn', async () => {
    const clock = new FakeClock();
    const watch = new LeaseWatch(clock);
    watch.observe(releasedTo(lease(PINNED_TTL_MS), { successor: WEST, proof: 'fenced' }));
    await clock.advance(TAKE_BACK_WAIT_MS_MAX);
    expect(watch.remainingMs()).toBe(0);
  });

  it('is written as a word where infinity has no number', () => {
    expect(ttlText(PINNED_TTL_MS)).toBe('never');
    expect([ttlOfText('never'), ttlOfText('3000')]).toEqual([PINNED_TTL_MS, 3_000]);
  });

  it('does not make a region wait for ever for a peer that is lost', () => {
    expect(aloneAfterMs(PINNED_TTL_MS)).toBeLessThan(A_YEAR_MS);
    expect(unwitnessedMsMax(PINNED_TTL_MS)).toBeLessThan(aloneAfterMs(PINNED_TTL_MS));
  });
});

describe('the loss of the peer', () => {
  const took = taken(releasedTo(lease(3_000), { successor: WEST, proof: 'expired' }), {
    by: WEST,
    ttlMs: 3_000,
    ownFence: 0,
  });

  it('is told by the lease that was taken without an answer from its store', () => {
    expect(took.peer).toBe('lost');
    const fenced = releasedTo(lease(3_000), { successor: WEST, proof: 'fenced' });
    expect(taken(fenced, { by: WEST, ttlMs: 3_000, ownFence: 0 }).peer).toBeUndefined();
  });

  it('is told until a process of the region has had an answer', () => {
    expect(renewed(took, { ttlMs: 3_000, peerAnswered: false }).peer).toBe('lost');
    const back = renewed(took, { ttlMs: 3_000, peerAnswered: true });
    expect(back.peer).toBeUndefined();
    expect(renewed(back, { ttlMs: 3_000, peerAnswered: false }).peer).toBeUndefined();
  });
});

describe('the table of cadences', () => {
  it.each(['fast', 'economy'] as const)('leaves room for three renewals within a lease: %s', (cadence) => {
    const { ttlMs, renewEveryMs } = CADENCES[cadence].figures(TOPOLOGY);
    expect(holderValidityMs(ttlMs)).toBeGreaterThan(3 * renewEveryMs);
  });

  it('renews by the schedule where the function does not stay', () => {
    for (const { figures, stays } of Object.values(CADENCES)) {
      if (!stays) expect(figures(TOPOLOGY).renewEveryMs).toBe(KEEPER_SCHEDULE_MS);
    }
  });
});

describe('the time in which nobody need have asked', () => {
  it('leaves the rest at least as long as any lease', () => {
    for (const ttlMs of [100, 3_000, 300_000]) {
      expect(aloneAfterMs(ttlMs) - unwitnessedMsMax(ttlMs)).toBeGreaterThanOrEqual(holderValidityMs(ttlMs) - 1e-6);
    }
  });
});
