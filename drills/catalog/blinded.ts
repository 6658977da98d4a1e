/**
 * One region's view is broken, and nothing else: its control process, or its router, reaches nobody. Everything looks bad from
 * there, so nothing may be removed. What would be moved by a platform that believes one witness stays where it is.
 */
import { inAutomaticMode, movesOf } from '../automatic-mode.ts';
import type { Experiment } from '../experiment.ts';
import type { Lab } from '../lab.ts';
import { cellsOf } from '../steady-state.ts';

const VARIANTS = ['control', 'router', 'both'] as const;
/** Several times what detection, agreement and a lease take. */
const BLIND_MS = 9_000;
const AFTER_MS = 2_000;

export const blinded: Experiment = {
  name: 'blinded',
  summary: 'cuts one region’s control process or router off from everybody; automation must move nothing',
  variants: VARIANTS,
  hypothesis: (lab) =>
    `When the ${subject(lab)} of ${lab.peer} reaches nobody, everything looks bad from there; no region is ill, and automation moves no cell.`,
  run: (lab) =>
    inAutomaticMode(lab, async () => {
      const { notes, nemesis, clock, sight, peer } = lab;
      // A router that reaches nobody hurts its own clients, whichever cell they are in.
      notes.cellsHit = [...cellsOf(lab)];
      notes.newEpochs = [];
      notes.faultAtMs = lab.recorder.nowMs();
      lab.mark('fault', `the ${subject(lab)} of ${peer} reaches nobody`);
      const blind = { control: ['control'], router: ['router'], both: ['control', 'router'] }[variantOf(lab)];
      const names = blind.map((kind) => `${kind}@${peer}`);
      const links = sight.links.filter(({ from }) => names.includes(from)).map(({ name }) => name);
      const fault = await nemesis.inject({ kind: 'cut', links, direction: 'both' });
      await clock.sleep(BLIND_MS, lab.signal);
      await fault.verified;
      notes.healAtMs = lab.recorder.nowMs();
      lab.mark('heal', `the ${subject(lab)} of ${peer} sees again`);
      await fault.heal();
      await clock.sleep(AFTER_MS, lab.signal);
      const moves = await movesOf(lab);
      const moved = moves.map(({ cell, from, to }) => `${cell} ${from} → ${to}`).join(', ');
      notes.expectations.push({ held: moves.length === 0, otherwise: `Automation moved what was well: ${moved}.` });
    }),
};

function variantOf(lab: Lab): (typeof VARIANTS)[number] {
  return VARIANTS.find((variant) => variant === lab.options.variant) ?? 'control';
}

function subject(lab: Lab): string {
  return { control: 'control process', router: 'router', both: 'control process and router' }[variantOf(lab)];
}
