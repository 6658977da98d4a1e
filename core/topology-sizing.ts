/** What follows from a topology by arithmetic: the fence shards of a cell, and a topology with another number of cells. */
import { FENCE_SHARDS_MAX } from './fence.ts';
import { cellId, type RegionName } from './ids.ts';
import { type CellSpec, type Topology, validateTopology } from './topology.ts';
import { CELLS_MAX, WRITES_PER_SECOND_DEFAULT } from './topology-rules.ts';

/** So that a takeover of a quiet cell is as exercised as that of a busy one. */
export const FENCE_SHARDS_MIN = 4;
/** The share of transactions that may meet another one on their fence shard and have to retry. */
export const FENCE_CONFLICT_RATIO_AIM = 0.05;
/** How long a transaction keeps its fence shard, as a cautious estimate. */
export const FENCE_HOLD_MS = 10;

/**
 * Fence shards for a cell: on DynamoDB two transactions that only check the same item conflict while both are under way,
 * so the share of conflicts is about rate × latency ÷ shards. Beyond the upper bound the share grows, and retries with
 * jitter carry it: 64 shards hold 5 % up to 320 writes a second.
 */
export function fenceShards(cell: Pick<CellSpec, 'writesPerSecondMax'>): number {
  const concurrentMean = (cell.writesPerSecondMax * FENCE_HOLD_MS) / 1_000;
  const wanted = Math.ceil(concurrentMean / FENCE_CONFLICT_RATIO_AIM);
  return Math.min(FENCE_SHARDS_MAX, Math.max(FENCE_SHARDS_MIN, wanted));
}

export interface DefaultTopologyOptions {
  readonly cells: number;
  /** Kept: regions, arbiter, lease and the first `cells` cells with their waves. Default: the platform's own two regions. */
  readonly base?: Topology;
}

/** `base` with exactly `cells` cells. New ones are named `c04` …, alternate between the regions, and form waves of their own. */
export function defaultTopology({ cells, base = twoRegions() }: DefaultTopologyOptions): Topology {
  const kept = base.cells.slice(0, Math.max(0, cells));
  const taken = new Set<string>(kept.map((cell) => cell.id));
  const added: CellSpec[] = [];
  // One past the bound, so that validation refuses it with its own message; never a list of the size that somebody typed.
  for (let index = 0; kept.length + added.length < Math.min(cells, CELLS_MAX + 1); index++) {
    const id = cellId(`c${String(index + 1).padStart(2, '0')}`);
    if (!taken.has(id)) added.push({ id, ...homeOf(base.regions, index), ...DEFAULTS });
  }
  const keptWaves = base.waves.map((wave) => wave.filter((id) => taken.has(id))).filter((wave) => wave.length > 0);
  const waves = [...keptWaves, ...added.map((cell) => [cell.id])];
  return validateTopology({ ...base, cells: [...kept, ...added], waves });
}

const DEFAULTS = { weight: 1, intake: 'open', writesPerSecondMax: WRITES_PER_SECOND_DEFAULT } as const;

function homeOf(regions: readonly RegionName[], index: number): { home: RegionName; standby: RegionName } {
  const [first, second] = [regions[index % regions.length], regions[(index + 1) % regions.length]];
  if (first === undefined || second === undefined) throw new RangeError('A topology has at least two regions.');
  return { home: first, standby: second };
}

function twoRegions(): Topology {
  const regions = ['us-east-1', 'us-west-2'];
  return validateTopology({
    regions,
    arbiter: { replicas: regions, witness: 'us-east-2' },
    cells: [{ id: 'c01', home: 'us-east-1', standby: 'us-west-2' }],
    waves: [['c01']],
    lease: { ttlMs: 3_000, renewEveryMs: 750 },
    peerLoss: 'continue',
  });
}
