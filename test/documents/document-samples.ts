/** A sound document of every type, with something at each place that it has. */
import type { Json } from '../../core/json.ts';

export const SAMPLES: Readonly<Record<string, Json>> = {
  limits: {
    concurrentRequestsMax: 256,
    tenantRequestsPerSecondMax: 5_000,
    cells: [{ cell: 'c01', concurrentRequestsMax: 200 }],
  },
  sampling: { failedShare: 1, slowShare: 0.75, slowMs: 250, otherShare: 0.05, degradedFactor: 4 },
  ranking: {
    features: [
      { name: 'whole-word', weight: 3 },
      { name: 'term:mug', weight: 0.5 },
    ],
  },
  placement: {
    ranges: [
      { cell: 'c01', buckets: 5_462 },
      { cell: 'c02', buckets: 5_461 },
      { cell: 'c03', buckets: 5_461 },
    ],
    pinned: [{ tenant: 'acme', cell: 'c02' }],
  },
  modes: {
    levels: [{ level: 80, cell: 'c01', owner: 'ann', reason: 'sale', sinceMs: 1_000, expiresAtMs: 2_000 }],
    switches: [{ name: 'no-likes', cell: 'c02', owner: 'bob', reason: 'load', sinceMs: 1_000, expiresAtMs: 2_000 }],
  },
};

export function sampleOf(type: string): Json {
  const sample = SAMPLES[type];
  if (sample === undefined) throw new Error(`no sample of ${type}: add one, so that its checks are tested, too`);
  return sample;
}
