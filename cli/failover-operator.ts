/** The operator of one cell for the `failover` commands: in the region that was named, or in the one that survives. */
import type { Clock } from '../core/clock.ts';
import { PlatformError } from '../core/errors.ts';
import { type CellId, type RegionName, regionName } from '../core/ids.ts';
import type { Rng } from '../core/rng.ts';
import { Operator } from './operator.ts';
import { openOperatorPorts } from './operator-ports.ts';
import type { OperatorReach } from './operator-reach.ts';
import type { FailoverOperator } from './services.ts';

/** To find out who holds the cell; a region that can't say so quickly is not the one to run a failover from. */
const HOLDER_MS_MAX = 1_000;

export interface Machine {
  readonly clock: Clock;
  readonly rng: Rng;
}

export interface FailoverReach {
  readonly reach: OperatorReach;
  readonly cell: CellId;
  /** `null`: the region that does not hold the cell. */
  readonly fromRegion: RegionName | null;
}

export async function openFailoverOperator(place: FailoverReach, machine: Machine): Promise<FailoverOperator> {
  const region = place.fromRegion ?? (await survivingRegion(place, machine));
  const operator = new Operator({ reach: place.reach, region, ...machine });
  // The limits of a failover are those of a warm connection: a cold one would make a living store look dead.
  if (place.reach.coldMs > 0) await operator.warm(place.cell, { withinMs: place.reach.coldMs });
  return {
    region,
    decide: (request) => operator.decide(request),
    run: (decision, onProgress) => operator.run(decision, onProgress),
    resume: (onProgress) => operator.resume(place.cell, onProgress),
    close: () => operator.close(),
  };
}

/** The region of the cell that does not hold it, as the first region says whose link to the arbiter works. */
async function survivingRegion({ reach, cell }: FailoverReach, machine: Machine): Promise<RegionName> {
  const [home, standby] = regionsOf(reach, cell);
  let lastError: unknown = null;
  for (const region of [standby, home]) {
    const opened = openOperatorPorts({ reach, region, ...machine });
    try {
      const lease = await opened.ports.leases.read(cell, { withinMs: HOLDER_MS_MAX + reach.coldMs });
      return lease?.holder === standby ? home : standby;
    } catch (thrown) {
      lastError = thrown;
    } finally {
      opened.close();
    }
  }
  throw new PlatformError({
    code: 'ARBITER_UNAVAILABLE',
    kind: 'dependency',
    effect: 'none',
    message: `Neither ${standby} nor ${home} reaches the arbiter, and without it nobody can take ${cell} over. Bring a link to the arbiter back first (holdfast status shows what is down).`,
    cause: lastError,
  });
}

function regionsOf({ topology }: OperatorReach, cell: CellId): readonly [RegionName, RegionName] {
  const spec = topology.cells.find((each) => each.id === cell);
  return [regionName(spec?.home), regionName(spec?.standby)];
}
