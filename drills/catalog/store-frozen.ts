/**
 * The store of a cell in its active region freezes: it answers nobody, and its host lives. The host must give its lease up by
 * not renewing it, or nobody could ever take the cell over; and the calls that the store answers when it thaws must come to nothing.
 */
import type { Experiment } from '../experiment.ts';
import type { Lab } from '../lab.ts';
import { closeUp, moveCell, whenDetected } from '../move-cell.ts';
import type { InjectedFault } from '../nemesis/nemesis.ts';
import { hostOf, refusedByOldOwner, statusOf, tryOldOwner } from '../old-owner.ts';
import { ExtraWrites } from '../workload/extra-writes.ts';
import { membersOf } from '../workload/product.ts';
import { DIRECT_LEAD_MS, DIRECT_PACE } from './zombie-writer.ts';

export const storeFrozen: Experiment = {
  name: 'store-frozen',
  summary: 'freezes the store of an active cell: its host gives the lease up, late answers come to nothing',
  hypothesis: (lab) =>
    `When the store of ${cellOf(lab)} in ${lab.region} freezes, its host stops renewing the lease although the arbiter answers it, and the cell goes on in ${lab.peer}; when the store thaws and answers what it was asked before, nothing stale is accepted or acknowledged, and nothing that was acknowledged as replicated is lost.`,
  run: async (lab) => {
    const cell = cellOf(lab);
    const { failover, notes, region, peer } = lab;
    const host = hostOf(lab, { cell, region });
    const stopWatch = await failover.watch({ cells: [cell], operatorRegion: peer });
    const to = { host };
    const direct = new ExtraWrites({
      ...{ lab, cell, op: 'stock.put', to, pace: DIRECT_PACE, series: 'late', block: 0 },
    });
    try {
      await lab.clock.sleep(DIRECT_LEAD_MS, lab.signal);
      notes.cellsHit = [cell];
      let frozen: InjectedFault | undefined;
      await closeUp(lab, [cell], async () => {
        frozen = await freezeAndMove(lab, cell);
      });
      await noteStanding(lab, cell);
      await frozen?.verified;
      notes.recoveryUntilMs = lab.recorder.nowMs();
      notes.healAtMs = notes.recoveryUntilMs;
      lab.mark('heal', `the store in ${region} thaws`, { cell });
      await frozen?.heal();
      await tryOldOwner(lab, direct);
    } finally {
      await direct.stop();
      await stopWatch();
    }
    notes.fenceRefused = await refusedByOldOwner(lab, { cell, host, direct });
  },
};

async function freezeAndMove(lab: Lab, cell: string): Promise<InjectedFault> {
  const { nemesis, notes, region, peer } = lab;
  const detected = whenDetected(lab, cell);
  notes.faultAtMs = lab.recorder.nowMs();
  lab.mark('fault', `the store in ${region} freezes`, { cell });
  const frozen = await nemesis.inject({ kind: 'stop', processes: [`${cell}@${region}.store`] });
  await detected;
  await moveCell(lab, { cell, kind: 'failover', to: peer, operatorRegion: peer });
  return frozen;
}

/** What the host with the frozen store says of itself while the other region serves. */
async function noteStanding(lab: Lab, cell: string): Promise<void> {
  const status = await statusOf(lab, hostOf(lab, { cell, region: lab.region }));
  const { state } = membersOf(status?.standing ?? null);
  lab.mark('judge', `the host of the frozen store says that it is ${String(state ?? 'nothing')}`, { cell });
  lab.notes.expectations.push({
    held: state !== 'active',
    otherwise: `The host of ${cell} in ${lab.region} held itself for active while its store was frozen and ${lab.peer} owned the cell.`,
  });
}

function cellOf(lab: Lab): string {
  return lab.options.cell ?? lab.activeCells[0] ?? '';
}
