/** The region that a cell was taken from: its host, what that still does when it is tried, and what it says it refused. */
import { type Lab, until } from './lab.ts';
import type { ProcessSight } from './ports/platform-port.ts';
import type { ExtraWrites } from './workload/extra-writes.ts';
import { membersOf } from './workload/product.ts';

/** After it is back, the old owner gets this long to do damage … */
const TRY_MS = 2_000;
/** … and longer, until it has answered this often: one that says nothing has not been tried. */
const ANSWERS_MIN = 10;
const TRY_MS_MAX = 12_000;
const STATUS_DEADLINE_MS = 2_000;

/** Throws when the cell has no host there. */
export function hostOf(lab: Lab, at: { readonly cell: string; readonly region: string }): ProcessSight {
  const found = lab.sight.processes.find(
    (process) => process.kind === 'cell' && process.cell === at.cell && process.region === at.region,
  );
  if (found) return found;
  throw new Error(`${at.cell} has no host in ${at.region}.`);
}

/** Lets clients write straight at the old owner for a while. Notes it when that proved nothing. */
export async function tryOldOwner(lab: Lab, direct: ExtraWrites): Promise<void> {
  const before = direct.answered();
  await lab.clock.sleep(TRY_MS, lab.signal);
  const tried = await until(lab, { withinMs: TRY_MS_MAX }, () => direct.answered() - before >= ANSWERS_MIN);
  if (tried) return;
  const message = `The old owner answered fewer than ${ANSWERS_MIN} writes in ${TRY_MS_MAX} ms after it came back: it was not tried.`;
  lab.notes.inconclusive.push(message);
}

/** What a cell's host says of itself; `null` when it does not answer. */
export async function statusOf(lab: Lab, host: ProcessSight) {
  const outcome = await lab.http.send({
    origin: host.url ?? '',
    method: 'GET',
    path: '/_holdfast/status',
    headers: { authorization: `Holdfast-Internal ${lab.sight.internalSecret}` },
    body: null,
    deadlineMs: STATUS_DEADLINE_MS,
  });
  return outcome.type === 'ok' ? membersOf(outcome.body) : null;
}

/** What clients were told, and what the old owner's store refused while its clients were told something else. */
export async function refusedByOldOwner(
  lab: Lab,
  of: { readonly cell: string; readonly host: ProcessSight; readonly direct: ExtraWrites },
): Promise<number> {
  const { total, byFence } = of.direct.refused();
  const counters = membersOf((await statusOf(lab, of.host))?.counters ?? null);
  const counted = typeof counters.refusedByFence === 'number' ? counters.refusedByFence : 0;
  const names = ['refusedByLease', 'refusedByFence', 'leaseLostDuringWrite'];
  const said = names.map((name) => `${name} ${JSON.stringify(counters[name] ?? null)}`).join(', ');
  lab.mark('judge', `the old owner's own counters: ${said}`, { cell: of.cell });
  return total + Math.max(0, counted - byFence);
}
