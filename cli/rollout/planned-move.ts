/** How a rollout moves a cell on either target: a planned failover, by the operator's own coordinator in the region that receives it. */
import type { FailoverRecord } from '../../control/failover/failover-record.ts';
import type { MoveOutcome, Place, PortLimit } from '../../control/rollout/release/release-ports.ts';
import type { Clock } from '../../core/clock.ts';
import { isPlatformError, PlatformError } from '../../core/errors.ts';
import type { CellId, RegionName } from '../../core/ids.ts';
import type { Topology } from '../../core/topology.ts';
import { type Machine, openFailoverOperator } from '../failover-operator.ts';
import type { OperatorPorts } from '../operator-ports.ts';
import type { OperatorReach } from '../operator-reach.ts';

const ARBITER_MS_MAX = 1_000;

export interface Mover {
  readonly reach: OperatorReach;
  readonly machine: Machine;
  readonly records: OperatorPorts['ports']['records'];
}

type To = Place & { readonly release: string };

/** Refused while another failover of the cell is under way; one that this rollout left behind is gone on with. */
export function plannedMove(by: Mover, to: To, limit: PortLimit): Promise<MoveOutcome> {
  return bounded(moveTo(by, to), { clock: by.machine.clock, limit });
}

const reasonOf = (release: string) => `rollout of release ${release}`;

/** From the region that receives the cell, which is the one that stays. */
async function moveTo(
  by: Mover,
  { cell, region, release }: Place & { readonly release: string },
): Promise<MoveOutcome> {
  const { reach, machine, records } = by;
  const reason = reasonOf(release);
  const operator = await openFailoverOperator({ reach, cell, fromRegion: region }, machine);
  try {
    const present = await records.current(cell, { withinMs: ARBITER_MS_MAX });
    if (present?.state === 'running') {
      if (present.decision.reason !== reason) {
        return {
          outcome: 'failed',
          note: `failover ${present.id} of ${cell} is under way (${present.decision.reason})`,
        };
      }
      return outcomeOf(await operator.resume(() => undefined));
    }
    const home = specHome(reach.topology, cell);
    const decision = await operator.decide({
      kind: region === home ? 'failback' : 'switchover',
      cell,
      to: region,
      reason,
    });
    if (decision.objections.length > 0) return { outcome: 'refused', note: decision.objections.join('; ') };
    return outcomeOf(await operator.run(decision, () => undefined));
  } catch (thrown) {
    if (isPlatformError(thrown) && (thrown.code === 'FAILOVER_REFUSED' || thrown.code === 'FAILOVER_IN_PROGRESS')) {
      return { outcome: 'refused', note: thrown.message };
    }
    throw thrown;
  } finally {
    operator.close();
  }
}

const specHome = ({ cells }: Topology, cell: CellId): RegionName | null =>
  cells.find(({ id }) => id === cell)?.home ?? null;

/** An aborted change gave the cell back: nothing was lost, and it may be asked again. */
function outcomeOf({ id, state, log }: FailoverRecord): MoveOutcome {
  const last = log.at(-1)?.outcome ?? 'no step was taken';
  const tookMs = log.reduce((sum, step) => sum + step.tookMs, 0);
  if (state === 'done') return { outcome: 'done', note: `failover ${id} took ${Math.round(tookMs)} ms` };
  return { outcome: state === 'aborted' ? 'refused' : 'failed', note: `failover ${id} was ${state}: ${last}` };
}

/** Past the limit nobody waits any more; what was begun may still happen. */
async function bounded<T>(work: Promise<T>, { clock, limit }: { clock: Clock; limit: PortLimit }): Promise<T> {
  const over = new AbortController();
  const late = clock.sleep(limit.withinMs, AbortSignal.any([over.signal, limit.signal])).then(() => {
    throw new PlatformError({
      code: 'DEADLINE_EXCEEDED',
      kind: 'dependency',
      effect: 'unknown',
      message: `The move did not end within ${Math.round(limit.withinMs)} ms; its record is kept, and a repeat goes on with it.`,
    });
  });
  late.catch(() => undefined);
  return Promise.race([work, late]).finally(() => over.abort());
}
