/** The sentence that a person reads first. It says what is known, in the order in which it matters, and never more. */
import type { DrillReport } from './drill-report.ts';
import { count, milliseconds } from './html.ts';

type Measured = Omit<DrillReport, 'headline'>;

export function headlineOf(report: Measured): string {
  if (report.verdict === 'unknown' && report.cells.length === 0)
    return `Nothing was learnt: ${lowerFirst(report.reasons[0] ?? 'no reason was given.')}`;
  const parts = [away(report), lost(report), stale(report)];
  const doubt = report.verdict === 'unknown' ? ' As far as could be seen.' : '';
  return `${parts.filter((part) => part !== '').join('; ')}.${doubt}`;
}

function away(report: Measured): string {
  if (report.cells.length === 0) return 'No cell was hit';
  return report.cells
    .map((cell) => {
      // A cell that kept its epoch has no take-over to be measured by.
      const keptMs = report.steadyState.after?.held ? cell.writesAwayMs : null;
      const ms = AS_PLANNED.has(report.drill) ? cell.writesAwayMs : (cell.rtoMs ?? keptMs);
      if (ms === null) return `${cell.cell} did not come back`;
      // Its probes write stock, which a lower level refuses: by order, and not because it was away.
      if (report.drill === 'ladder')
        return `${cell.cell} took no stock for ${milliseconds(ms)}, at levels that refuse it`;
      return `${cell.cell} was away for ${milliseconds(ms)}`;
    })
    .join(', ');
}

/** Cells are moved, if at all, while both sides serve: a later epoch says nothing of a time away. */
const AS_PLANNED: ReadonlySet<string> = new Set(['switchover', 'bad-release', 'ladder']);

function lost({ rpo, checkers, acknowledgedDegraded }: Measured): string {
  if (checkers.length === 0) return 'what was lost is not known';
  const unreplicated =
    acknowledgedDegraded > 0 ? ` (${count(acknowledgedDegraded)} were acknowledged as unreplicated)` : '';
  if (rpo.lost === 0) return `nothing acknowledged was lost${unreplicated}`;
  return `${count(rpo.lost)} acknowledged ${rpo.lost === 1 ? 'write was' : 'writes were'} lost, the oldest ${milliseconds(rpo.ageMs)} before the fault${unreplicated}`;
}

function stale({ staleAccepted, staleAcknowledged, fenceRefused }: Measured): string {
  const bad = [
    staleAccepted > 0 ? `${count(staleAccepted)} stale writes were accepted` : '',
    staleAcknowledged > 0 ? `${count(staleAcknowledged)} were acknowledged although stale` : '',
  ].filter((part) => part !== '');
  if (bad.length > 0) return bad.join(' and ');
  return fenceRefused > 0
    ? `the fence refused ${count(fenceRefused)} stale ${fenceRefused === 1 ? 'write' : 'writes'}`
    : '';
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
