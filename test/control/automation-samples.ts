/** Samples of what automation sees: two regions, cells whose home is east, and west that looks on. */
import type { CellObservation, Observation } from '../../control/failover/automation/observation.ts';
import type { Signal } from '../../control/failover/automation/verdict.ts';
import { cellId, regionName } from '../../core/ids.ts';
import type { AutomationSettings } from '../../core/topology-automation.ts';

export const EAST = regionName('east');
export const WEST = regionName('west');

export const GOOD: Signal = { says: 'good', because: 'all is well' };
export const BAD: Signal = { says: 'bad', because: 'nothing comes back' };
export const UNKNOWN: Signal = { says: 'unknown', because: 'nobody asked' };

export const ROOMY: AutomationSettings = {
  ...{ mode: 'assisted', detectAfterMs: 1_500, agreementMs: 500, cellsMovedMax: 2 },
  ...{ windowMs: 300_000, cooldownMs: 600_000, jitterMs: 250 },
};

/** A cell of east that both signals give up, with a receiver that is well. */
export function lost(id: string, change: Partial<CellObservation> = {}): CellObservation {
  return {
    ...{
      cell: cellId(id),
      home: EAST,
      standby: WEST,
      holder: EAST,
      client: BAD,
      answers: false,
      inside: BAD,
      late: true,
    },
    ...{ receiverAnswers: true, changing: false, leftBehind: null },
    ...change,
  };
}

/** Seen from west, in automatic mode, with a switch that is on and a bystander that is well. */
export function seen(change: Partial<Observation> = {}): Observation {
  return {
    ...{ atMs: 0, sinceLastMs: 100, region: WEST, cells: [], moves: [] },
    setting: { mode: 'automatic', enabled: true },
    stores: { asked: 6, answered: 3 },
    ...change,
  };
}
