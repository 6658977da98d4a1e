import { describe, expect, it } from '@jest/globals';
import { defaultTopology, FENCE_CONFLICT_RATIO_AIM, FENCE_HOLD_MS, fenceShards } from '../../core/topology-sizing.ts';
import config from '../../platform.config.ts';

describe('fenceShards', () => {
  it.each([
    [1, 4],
    [20, 4],
    [21, 5],
    [100, 20],
    [320, 64],
    [10_000, 64],
  ])('spreads the fence of a cell of %d writes a second over %d items', (writesPerSecondMax, shards) => {
    expect(fenceShards({ writesPerSecondMax })).toBe(shards);
  });

  it('keeps the share of conflicts at the aim wherever the bounds leave room', () => {
    for (let rate = 1; rate <= 320; rate++) {
      const share = (rate * FENCE_HOLD_MS) / 1_000 / fenceShards({ writesPerSecondMax: rate });
      expect(share).toBeLessThanOrEqual(FENCE_CONFLICT_RATIO_AIM);
    }
  });
});

describe('defaultTopology', () => {
  it.each([1, 2, 3, 7, 40])('makes a valid topology of %d cells, each in a wave', (cells) => {
    const topology = defaultTopology({ cells });
    expect(topology.cells).toHaveLength(cells);
    expect(topology.waves.flat()).toEqual(topology.cells.map((cell) => cell.id));
  });

  it('spreads the homes over the regions', () => {
    const homes = defaultTopology({ cells: 4 }).cells.map((cell) => cell.home);
    expect(homes).toEqual(['us-east-1', 'us-west-2', 'us-east-1', 'us-west-2']);
  });

  it('keeps what the configuration says about the cells that remain', () => {
    const fewer = defaultTopology({ cells: 2, base: config });
    expect(fewer.cells).toEqual(config.cells.slice(0, 2));
    const more = defaultTopology({ cells: 5, base: config });
    expect(more.cells.slice(0, 3)).toEqual(config.cells);
    expect(more.lease).toEqual(config.lease);
    expect(more.cells.map((cell) => cell.id)).toEqual(['c01', 'c02', 'c03', 'c04', 'c05']);
  });

  it.each([0, -1, 1_001, 1e9])('refuses %d cells', (cells) => {
    expect(() => defaultTopology({ cells })).toThrow(/cells has a length that is not allowed/);
  });
});
