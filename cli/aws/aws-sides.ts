/**
 * The gates' eyes on AWS: what the tables say of replication. Answers are CloudWatch's to count there, and functions have no process
 * to look at, so those stand at nothing; the gates on them are not asked.
 */
import type { Answers, SideEyes, SideSight, SilentSide } from '../../control/rollout/gates/side-sight.ts';
import type { Machine } from '../failover-operator.ts';
import type { OperatorReach } from '../operator-reach.ts';
import { type AwsPlaceSnapshot, takeAwsSnapshot } from './aws-status.ts';

const NONE: Answers = { ok: 0, refused: 0, failed: 0, unknown: 0 };

export function awsSides(reach: OperatorReach, machine: Machine): SideEyes {
  return {
    look: async () => {
      const { cells } = await takeAwsSnapshot(reach, machine);
      const sides = cells.flatMap(({ cell, places }) => places.map((place) => ({ cell, place })));
      const nowMs = machine.clock.wallMs();
      return {
        seen: sides.flatMap(({ cell, place }) => (place.answers ? [{ cell, ...sightOf(place, nowMs) }] : [])),
        silent: sides.flatMap(({ cell, place: { answers, region } }): readonly SilentSide[] =>
          answers ? [] : [{ cell, region, because: 'its table does not answer from here' }],
        ),
      };
    },
  };
}

/** The age of the oldest entry rests on the wall clocks of two machines; the bound of the gate is far above what they differ by. */
function sightOf({ region, journal, quarantined }: AwsPlaceSnapshot, nowMs: number): Omit<SideSight, 'cell'> {
  const oldestAtMs = journal?.oldestAtMs ?? null;
  return {
    region,
    ...{ total: NONE, recent: { ...NONE, windowMs: 0 }, incarnation: 'functions', deaths: 0, heapRatio: null },
    lagMs: journal === null ? null : oldestAtMs === null ? 0 : Math.max(0, nowMs - oldestAtMs),
    peer: 'ok',
    quarantined: quarantined?.count ?? null,
  };
}
