/** The coordinator in the hands of an operator: decides, runs and resumes from one region, and watches the lease for it. */
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { FailoverCoordinator } from '../control/failover/coordinator.ts';
import { decide } from '../control/failover/decide.ts';
import type { FailoverRecord } from '../control/failover/failover-record.ts';
import type { Clock } from '../core/clock.ts';
import { PlatformError } from '../core/errors.ts';
import { type CellId, type RegionName, regionName } from '../core/ids.ts';
import { LeaseWatch } from '../core/lease-watch.ts';
import type { Rng } from '../core/rng.ts';
import type { PlatformView } from '../local/platform-control.ts';
import { type OperatorPorts, openOperatorPorts } from './operator-ports.ts';
import type { FailoverOperator, FailoverPlace } from './services.ts';

/** To find out who holds the cell; a region that can't say so quickly is not the one to run a failover from. */
const HOLDER_MS_MAX = 1_000;

export interface Machine {
  readonly clock: Clock;
  readonly rng: Rng;
}

export async function openFailoverOperator(place: FailoverPlace, machine: Machine): Promise<FailoverOperator> {
  const region = place.fromRegion ?? (await survivingRegion(place, machine));
  const opened = openOperatorPorts({ view: place.view, region, ...machine });
  const watches = new Map<CellId, LeaseWatch>();
  const watchOf = (cell: CellId): LeaseWatch => {
    const watch = watches.get(cell) ?? new LeaseWatch(machine.clock);
    watches.set(cell, watch);
    return watch;
  };
  const coordinator = (onProgress: (record: FailoverRecord) => void) =>
    new FailoverCoordinator({
      ports: opened.ports,
      clock: machine.clock,
      watchOf,
      newId: () => randomUUID().slice(0, 8),
      onProgress,
    });
  return {
    region,
    decide: (request) =>
      decide(
        { ...request, decidedBy: `${userInfo().username} from ${region}` },
        { ports: opened.ports, topology: place.view.topology, clock: machine.clock },
      ),
    run: (decision, onProgress) => coordinator(onProgress).run(decision),
    resume: (onProgress) => coordinator(onProgress).resume(place.cell),
    close: opened.close,
  };
}

/** The region of the cell that does not hold it, as the first region says whose link to the arbiter works. */
async function survivingRegion({ view, cell }: FailoverPlace, machine: Machine): Promise<RegionName> {
  const [home, standby] = regionsOf(view, cell);
  let lastError: unknown = null;
  for (const region of [standby, home]) {
    const opened: OperatorPorts = openOperatorPorts({ view, region, ...machine });
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
