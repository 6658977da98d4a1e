/**
 * The arbiter is gone. For longer than a lease: no lease can be renewed, so every cell stops strict writes, and no region
 * can take another's cell; carts and routers go on. For less than a lease: nobody notices. It returns, and all resume alone.
 */
import type { Experiment } from '../experiment.ts';
import { type Lab, within } from '../lab.ts';
import { closeUp, whenDetected } from '../move-cell.ts';
import type { InjectedFault } from '../nemesis/nemesis.ts';
import { cellsOf, holdFault } from '../steady-state.ts';
import { type Carts, cartsOfEachCell, untilResumed } from '../without-arbiter.ts';
import type { Pace } from '../workload/prober.ts';

const VARIANTS = ['crash', 'stop', 'brief'] as const;
type Variant = (typeof VARIANTS)[number];

/** Of a lease: the next renewal is due within a quarter, and the lease lasts for nine tenths. */
const BRIEF_LEASES = 1 / 3;
/** Of all cells at once: at the fine pace their probes would be the load that they are to notice nothing beside. */
const BRIEF_PACE: Pace = { intervalMs: 100, deadlineMs: 1_000, openMax: 8 };
/** A failover that can't be had must say so: the arbiter's own bounds, several times over. */
const REFUSED_MS_MAX = 30_000;

export const arbiterLost: Experiment = {
  name: 'arbiter-lost',
  summary: 'takes the arbiter away: strict writes end with the leases, carts and routers go on, no region takes over',
  variants: VARIANTS,
  hypothesis: (lab) =>
    variantOf(lab) === 'brief'
      ? 'When the arbiter answers nobody for a third of a lease, no client of any cell notices.'
      : 'When the arbiter is gone for longer than a lease, every cell stops strict writes when its lease runs out and not later, no failover is possible, routers go on with the map they have, and carts are accepted. When it returns, every cell resumes by itself under the epoch that it had, and nothing is lost.',
  run: (lab) => (variantOf(lab) === 'brief' ? briefly(lab) : forLong(lab)),
};

async function briefly(lab: Lab): Promise<void> {
  const cells = cellsOf(lab);
  const briefly = async () => {
    const lost = await lose(lab, 'stop');
    lab.notes.during = { cells, fromMs: lab.notes.faultAtMs ?? 0 };
    await lab.clock.sleep(BRIEF_LEASES * lab.sight.topology.lease.ttlMs, lab.signal);
    // What is looked at is a fact by now: a stopped process is silent from the stop on.
    await Promise.all([lost.verified, giveBack(lab, lost)]);
  };
  await closeUp(lab, cells, briefly, BRIEF_PACE);
  // Whoever was held up by the silence shows it a moment after it: what is judged ends later than it does.
  lab.notes.healAtMs = null;
  await holdFault(lab, { holds: 0 });
  lab.notes.healAtMs = lab.recorder.nowMs();
}

async function forLong(lab: Lab): Promise<void> {
  const { notes, clock, recorder } = lab;
  const cells = cellsOf(lab);
  notes.cellsHit = [...cells];
  notes.newEpochs = [];
  const carts = cartsOfEachCell(lab, cells);
  try {
    const detected = cells.map((cell) => whenDetected(lab, cell));
    const lost = await lose(lab, variantOf(lab) === 'crash' ? 'crash' : 'stop');
    await lost.verified;
    // A renewal that was sent before nobody answered any more lasts a lease at most, on the holder's own clock.
    const outAtMs = recorder.nowMs() + lab.sight.topology.lease.ttlMs;
    await Promise.all(detected);
    await clock.sleep(Math.max(0, outAtMs - recorder.nowMs()), lab.signal);
    await tryFailover(lab);
    await clock.sleep(lab.options.holdMs, lab.signal);
    const window = { fromMs: outAtMs, toMs: recorder.nowMs() };
    judgeWithoutArbiter(lab, { cells, carts, window });
    notes.recoveryUntilMs = window.toMs;
    await giveBack(lab, lost);
    await untilResumed(lab, cells);
  } finally {
    await Promise.all(carts.map(({ writes }) => writes.stop()));
  }
}

async function lose(lab: Lab, kind: 'crash' | 'stop'): Promise<InjectedFault> {
  lab.notes.faultAtMs = lab.recorder.nowMs();
  lab.mark('fault', kind === 'crash' ? 'the arbiter is killed' : 'the arbiter answers nobody');
  return lab.nemesis.inject({ kind, processes: ['arbiter'] });
}

async function giveBack(lab: Lab, lost: InjectedFault): Promise<void> {
  lab.notes.healAtMs = lab.recorder.nowMs();
  lab.mark('heal', 'the arbiter is back');
  await lost.heal();
}

/** Without the arbiter there is nobody to decide: it must be refused or fail, and leave everything as it was. */
async function tryFailover(lab: Lab): Promise<void> {
  const cell = lab.activeCells[0] ?? '';
  const move = { cell, kind: 'failover', to: lab.peer, operatorRegion: lab.peer } as const;
  const trying = lab.failover.run(move).then(
    ({ outcome }) => outcome,
    (thrown: unknown) => `not begun: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
  );
  const outcome = await within(
    lab,
    { what: 'The end of a failover without an arbiter', withinMs: REFUSED_MS_MAX },
    trying,
  );
  lab.mark('judge', `a failover without the arbiter: ${outcome}`, { cell });
  lab.notes.expectations.push({
    held: outcome !== 'done',
    otherwise: `${cell} was failed over to ${lab.peer} although no arbiter answered.`,
  });
}

function judgeWithoutArbiter(
  lab: Lab,
  of: {
    readonly cells: readonly string[];
    readonly carts: readonly Carts[];
    readonly window: { readonly fromMs: number; readonly toMs: number };
  },
): void {
  for (const cell of of.cells) {
    const { probes, acknowledgedShare } = lab.load.log.window(cell, of.window);
    const acknowledged = Math.round(probes * acknowledgedShare);
    lab.mark('judge', `${acknowledged} of ${probes} strict writes acknowledged after every lease was out`, { cell });
    const otherwise = `${cell} acknowledged ${acknowledged} strict writes that were begun after its lease must have run out.`;
    lab.notes.expectations.push({ held: acknowledged === 0, otherwise });
    if (probes === 0) lab.notes.inconclusive.push(`${cell} was asked for no write after its lease had run out.`);
  }
  for (const { cell, region, writes } of of.carts) {
    const accepted = writes.acknowledged(of.window);
    lab.mark('judge', `${accepted} carts accepted meanwhile through the router of ${region}`, { cell });
    const otherwise = `${cell} accepted no cart through the router of ${region} while the arbiter was gone.`;
    lab.notes.expectations.push({ held: accepted > 0, otherwise });
  }
}

function variantOf(lab: Lab): Variant {
  return VARIANTS.find((variant) => variant === lab.options.variant) ?? 'crash';
}
