/** A planned move under load, there and back: nothing may be lost, and writes are away only for as long as the hand-over takes. */
import type { Experiment } from '../experiment.ts';
import type { Lab } from '../lab.ts';
import { closeUp, moveCell } from '../move-cell.ts';
import type { MoveKind } from '../ports/failover-port.ts';
import { holdFault } from '../steady-state.ts';

export const switchover: Experiment = {
  name: 'switchover',
  summary: 'moves a cell to the other region and back under load, as planned',
  hypothesis: (lab) =>
    `${cellOf(lab)} can be moved from ${lab.region} to ${lab.peer} and back under load. Nothing that was acknowledged is lost, in any acknowledgement mode, and no other cell notices. How long writes are away each time is measured.`,
  run: async (lab) => {
    const { notes, region, peer } = lab;
    const cell = cellOf(lab);
    notes.cellsHit = [cell];
    await moveAndMeasure(lab, { cell, kind: 'switchover', to: peer });
    notes.recoveryUntilMs = lab.recorder.nowMs();
    await holdFault(lab);
    await moveAndMeasure(lab, { cell, kind: 'failback', to: region });
    notes.healAtMs = lab.recorder.nowMs();
  },
};

async function moveAndMeasure(lab: Lab, move: { cell: string; kind: MoveKind; to: string }): Promise<void> {
  const { cell, kind } = move;
  let fromMs = 0;
  await closeUp(lab, [cell], async () => {
    fromMs = lab.recorder.nowMs();
    lab.notes.faultAtMs ??= fromMs;
    await moveCell(lab, { ...move, operatorRegion: lab.peer });
  });
  const awayMs = lab.load.log.longestGapMs(cell, { fromMs, toMs: lab.recorder.nowMs() });
  lab.mark('served', `${kind}: longest time between two acknowledged writes`, { cell, durationMs: awayMs });
}

function cellOf(lab: Lab): string {
  return lab.options.cell ?? lab.activeCells[0] ?? '';
}
