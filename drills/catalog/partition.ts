/**
 * A region is cut off from the arbiter and from its peer, wholly or one way, while clients of both routers still reach it; or
 * its long-distance links lose packets. Cut off, it must stop acknowledging before the other region takes over.
 */
import type { Experiment } from '../experiment.ts';
import { isolateRegion, LOST } from '../isolation.ts';
import type { Lab } from '../lab.ts';
import { borderOf, type Lost } from '../region-links.ts';
import { cellsOf } from '../steady-state.ts';

const VARIANTS = ['hard', 'nothing-out', 'nothing-in', 'lossy'] as const;
type Variant = (typeof VARIANTS)[number];

const CUTS: Readonly<Record<Exclude<Variant, 'lossy'>, Lost>> = {
  hard: 'everything',
  'nothing-out': 'outbound',
  'nothing-in': 'inbound',
};

const LOSS_RATIO = 0.3;
/** Two leases: long enough for every renewal and every replicated write to meet several losses in a row. */
const LOSSY_LEASES = 2;

export const partition: Experiment = {
  name: 'partition',
  summary: 'cuts a region off from arbiter and peer (wholly, or one way), or loses 30 % of what crosses its border',
  variants: VARIANTS,
  hypothesis: (lab) => {
    const variant = variantOf(lab);
    if (variant === 'lossy') {
      return `While ${LOSS_RATIO * 100} % of what crosses the border of ${lab.region} is lost, writes are slow or refused, which is measured; nothing that was acknowledged is lost, nothing stale is accepted, and afterwards everything is steady again by itself.`;
    }
    return `When ${lab.region} is cut off from the arbiter and from ${lab.peer} (${LOST[CUTS[variant]]}) while clients still reach it, it stops acknowledging strict writes before ${lab.peer} takes ${lab.activeCells.join(' and ')} over; carts go on in both regions and are merged afterwards. Nothing that was acknowledged as replicated is lost.`;
  },
  run: (lab) => {
    const variant = variantOf(lab);
    return variant === 'lossy' ? loseShare(lab) : isolateRegion(lab, { lost: CUTS[variant], routers: false });
  },
};

async function loseShare(lab: Lab): Promise<void> {
  const { nemesis, notes, region, recorder, clock } = lab;
  const { leaving, entering } = borderOf(lab.sight, { region, routers: true });
  const cells = cellsOf(lab);
  // All may be slow, none needs a new owner, and how many of their writes get through is the measurement.
  notes.cellsHit = [...cells];
  notes.newEpochs = [];
  notes.faultAtMs = recorder.nowMs();
  lab.mark('fault', `${LOSS_RATIO * 100} % of what crosses the border of ${region} is lost`);
  const lossy = await nemesis.inject({ kind: 'lossy', links: [...leaving, ...entering], lossRatio: LOSS_RATIO });
  await clock.sleep(LOSSY_LEASES * lab.sight.topology.lease.ttlMs, lab.signal);
  await lossy.verified;
  const window = { fromMs: notes.faultAtMs, toMs: recorder.nowMs() };
  for (const cell of cells) {
    const { probes, acknowledgedShare } = lab.load.log.window(cell, window);
    const share = Math.round(acknowledgedShare * 100);
    lab.mark('judge', `${share} % of ${probes} writes were acknowledged meanwhile`, { cell });
  }
  notes.recoveryUntilMs = window.toMs;
  notes.healAtMs = window.toMs;
  lab.mark('heal', `the links of ${region} lose nothing any more`);
  await lossy.heal();
}

function variantOf(lab: Lab): Variant {
  return VARIANTS.find((variant) => variant === lab.options.variant) ?? 'hard';
}
