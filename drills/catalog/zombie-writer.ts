/**
 * The active writer is stopped in the middle of its work, its cell moves on, and then it continues, knowing nothing, while
 * clients that hold its old address go on writing to it. Whatever it still does must be refused or come to nothing.
 */
import type { Experiment } from '../experiment.ts';
import type { Lab } from '../lab.ts';
import { closeUp, moveCell, whenDetected } from '../move-cell.ts';
import type { InjectedFault } from '../nemesis/nemesis.ts';
import { hostOf, refusedByOldOwner, tryOldOwner } from '../old-owner.ts';
import { ExtraWrites } from '../workload/extra-writes.ts';
import type { Pace } from '../workload/prober.ts';

const VARIANTS = ['host', 'store', 'both'] as const;
type Variant = (typeof VARIANTS)[number];

/** Writes straight at the old owner: often enough that some are always under way in it. */
export const DIRECT_PACE: Pace = {
  intervalMs: 40,
  // Long, so that most of what waited in a stopped process is still wanted when it continues.
  deadlineMs: 2_000,
  openMax: 52,
};
/** Before the stop, so that it hits the writer with writes in its hands. */
export const DIRECT_LEAD_MS = 400;

export const zombieWriter: Experiment = {
  name: 'zombie-writer',
  summary: 'stops the active writer, moves its cell, lets it continue: nothing stale may be accepted',
  variants: VARIANTS,
  hypothesis: (lab) =>
    `When the active writer of ${cellOf(lab)} (${SUBJECTS[variantOf(lab)]} in ${lab.region}) is stopped with writes in its hands, the cell goes on in ${lab.peer}; and when it continues, with clients still writing to it directly, none of its stale writes is accepted or acknowledged, and none changes what the new owner's readers see.`,
  run: async (lab) => {
    const cell = cellOf(lab);
    const { failover, notes, region, peer } = lab;
    const host = hostOf(lab, { cell, region });
    const stopWatch = await failover.watch({ cells: [cell], operatorRegion: peer });
    const to = { host };
    const direct = new ExtraWrites({
      ...{ lab, cell, op: 'stock.put', to, pace: DIRECT_PACE, series: 'direct', readEvery: 4, block: 0 },
    });
    try {
      await lab.clock.sleep(DIRECT_LEAD_MS, lab.signal);
      let stopped: InjectedFault | undefined;
      notes.cellsHit = [cell];
      await closeUp(lab, [cell], async () => {
        stopped = await stopAndMove(lab, cell);
      });
      await letContinue(lab, { cell, stopped });
      await tryOldOwner(lab, direct);
    } finally {
      await direct.stop();
      await stopWatch();
    }
    notes.fenceRefused = await refusedByOldOwner(lab, { cell, host, direct });
  },
};

const SUBJECTS: Readonly<Record<Variant, string>> = {
  host: 'its host',
  store: 'its store',
  both: 'its host and its store',
};

async function stopAndMove(lab: Lab, cell: string): Promise<InjectedFault> {
  const { nemesis, notes, region, peer } = lab;
  const variant = variantOf(lab);
  const host = `${cell}@${region}`;
  const processes = { host: [host], store: [`${host}.store`], both: [host, `${host}.store`] }[variant];
  const detected = whenDetected(lab, cell);
  notes.faultAtMs = lab.recorder.nowMs();
  lab.mark('fault', `stop of ${SUBJECTS[variant]} in ${region}`, { cell });
  const stopped = await nemesis.inject({ kind: 'stop', processes });
  await detected;
  await moveCell(lab, { cell, kind: 'failover', to: peer, operatorRegion: peer });
  return stopped;
}

async function letContinue(lab: Lab, of: { cell: string; stopped: InjectedFault | undefined }): Promise<void> {
  await of.stopped?.verified;
  lab.notes.recoveryUntilMs = lab.recorder.nowMs();
  lab.notes.healAtMs = lab.recorder.nowMs();
  lab.mark('heal', `${SUBJECTS[variantOf(lab)]} in ${lab.region} continues, knowing nothing`, { cell: of.cell });
  await of.stopped?.heal();
}

function variantOf(lab: Lab): Variant {
  return VARIANTS.find((variant) => variant === lab.options.variant) ?? 'host';
}

function cellOf(lab: Lab): string {
  return lab.options.cell ?? lab.activeCells[0] ?? '';
}
