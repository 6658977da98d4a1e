/** The operator of one cell for the `failover` commands: in the region that was named, or in the one that survives. */
import type { Clock } from '../core/clock.ts';
import { PlatformError } from '../core/errors.ts';
import { type CellId, type RegionName, regionName } from '../core/ids.ts';
import type { Rng } from '../core/rng.ts';
import type { PlatformView } from '../local/platform-control.ts';
import { Operator } from './operator.ts';
import { openOperatorPorts } from './operator-ports.ts';
import type { FailoverOperator, FailoverPlace } from './services.ts';

/** To find out who holds the cell; a region that can't say so quickly is not the one to run a failover from. */
const HOLDER_MS_MAX = 1_000;

export interface Machine {
  readonly clock: Clock;
  readonly rng: Rng;
}

export async function openFailoverOperator(place: FailoverPlace, machine: Machine): Promise<FailoverOperator> {
  const region = place.fromRegion ?? (await survivingRegion(place, machine));
  const operator = new Operator({ view: place.view, region, ...machine });
  return {
    region,
    decide: (request) => operator.decide(request),
    run: (decision, onProgress) => operator.run(decision, onProgress),
    resume: (onProgress) => operator.resume(place.cell, onProgress),
    close: () => operator.close(),
  };
}

/** The region of the cell that does not hold it, as the first region says whose link to the arbiter works. */
async function survivingRegion({ view, cell }: FailoverPlace, machine: Machine): Promise<RegionName> {
  const [home, standby] = regionsOf(view, cell);
  let lastError: unknown = null;
  for (const region of [standby, home]) {
    const opened = openOperatorPorts({ view, region, ...machine });
    try {
      const lease = await opened.ports.leases.read(cell, { withinMs: HOLDER_MS_MAX });
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

function regionsOf(view: PlatformView, cell: CellId): readonly [RegionName, RegionName] {
  const spec = view.topology.cells.find((each) => each.id === cell);
  return [regionName(spec?.home), regionName(spec?.standby)];
}
