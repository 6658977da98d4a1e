/**
 * A region is lost at one instant: every process of it is killed, its cells are taken over by the peer as soon as clients
 * notice, it comes back with what its disks hold, and what it had alone must be found again or counted.
 */
import type { Experiment } from '../experiment.ts';
import type { Lab } from '../lab.ts';
import { closeUp, moveCell, whenDetected } from '../move-cell.ts';
import type { InjectedFault } from '../nemesis/nemesis.ts';
import type { ProcessSight } from '../ports/platform-port.ts';
import { cellsOf, holdFault } from '../steady-state.ts';

export const regionLost: Experiment = {
  name: 'region-lost',
  summary: 'kills every process of a region at one instant; its cells go on in the other',
  // Times are measured and reported, not promised: a busy machine would break the promise, and not the platform.
  hypothesis: (lab) =>
    `When ${lab.region} loses ${howLost(lab)} at one instant, ${lab.activeCells.join(' and ')} go on in ${lab.peer}. Nothing that was acknowledged as replicated is lost, whatever else is lost is counted, and no order is charged twice. ${bystanders(lab)} How long writes are away is measured.`,
  run: async (lab) => {
    const { failover, notes, activeCells, region, peer } = lab;
    const stopWatch = await failover.watch({ cells: activeCells, operatorRegion: peer });
    try {
      notes.cellsHit = [...activeCells];
      let lost: InjectedFault | undefined;
      await closeUp(lab, activeCells, async () => {
        lost = await loseAndTakeOver(lab);
      });
      notes.recoveryUntilMs = lab.recorder.nowMs();
      await lost?.verified;
      judgeAliveFrom(lab, notes.recoveryUntilMs);
      await holdFault(lab);
      noteBystanders(lab);
      notes.healAtMs = lab.recorder.nowMs();
      lab.mark('heal', `${region} is started again`);
      await lost?.heal();
      lab.mark('heal', `every process of ${region} is ready`, { durationMs: lab.recorder.nowMs() - notes.healAtMs });
    } finally {
      await stopWatch();
    }
  },
};

/** Also what `failback` begins with. */
export async function loseAndTakeOver(lab: Lab): Promise<InjectedFault> {
  const { nemesis, notes, activeCells, region, peer } = lab;
  const detected = activeCells.map((cell) => ({ cell, noticed: whenDetected(lab, cell) }));
  notes.faultAtMs = lab.recorder.nowMs();
  lab.mark('fault', `${region} loses ${howLost(lab)}`);
  const injecting = nemesis.inject({ kind: 'crash', processes: processesOf(lab) });
  const takenOver = detected.map(async ({ cell, noticed }) => {
    await noticed;
    await moveCell(lab, { cell, kind: 'failover', to: peer, operatorRegion: peer });
  });
  const [injected] = await Promise.all([injecting, ...takenOver]);
  return injected;
}

/** A write that has to be at the peer waits, when the peer is gone, until it counts as gone; then it goes on alone and says so. */
function bystanders(lab: Lab): string {
  return lab.options.keepStores
    ? `The cells of ${lab.peer} go on all the while.`
    : `In the cells of ${lab.peer}, writes that must be replicated pause until the lost region counts as gone, about a lease; then every cell goes on, alone.`;
}

/** With the peer's stores gone, steady is asked for once all have gone on alone; else from the fault on. */
export function judgeAliveFrom(lab: Lab, fromMs: number): void {
  if (!lab.options.keepStores) lab.notes.during = { cells: cellsOf(lab), fromMs };
}

export function noteBystanders(lab: Lab): void {
  const { notes, activeCells, load, recorder } = lab;
  for (const cell of cellsOf(lab).filter((one) => !activeCells.includes(one))) {
    const durationMs = load.log.longestGapMs(cell, { fromMs: notes.faultAtMs ?? 0, toMs: recorder.nowMs() });
    lab.mark('served', 'longest time between two acknowledged writes, in a cell that was not moved', {
      cell,
      durationMs,
    });
  }
}

function howLost(lab: Lab): string {
  return lab.options.keepStores ? 'all its compute (its stores stay)' : 'everything';
}

/** Those that serve first, so that none of them can tell the others. */
const ORDER: readonly ProcessSight['kind'][] = ['cell', 'store', 'router', 'control'];

export function processesOf(lab: Lab): readonly string[] {
  const kinds = ORDER.filter((kind) => !(lab.options.keepStores && kind === 'store'));
  return kinds.flatMap((kind) =>
    lab.sight.processes
      .filter((process) => process.kind === kind && process.region === lab.region)
      .map((process) => process.name),
  );
}
