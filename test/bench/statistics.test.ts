import { describe, expect, it } from '@jest/globals';
import { rotated } from '../../bench/interleave.ts';
import { median, percentile, ratioOfRounds, significant, summarise } from '../../bench/statistics.ts';

describe('the statistics of the benches', () => {
  it('take the middle value, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('take percentiles by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(values, 0.5)).toBe(50);
    expect(percentile(values, 0.99)).toBe(99);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([], 0.5)).toBeNaN();
  });

  it('leave the values that they were given as they were', () => {
    const values = [3, 1, 2];
    summarise(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('summarise with four digits', () => {
    expect(summarise([1.23456, 3, 2])).toEqual({ median: 2, min: 1.235, max: 3, n: 3 });
    expect(significant(123_456)).toBe(123_500);
  });

  it('compare round by round, so that a slow round weighs nothing', () => {
    expect(ratioOfRounds([20, 2, 22], [10, 1, 10])).toBe(2);
  });

  it('let somebody else begin in each round', () => {
    expect([0, 1, 2, 3].map((round) => rotated(['a', 'b', 'c'], round).join(''))).toEqual(['abc', 'bca', 'cab', 'abc']);
    expect(rotated([], 5)).toEqual([]);
  });
});
