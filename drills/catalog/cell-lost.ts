/**
 * A whole cell is lost at one instant, in both regions: hosts and stores. There is nowhere to move it, so it is away until it
 * is started again; what is shown is that nobody else notices, that its tenants are refused and not kept waiting, and that
 * it comes back by itself from its disks.
 */
import type { Experiment } from '../experiment.ts';
import { type Lab, within } from '../lab.ts';
import type { InjectedFault } from '../nemesis/nemesis.ts';
import { ACKNOWLEDGED_SHARE_DURING_MIN, holdFault } from '../steady-state.ts';
import { type TenantTally, tallyTenants } from '../workload/tenant-tally.ts';

/** In `holdMs`: long enough for dozens of refusals. */
const LOST_HOLDS = 3;
/** What was under way at the fault, and the routers' first look at the dead cell, end within this. */
const SETTLE_MS = 600;
/** From "every process is ready" to an acknowledged write: a lease, its take, and the routers' learning. */
const BACK_MS_MAX = 30_000;
/** Of the refusals: one may meet the busy instant of a processes' death. */
const ANSWERED_SHARE_MIN = 0.9;

export const cellLost: Experiment = {
  name: 'cell-lost',
  summary: 'kills every process of a cell in both regions: its tenants alone notice, and it comes back by itself',
  hypothesis: (lab) =>
    `When every process of ${cellOf(lab)} dies at one instant, in both regions, the tenants of all other cells go on as before. Its own tenants get an answer that says so instead of waiting. Once its processes are started again it serves by itself, and nothing that was acknowledged is lost.`,
  run: async (lab) => {
    const { notes, clock, recorder } = lab;
    const cell = cellOf(lab);
    notes.cellsHit = [cell];
    lab.load.probeFinely([cell]);
    const endTally = tallyTenants(recorder);
    const lost = await lose(lab, cell);
    // Its lease is its own, and nobody could take it meanwhile: it comes back under the same epoch or a new one.
    notes.newEpochs = [];
    await clock.sleep(SETTLE_MS, lab.signal);
    const fromMs = recorder.nowMs();
    await lost.verified;
    await holdFault(lab, { holds: LOST_HOLDS });
    judgeRefusals(lab, { cell, fromMs, toMs: recorder.nowMs() });
    judgeOthers(lab, { cell, tallies: endTally() });
    // Patient probes from here on: a process that has just started is slow, which is not the same as away.
    lab.load.probeFinely([]);
    await comeBack(lab, { cell, lost });
    notes.recoveryUntilMs = recorder.nowMs();
  },
};

async function lose(lab: Lab, cell: string): Promise<InjectedFault> {
  lab.notes.faultAtMs = lab.recorder.nowMs();
  lab.mark('fault', 'every process of the cell is killed, in both regions', { cell });
  // Hosts first: none of them can tell the others that its store is gone.
  return lab.nemesis.inject({ kind: 'crash', processes: [...namesOf(lab, 'cell'), ...namesOf(lab, 'store')] });
}

function namesOf(lab: Lab, kind: 'cell' | 'store'): readonly string[] {
  const cell = cellOf(lab);
  return lab.sight.processes.filter((one) => one.kind === kind && one.cell === cell).map(({ name }) => name);
}

/** By the probes, whose deadline is what a hurried client has: an answer is one that came before it. */
function judgeRefusals(lab: Lab, of: { cell: string; fromMs: number; toMs: number }): void {
  const seen = lab.load.log.answers(of.cell, of);
  const share = seen.probes === 0 ? 0 : seen.answered / seen.probes;
  const told = `${seen.answered} of ${seen.probes} writes to the lost cell were answered before their deadline, the slowest twentieth after ${Math.round(seen.p95Ms)} ms or later; ${codesOf(seen.codes)}`;
  lab.mark('served', told, { cell: of.cell });
  lab.notes.expectations.push(
    { held: share >= ANSWERED_SHARE_MIN, otherwise: `Clients of the lost cell were kept waiting: ${told}.` },
    { held: seen.acknowledged === 0, otherwise: `The lost cell acknowledged ${seen.acknowledged} writes.` },
  );
}

function codesOf(codes: ReadonlyMap<string, number>): string {
  return [...codes].map(([code, count]) => `${code}: ${count}`).join(', ');
}

/** The blast radius: of every other tenant, by name. */
function judgeOthers(lab: Lab, of: { cell: string; tallies: readonly TenantTally[] }): void {
  const others = of.tallies.filter((tally) => tally.cell !== of.cell);
  const hurt = others.filter(({ calls, succeeded }) => succeeded / calls < ACKNOWLEDGED_SHARE_DURING_MIN);
  const named = hurt.map(({ tenant, cell, calls, succeeded }) => `${tenant} (${cell}): ${succeeded} of ${calls}`);
  const succeeded = others.reduce((sum, tally) => sum + tally.succeeded, 0);
  const calls = others.reduce((sum, tally) => sum + tally.calls, 0);
  lab.mark('served', `${succeeded} of ${calls} calls of ${others.length} tenants of other cells succeeded meanwhile`);
  lab.notes.expectations.push(
    { held: hurt.length === 0, otherwise: `Tenants of other cells were hit as well: ${named.join(', ')}.` },
    { held: others.length > 0, otherwise: 'No tenant of another cell made a call: nothing is known about them.' },
  );
}

async function comeBack(lab: Lab, { cell, lost }: { cell: string; lost: InjectedFault }): Promise<void> {
  const { notes, recorder, load } = lab;
  notes.healAtMs = recorder.nowMs();
  lab.mark('heal', 'its processes are started again', { cell });
  await lost.heal();
  const readyAtMs = recorder.nowMs();
  lab.mark('heal', 'every process of the cell is ready', { cell, durationMs: readyAtMs - notes.healAtMs });
  const served = load.log.untilAcknowledged(cell);
  await within(lab, { what: `${cell}: a write after its processes were ready again`, withinMs: BACK_MS_MAX }, served);
  const durationMs = recorder.nowMs() - readyAtMs;
  const owner = load.log.ownerOf(cell);
  lab.mark('served', `first write acknowledged by ${owner?.region}, epoch ${owner?.epoch}`, { cell, durationMs });
}

function cellOf(lab: Lab): string {
  return lab.options.cell ?? lab.activeCells[0] ?? '';
}
