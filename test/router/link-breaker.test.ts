/** When a region of a cell is avoided, when it is tried, and when nothing is sent at all. */
import { describe, expect, it } from '@jest/globals';
import { cellId, type RegionName, regionName } from '../../core/ids.ts';
import { type Forward, firstRegion } from '../../router/core/decide.ts';
import { FAILURES_MAX, LinkBreaker, OPEN_MS, PROBE_MS } from '../../router/core/link-breaker.ts';
import { EAST, WEST } from './router-under-test.ts';

const [c01, east, west] = [cellId('c01'), regionName(EAST), regionName(WEST)];

describe('a region that seems gone', () => {
  const forward: Forward = { cell: c01, region: east, alternative: west };
  const failTimes = (breaker: LinkBreaker, times: number) => {
    for (let n = 0; n < times; n++) breaker.failed(0, 'broken');
  };
  const begin = (seen: { admitted: readonly RegionName[]; broken: readonly RegionName[] }) =>
    firstRegion(forward, {
      admits: (region) => seen.admitted.includes(region),
      isBroken: (region) => seen.broken.includes(region),
    });

  it('is passed by while the other is not avoided as well', () => {
    expect(begin({ admitted: [east, west], broken: [] })).toBe(east);
    expect(begin({ admitted: [west], broken: [east] })).toBe(west);
  });

  it('is asked all the same when both are avoided, and one of them may be slow and no more', () => {
    expect(begin({ admitted: [], broken: [] })).toBe(east);
    expect(begin({ admitted: [], broken: [east] })).toBe(east);
    expect(begin({ admitted: [], broken: [west] })).toBe(east);
  });

  it('is sent nothing when the connections to both break, but for what tries whether one is back', () => {
    expect(begin({ admitted: [], broken: [east, west] })).toBeNull();
    expect(begin({ admitted: [east], broken: [east, west] })).toBe(east);
    expect(begin({ admitted: [west], broken: [east, west] })).toBe(west);
  });

  it('counts as broken by its last failure, also while it is tried, and never once it has answered', () => {
    const breaker = new LinkBreaker();
    failTimes(breaker, FAILURES_MAX - 1);
    expect(breaker.isBroken).toBe(false);
    failTimes(breaker, 1);
    breaker.admits(OPEN_MS);
    expect([breaker.state, breaker.isBroken]).toEqual(['probing', true]);
    breaker.failed(OPEN_MS, 'silent');
    expect([breaker.state, breaker.isBroken]).toEqual(['open', false]);
    breaker.failed(OPEN_MS, 'broken');
    breaker.answered();
    expect(breaker.isBroken).toBe(false);
  });

  it('is avoided after failures in a row; any answer in between forgives them', () => {
    const breaker = new LinkBreaker();
    failTimes(breaker, FAILURES_MAX - 1);
    breaker.answered();
    failTimes(breaker, FAILURES_MAX - 1);
    expect(breaker.admits(0)).toBe(true);
    failTimes(breaker, 1);
    expect([breaker.state, breaker.admits(0)]).toEqual(['open', false]);
  });

  it('is tried by one request at a time, and by another when that one says nothing', () => {
    const breaker = new LinkBreaker();
    failTimes(breaker, FAILURES_MAX);
    expect([breaker.admits(OPEN_MS - 1), breaker.admits(OPEN_MS), breaker.admits(OPEN_MS)]).toEqual([
      false,
      true,
      false,
    ]);
    expect([breaker.admits(OPEN_MS + PROBE_MS - 1), breaker.admits(OPEN_MS + PROBE_MS)]).toEqual([false, true]);
  });

  it('is avoided again at once when the trial fails, and is back when it is answered', () => {
    const breaker = new LinkBreaker();
    failTimes(breaker, FAILURES_MAX);
    breaker.admits(OPEN_MS);
    breaker.failed(OPEN_MS, 'broken');
    expect(breaker.admits(OPEN_MS + 1)).toBe(false);
    breaker.admits(2 * OPEN_MS);
    breaker.answered();
    expect([breaker.state, breaker.admits(2 * OPEN_MS)]).toEqual(['closed', true]);
  });
});
