/**
 * What the executor of a release needs, on the platform of this machine: processes are replaced by its supervisor, cells are moved
 * by the failover coordinator with the operator's own credentials, and a side is looked at past every fault proxy.
 */

import { tableReleaseNotes } from '../control/adapters/table-release-notes.ts';
import type { CellSide, Place, PortLimit, ReleasePorts } from '../control/rollout/release/release-ports.ts';
import { PlatformError } from '../core/errors.ts';
import type { CellId } from '../core/ids.ts';
import type { CellHostStatus } from '../local/hosts/host-status.ts';
import type { PlatformControl, PlatformView, ProcessView } from '../local/platform-control.ts';
import { exerciseCell } from './exercise-cell.ts';
import type { Machine } from './failover-operator.ts';
import { type OperatorPorts, openOperatorPorts } from './operator-ports.ts';
import { linkReach } from './operator-reach.ts';
import { plannedMove } from './rollout/planned-move.ts';

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
    move: (to, limit) => plannedMove({ reach, machine, records: first.ports.records }, to, limit),
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
