/**
 * The health of a region alternates, with periods around the time that detection takes, so that each decision would be wrong a
 * moment later. Automation must not flap with it: a cell is moved once at most, never back, and never more cells than allowed.
 */
import { randomInt, seededRng } from '../../core/rng.ts';
import { expectGuarded, inAutomaticMode, movesOf, noteMoves, settledMoves } from '../automatic-mode.ts';
import type { Experiment } from '../experiment.ts';
import type { Lab } from '../lab.ts';
import type { Fault } from '../nemesis/fault.ts';
import { cellsOf } from '../steady-state.ts';

/** `hosts`: its cell hosts are stopped and continued. `links`: it is cut off from the rest of the world, arbiter included. */
const VARIANTS = ['hosts', 'links'] as const;

const PERIODS = 6;
/** Ill and well in turn; from well below what detection takes (a lease and its margin) to above it. */
const ILL_MS = { min: 1_000, max: 5_500 };
const WELL_MS = { min: 500, max: 2_500 };
const SETTLE_MS_MAX = 15_000;

export const flapping: Experiment = {
  name: 'flapping',
  summary: 'a region is ill and well in turn; automation must not flap with it',
  variants: VARIANTS,
  hypothesis: (lab) =>
    `While ${lab.region} is ill and well ${PERIODS} times in turn (${lab.options.variant}), automation moves at most ${lab.sight.topology.automation.cellsMovedMax} cells, each once and none back, nothing that was acknowledged as replicated is lost, and afterwards everything serves.`,
  run: (lab) =>
    inAutomaticMode(lab, async () => {
      const { notes, region } = lab;
      const hit = lab.options.variant === 'links' ? cellsOf(lab) : lab.activeCells;
      notes.cellsHit = [...hit];
      notes.faultAtMs = lab.recorder.nowMs();
      const rng = seededRng(lab.seed);
      for (let period = 1; period <= PERIODS; period++) {
        const illMs = ILL_MS.min + randomInt(rng, ILL_MS.max - ILL_MS.min);
        const wellMs = WELL_MS.min + randomInt(rng, WELL_MS.max - WELL_MS.min);
        await illFor(lab, { period, illMs });
        lab.mark('heal', `${region} is well for ${wellMs} ms`);
        await lab.clock.sleep(wellMs, lab.signal);
      }
      notes.healAtMs = lab.recorder.nowMs();
      notes.recoveryUntilMs = lab.recorder.nowMs();
      await judgeMoves(lab);
    }),
};

async function illFor(lab: Lab, { period, illMs }: { period: number; illMs: number }): Promise<void> {
  const { nemesis, region, clock } = lab;
  lab.mark('fault', `${region} is ill for ${illMs} ms (${period} of ${PERIODS})`);
  const fault = await nemesis.inject(illness(lab));
  await clock.sleep(illMs, lab.signal);
  await fault.heal();
}

function illness(lab: Lab): Fault {
  const { sight, region } = lab;
  if (lab.options.variant === 'hosts') {
    const hosts = sight.processes.filter((process) => process.kind === 'cell' && process.region === region);
    return { kind: 'stop', processes: hosts.map((process) => process.name) };
  }
  const here = (place: string) => place.split('.')[0]?.endsWith(`@${region}`) === true;
  // The clients of the region stay: what is cut is the region from the others, and from the arbiter.
  const links = sight.links.filter((link) => here(link.from) !== here(link.to) && link.to !== 'payments');
  return { kind: 'cut', links: links.map((link) => link.name), direction: 'both' };
}

async function judgeMoves(lab: Lab): Promise<void> {
  const moves = await settledMoves(lab, { withinMs: SETTLE_MS_MAX });
  noteMoves(lab, moves);
  lab.notes.newEpochs = moves.filter((move) => move.outcome === 'done').map(({ cell }) => cell);
  // Once it is well, nothing more may happen: what was moved stays, what was not stays too.
  await lab.clock.sleep(SETTLE_MS_MAX / 3, lab.signal);
  const later = await movesOf(lab);
  expectGuarded(lab, later);
  const otherwise = `Automation moved ${later.length - moves.length} more cells after the region was well.`;
  lab.notes.expectations.push({ held: later.length === moves.length, otherwise });
}
