/**
 * What the executor of a release needs, on the platform of this machine: processes are replaced by its supervisor, cells are moved
 * by the failover coordinator with the operator's own credentials, and a side is looked at past every fault proxy.
 */

import { tableReleaseNotes } from '../control/adapters/table-release-notes.ts';
import type { FailoverRecord } from '../control/failover/failover-record.ts';
import type {
  CellSide,
  MoveOutcome,
  Place,
  PortLimit,
  ReleasePorts,
} from '../control/rollout/release/release-ports.ts';
import type { Clock } from '../core/clock.ts';
import { isPlatformError, PlatformError } from '../core/errors.ts';
import type { CellId, RegionName } from '../core/ids.ts';
import type { CellHostStatus } from '../local/hosts/host-status.ts';
import type { PlatformControl, PlatformView, ProcessView } from '../local/platform-control.ts';
import { exerciseCell } from './exercise-cell.ts';
import { type Machine, openFailoverOperator } from './failover-operator.ts';
import { type OperatorPorts, openOperatorPorts } from './operator-ports.ts';
import { linkReach } from './operator-reach.ts';

/** A process that needs longer to say how it is, is not ready; a machine with nothing to spare answers within a second. */
const STATUS_MS_MAX = 1_500;
const ARBITER_MS_MAX = 1_000;

export interface LocalReleaseSite {
  readonly control: PlatformControl;
  /** As it was when the command began: topology, links and secret do not change while it runs. */
  readonly view: PlatformView;
  readonly machine: Machine;
}

export interface LocalReleasePorts extends ReleasePorts {
  /** Lets go of connections. */
  close(): void;
}

export function localReleasePorts({ control, view, machine }: LocalReleaseSite): LocalReleasePorts {
  const reach = linkReach(view, machine.clock);
  const operators = new Map(
    view.topology.regions.map((region) => [region, openOperatorPorts({ reach, region, ...machine })]),
  );
  const [first] = operators.values();
  if (!first) throw new Error('a topology has regions');
  return {
    cells: view.topology.cells.map(({ id }) => id),
    look: async (cell, limit) => {
      const [now, lease] = await Promise.all([control.view(), readLease([...operators.values()], cell)]);
      const spec = specOf(view, cell);
      const sides = await Promise.all([spec.home, spec.standby].map((region) => lookAt(now, { cell, region }, limit)));
      return {
        holder: lease?.state === 'held' ? lease.holder : null,
        sides: sides as [CellSide, CellSide],
      };
    },
    replace: async ({ cell, region, release, token }) => {
      await control.replace(`${cell}@${region}`, { release, token });
    },
    exercise: async (at, limit) => {
      const process = processAt(await control.view(), at);
      return exerciseCell(
        { ...at, url: process?.url ?? null, secret: view.internalSecret, clock: machine.clock },
        limit,
      );
    },
    move: (to, limit) =>
      bounded(moveTo({ reach, machine, records: first.ports.records }, to), { clock: machine.clock, limit }),
    settle: (order) => control.settleRelease(order),
    notes: tableReleaseNotes({ arbiter: first.arbiter, clock: machine.clock }),
    close: () => {
      for (const operator of operators.values()) operator.close();
    },
  };
}

/** Over whichever region's link to the arbiter answers. */
async function readLease(operators: readonly OperatorPorts[], cell: CellId) {
  let lastError: unknown = null;
  for (const { ports } of operators) {
    try {
      return await ports.leases.read(cell, { withinMs: ARBITER_MS_MAX });
    } catch (thrown) {
      lastError = thrown;
    }
  }
  throw lastError;
}

async function lookAt(view: PlatformView, at: Place, limit: PortLimit): Promise<CellSide> {
  const process = processAt(view, at);
  const silent = { region: at.region, release: process?.release?.name ?? null, ready: false, warm: false, peer: null };
  if (process?.state !== 'ready' || process.url === null) return silent;
  const status = await statusOf(process.url, { secret: view.internalSecret, limit });
  if (status === null) return silent;
  return { ...silent, ready: true, warm: status.warm, peer: status.replication.peer };
}

async function statusOf(url: string, by: { secret: string; limit: PortLimit }): Promise<CellHostStatus | null> {
  try {
    const response = await fetch(`${url}/_holdfast/status`, {
      headers: { authorization: `Holdfast-Internal ${by.secret}` },
      signal: AbortSignal.any([by.limit.signal, AbortSignal.timeout(STATUS_MS_MAX)]),
    });
    return response.ok ? ((await response.json()) as CellHostStatus) : null;
  } catch {
    // Silence is what it then says.
    return null;
  }
}

function processAt(view: PlatformView, { cell, region }: Place): ProcessView | undefined {
  return view.processes.find((each) => each.kind === 'cell' && each.cell === cell && each.region === region);
}

function specOf(view: PlatformView, cell: CellId) {
  const spec = view.topology.cells.find(({ id }) => id === cell);
  if (spec) return spec;
  throw new PlatformError({
    code: 'NOT_FOUND',
    kind: 'caller',
    effect: 'none',
    message: `There is no cell ${cell}. Allowed: ${view.topology.cells.map(({ id }) => id).join(', ')}.`,
  });
}

interface Mover {
  readonly reach: ReturnType<typeof linkReach>;
  readonly machine: Machine;
  readonly records: OperatorPorts['ports']['records'];
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

const specHome = ({ cells }: PlatformView['topology'], cell: CellId): RegionName | null =>
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
