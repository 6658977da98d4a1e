import { describe, expect, it } from '@jest/globals';
import { afterDeath, NO_DEATHS, type RestartPolicy } from '../../local/supervisor/restart-policy.ts';

const POLICY: RestartPolicy = { firstWaitMs: 100, waitMsMax: 1_000, quickDeathMs: 10_000, quickDeathsMax: 7 };

function waits(policy: RestartPolicy): readonly (number | 'give-up')[] {
  const seen: (number | 'give-up')[] = [];
  let record = NO_DEATHS;
  while (seen.at(-1) !== 'give-up') {
    const verdict = afterDeath(policy, record, 0);
    seen.push(verdict.kind === 'restart' ? verdict.waitMs : verdict.kind);
    record = verdict.record;
  }
  return seen;
}

describe('afterDeath', () => {
  it('doubles the wait up to its bound, then gives up', () => {
    expect(waits(POLICY)).toEqual([100, 200, 400, 800, 1_000, 1_000, 'give-up']);
  });

  it('counts anew for a process that had been ready for long', () => {
    expect(afterDeath(POLICY, { quickDeaths: 6 }, 10_000)).toEqual({
      kind: 'restart',
      waitMs: 100,
      record: { quickDeaths: 1 },
    });
  });
});
