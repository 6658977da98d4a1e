/** The gates' eyes on this machine: every cell's process says how it is, asked past the fault proxies; all gates share one look. */
import type { SideEyes, SideSight, Sides, SilentSide } from '../../control/rollout/gates/side-sight.ts';
import type { Clock } from '../../core/clock.ts';
import { type CellId, cellId, type RegionName, regionName } from '../../core/ids.ts';
import type { CellHostStatus } from '../../local/hosts/host-status.ts';
import type { PlatformControl, PlatformView, ProcessView } from '../../local/platform-control.ts';

/** Gates are asked together: what one of them saw a moment ago is what the others would see. */
const SHARED_MS = 250;
/** A process that needs longer to say how it is, is not well. */
const STATUS_MS_MAX = 1_500;

export function statusEyes({ control, clock }: { control: Pick<PlatformControl, 'view'>; clock: Clock }): SideEyes {
  let last: { readonly atMs: number; readonly sides: Promise<Sides> } | null = null;
  return {
    look: () => {
      const nowMs = clock.monotonicMs();
      if (last === null || nowMs - last.atMs > SHARED_MS) last = { atMs: nowMs, sides: lookAtAll(control) };
      return last.sides;
    },
  };
}

async function lookAtAll(control: Pick<PlatformControl, 'view'>): Promise<Sides> {
  const view = await control.view();
  const cells = view.processes.filter(({ kind }) => kind === 'cell');
  const looks = await Promise.all(cells.map((process) => lookAt(view, process)));
  return {
    seen: looks.flatMap((look) => ('because' in look ? [] : [look])),
    silent: looks.flatMap((look) => ('because' in look ? [look] : [])),
  };
}

async function lookAt(view: PlatformView, process: ProcessView): Promise<SideSight | SilentSide> {
  const at = { cell: cellId(process.cell), region: regionName(process.region) };
  if (process.state !== 'ready' || process.url === null) return { ...at, because: `its process is ${process.state}` };
  try {
    const response = await fetch(`${process.url}/_holdfast/status`, {
      headers: { authorization: `Holdfast-Internal ${view.internalSecret}` },
      signal: AbortSignal.timeout(STATUS_MS_MAX),
    });
    if (!response.ok) return { ...at, because: `it answered ${response.status}` };
    return { ...sightOf(at, (await response.json()) as CellHostStatus), deaths: process.restarts };
  } catch (thrown) {
    return { ...at, because: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

function sightOf(
  at: { readonly cell: CellId; readonly region: RegionName },
  status: CellHostStatus,
): Omit<SideSight, 'deaths'> {
  const { answers, replication, quarantine, process } = status;
  return {
    ...at,
    ...{ total: answers.total, recent: answers.recent, incarnation: String(process.pid) },
    ...{ lagMs: replication.lagMs, peer: replication.peer, quarantined: quarantine?.count ?? null },
    heapRatio: process.heapUsedBytes / process.heapBytesMax,
  };
}
