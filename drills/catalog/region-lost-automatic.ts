/** A region is lost and nobody does anything: automation must notice, decide and move the cells, and leave the rest alone. */
import { expectGuarded, inAutomaticMode, noteMoves, settledMoves } from '../automatic-mode.ts';
import type { Experiment } from '../experiment.ts';
import { type Lab, within } from '../lab.ts';
import { closeUp } from '../move-cell.ts';
import { holdFault } from '../steady-state.ts';
import { judgeAliveFrom, noteBystanders, processesOf } from './region-lost.ts';

/** Detection, agreement, jitter, the lease wait and the move, on a machine that has other things to do. */
const SERVED_MS_MAX = 60_000;
const SETTLE_MS_MAX = 10_000;

export const regionLostAutomatic: Experiment = {
  name: 'region-lost-automatic',
  summary: 'kills every process of a region and asks nobody: automation moves its cells',
  hypothesis: (lab) =>
    `When ${lab.region} is lost and nobody asks for a failover, automation in ${lab.peer} moves at most ${lab.sight.topology.automation.cellsMovedMax} of its cells, each once, and none back; the rest waits for a person. Nothing that was acknowledged as replicated is lost. Detection is measured apart from the move.`,
  run: (lab) =>
    inAutomaticMode(lab, async () => {
      const { notes, nemesis, activeCells, region } = lab;
      const expected = activeCells.slice(0, lab.sight.topology.automation.cellsMovedMax);
      notes.cellsHit = [...activeCells];
      await closeUp(lab, activeCells, async () => {
        const served = untilServed(lab, expected.length);
        notes.faultAtMs = lab.recorder.nowMs();
        lab.mark('fault', `${region} loses everything`);
        const lost = await nemesis.inject({ kind: 'crash', processes: processesOf(lab) });
        await Promise.all([served, lost.verified]);
      });
      notes.recoveryUntilMs = lab.recorder.nowMs();
      const moves = await settledMoves(lab, { withinMs: SETTLE_MS_MAX });
      noteMoves(lab, moves);
      expectGuarded(lab, moves);
      notes.newEpochs = moves.map(({ cell }) => cell);
      judgeAliveFrom(lab, notes.recoveryUntilMs);
      await holdFault(lab);
      noteBystanders(lab);
      notes.healAtMs = lab.recorder.nowMs();
      lab.mark('heal', `${region} is started again`);
      await nemesis.healAll();
      lab.mark('heal', `every process of ${region} is ready`, { durationMs: lab.recorder.nowMs() - notes.healAtMs });
    }),
};

/** Until as many cells as automation may move take writes under a new epoch; which ones is its own choice. */
function untilServed(lab: Lab, count: number): Promise<void> {
  let served = 0;
  const enough = new Promise<void>((resolve) => {
    for (const cell of lab.activeCells) {
      const before = lab.load.log.epochOf(cell) ?? 0;
      void lab.load.log.untilEpochAbove(cell, before).then(() => {
        const sinceMs = lab.recorder.nowMs() - (lab.notes.faultAtMs ?? 0);
        lab.mark('served', 'first write acknowledged under a new epoch', { cell, durationMs: sinceMs });
        served += 1;
        if (served >= count) resolve();
      });
    }
  });
  const wait = within(lab, { what: `${count} cells taken over by automation`, withinMs: SERVED_MS_MAX }, enough);
  // It is awaited after the fault; until then a rejection must not count as unhandled.
  wait.catch(() => undefined);
  return wait;
}
