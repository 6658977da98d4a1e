/**
 * A cell at half speed: its active host, its store, or both run for half of the time. Slow is worse than dead, because nothing
 * is over: nobody may take the cell for gone, nobody else may wait for it, and nothing may get lost between deadlines.
 */
import type { Experiment } from '../experiment.ts';
import type { Lab } from '../lab.ts';
import type { InjectedFault } from '../nemesis/nemesis.ts';
import { cellsOf, holdFault } from '../steady-state.ts';

const RUN_RATIO = 0.5;
/** In `holdMs`: longer than a lease and its margin, so that a lease that is not renewed shows. */
const SLOW_HOLDS = 4;
/** Of the probes of the slow cell, whose deadline is that of a patient client: an answer may be a refusal, silence may not be. */
const ANSWERED_SHARE_MIN = 0.9;

const SUBJECTS = {
  host: 'its active host',
  store: 'the store of its active region',
  both: 'its active host and store',
};
type Variant = keyof typeof SUBJECTS;
const VARIANTS: readonly Variant[] = ['host', 'store', 'both'];

export const slowCell: Experiment = {
  name: 'slow-cell',
  summary: 'lets a cell run for half of the time: it gets slower, nobody else does, and nobody takes it for dead',
  variants: VARIANTS,
  hypothesis: (lab) =>
    `When ${SUBJECTS[variantOf(lab)]} of ${cellOf(lab)} in ${lab.region} runs for half of the time only, the cell answers later but answers, it stays where it is, no other cell notices, and nothing that was acknowledged is lost.`,
  run: async (lab) => {
    const { notes, recorder } = lab;
    const cell = cellOf(lab);
    notes.cellsHit = [cell];
    // Slow is not gone: there is nothing to take over.
    notes.newEpochs = [];
    const nowMs = recorder.nowMs();
    const before = { fromMs: nowMs - lab.options.steadyMs, toMs: nowMs };
    const owner = lab.load.log.ownerOf(cell);
    const slowed = await slow(lab, cell);
    await slowed.verified;
    await holdFault(lab, { holds: SLOW_HOLDS });
    const during = { fromMs: notes.faultAtMs ?? 0, toMs: recorder.nowMs() };
    reportServed(lab, { before, during });
    judgeAnswers(lab, { cell, ...during });
    judgeOwner(lab, { cell, before: owner });
    notes.healAtMs = recorder.nowMs();
    lab.mark('heal', 'runs at full speed again', { cell });
    await slowed.heal();
    notes.recoveryUntilMs = recorder.nowMs();
  },
};

function slow(lab: Lab, cell: string): Promise<InjectedFault> {
  const host = `${cell}@${lab.region}`;
  const store = `${host}.store`;
  const processes = { host: [host], store: [store], both: [host, store] }[variantOf(lab)];
  lab.notes.faultAtMs = lab.recorder.nowMs();
  lab.mark('fault', `${processes.join(' and ')} from now on ${RUN_RATIO * 100} % of the time`, { cell });
  return lab.nemesis.inject({ kind: 'throttle', processes, runRatio: RUN_RATIO });
}

export type Between = { readonly fromMs: number; readonly toMs: number };

/** Of every cell. Times are told, not judged: what else the machine does would decide the verdict. */
export function reportServed(lab: Lab, { before, during }: { before: Between; during: Between }): void {
  for (const cell of cellsOf(lab)) {
    const was = lab.load.log.window(cell, before);
    const is = lab.load.log.window(cell, during);
    const shares = `${percent(is.acknowledgedShare)} of ${is.probes} probes acknowledged (before: ${percent(was.acknowledgedShare)})`;
    const told = `${shares}, mean ${is.meanMs.toFixed(1)} ms (${was.meanMs.toFixed(1)} ms), p99 ${Math.round(is.p99Ms)} ms (${Math.round(was.p99Ms)} ms)`;
    lab.mark('served', told, { cell });
  }
}

export function judgeAnswers(lab: Lab, of: Between & { cell: string }): void {
  const seen = lab.load.log.answers(of.cell, of);
  lab.notes.expectations.push(
    {
      held: seen.probes > 0 && seen.answered / seen.probes >= ANSWERED_SHARE_MIN,
      otherwise: `The slow cell left clients without an answer: ${seen.answered} of ${seen.probes} probes were answered.`,
    },
    { held: seen.acknowledged > 0, otherwise: 'The slow cell acknowledged nothing any more.' },
  );
}

/** A lease that it could not renew in time is taken again by itself, under a new epoch; a move nobody has asked for. */
export function judgeOwner(lab: Lab, of: { cell: string; before: { region: string; epoch: number } | null }): void {
  const now = lab.load.log.ownerOf(of.cell);
  lab.mark('served', `the owner is ${now?.region}, epoch ${now?.epoch} (before: epoch ${of.before?.epoch})`, of);
  lab.notes.expectations.push({
    held: now !== null && now.region === of.before?.region,
    otherwise: `${of.cell} moved from ${of.before?.region} to ${now?.region} because it was slow.`,
  });
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}

function variantOf(lab: Lab): Variant {
  return VARIANTS.find((variant) => variant === lab.options.variant) ?? 'host';
}

function cellOf(lab: Lab): string {
  return lab.options.cell ?? lab.activeCells[0] ?? '';
}
