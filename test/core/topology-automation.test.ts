import { describe, expect, it } from '@jest/globals';
import { isPlatformError } from '../../core/errors.ts';
import { type Topology, validateTopology } from '../../core/topology.ts';
import type { Finding } from '../../core/topology-reader.ts';

const REGIONS = ['us-east-1', 'us-west-2'];

function topologyWith(automation?: unknown): Topology {
  return validateTopology({
    regions: REGIONS,
    arbiter: { replicas: REGIONS, witness: 'us-east-2' },
    cells: [{ id: 'c01', home: 'us-east-1', standby: 'us-west-2' }],
    waves: [['c01']],
    lease: { ttlMs: 3_000, renewEveryMs: 750 },
    peerLoss: 'continue',
    ...(automation === undefined ? {} : { automation }),
  });
}

function findingsOf(automation: unknown): readonly Finding[] {
  try {
    topologyWith(automation);
  } catch (thrown) {
    if (isPlatformError(thrown)) return thrown.details.findings as readonly Finding[];
    throw thrown;
  }
  return [];
}

describe('the automation section of a topology', () => {
  it('is assisted, with bounds that fit the lease, where nothing is said', () => {
    expect(topologyWith().automation).toEqual({
      ...{ mode: 'assisted', detectAfterMs: 1_500, agreementMs: 500, cellsMovedMax: 2 },
      ...{ windowMs: 300_000, cooldownMs: 600_000, jitterMs: 250 },
    });
  });

  it('passes what it returned', () => {
    const topology = topologyWith({ mode: 'automatic', jitterMs: 0, windowMs: 3_600_000 });
    expect(topology.automation.cooldownMs).toBe(3_600_000);
    expect(validateTopology(JSON.parse(JSON.stringify(topology)))).toEqual(topology);
  });

  it.each<[string, unknown, string]>([
    ['an unknown mode', { mode: 'auto' }, 'automation.mode'],
    ['a detection within one lost renewal', { detectAfterMs: 1_499 }, 'automation.detectAfterMs'],
    ['no agreement', { agreementMs: 0 }, 'automation.agreementMs'],
    ['a limit that forbids every move', { cellsMovedMax: 0 }, 'automation.cellsMovedMax'],
    ['a cooldown below the window', { windowMs: 10_000, cooldownMs: 9_999 }, 'automation.cooldownMs'],
    ['a jitter that never ends', { jitterMs: 1e9 }, 'automation.jitterMs'],
    ['a misspelt key', { cooldown: 1 }, 'automation'],
    ['no object', 'automatic', 'automation'],
  ])('refuses %s, with the place, the value seen and the values allowed', (_, automation, path) => {
    expect(findingsOf(automation)).toMatchObject([{ path, seen: expect.any(String), allowed: expect.any(String) }]);
  });
});
