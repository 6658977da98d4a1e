/** The steady state: held, broken, or of too few probes to say. */
import { describe, expect, it } from '@jest/globals';
import type { Lab } from '../../drills/lab.ts';
import { steadyStateOf } from '../../drills/steady-state.ts';
import { ProbeLog } from '../../drills/workload/probe-log.ts';

/** By cell, how many probes were acknowledged and how many were not. */
function judged(cells: Readonly<Record<string, readonly [acknowledged: number, refused: number]>>) {
  const log = new ProbeLog();
  for (const [cell, counts] of Object.entries(cells)) {
    for (const [index, count] of counts.entries()) {
      const outcome =
        index === 0 ? { type: 'ok', region: 'us-east-1', epoch: 1 } : { type: 'fail', code: 'NOT_ACTIVE' };
      for (let n = 0; n < count; n++) log.add({ cell, invokedAtMs: n, completedAtMs: n + 1, outcome } as never);
    }
  }
  const lab = { load: { log } } as unknown as Lab;
  const { held, tooFew = false } = steadyStateOf(lab, {
    ...{ cells: Object.keys(cells), shareMin: 0.9 },
    ...{ fromMs: 0, toMs: 1_000 },
  });
  return held ? 'held' : tooFew ? 'too few' : 'broken';
}

describe('the steady state', () => {
  it('holds when each cell acknowledged nearly all of its probes', () => {
    expect(judged({ c01: [19, 1], c02: [5, 0] })).toBe('held');
    expect(judged({ c01: [19, 1], c02: [4, 2] })).toBe('broken');
  });

  it('is not known when nearly all of a few probes were acknowledged, or when no probe of any cell ended', () => {
    expect(judged({ c01: [19, 1], c02: [4, 0] })).toBe('too few');
    expect(judged({ c01: [0, 0], c02: [0, 0] })).toBe('too few');
  });

  it('is broken when no probe of one cell ended beside others of which some did: it hangs', () => {
    expect(judged({ c01: [19, 1], c02: [0, 0] })).toBe('broken');
  });
});
