/**
 * Everything that changes the platform is gone: the control processes are dead, the arbiter answers nobody, and meanwhile processes
 * of the data plane are restarted, because that is when what was only remembered in memory shows. Ten minutes, compressed: longer
 * than any lease and than the longest pause between two questions for documents.
 */
import { holderValidityMs } from '../../core/lease.ts';
import { command, saidOf } from '../commands.ts';
import { documentsSeen, seenText } from '../documents-seen.ts';
import type { Experiment } from '../experiment.ts';
import type { Lab } from '../lab.ts';
import { acknowledgesNothing, refusesHonestly, servesToTheBound, tooFew } from '../lease-bound.ts';
import type { InjectedFault } from '../nemesis/nemesis.ts';
import { hostOf, statusOf } from '../old-owner.ts';
import { expectSwitch, readThrough, readUnderSwitch, showsSwitch, withSwitch } from '../standing-switch.ts';
import { cellsOf } from '../steady-state.ts';
import { type Carts, cartsOfEachCell, untilResumed } from '../without-arbiter.ts';
import { membersOf } from '../workload/product.ts';
import type { RepeatedReads } from '../workload/repeated-reads.ts';

const VARIANTS = ['leased', 'pinned'] as const;
const GONE_MS = 15_000;

export const controlPlaneLost: Experiment = {
  name: 'control-plane-lost',
  summary:
    'takes control and arbiter away and restarts a router and a standby: what was set stays, carts and reads go on',
  variants: VARIANTS,
  keepersFor: (variant) => (variant === 'pinned' ? 'pinned' : null),
  hypothesis: (lab) => {
    const strict = isPinned(lab)
      ? 'strict writes go on all the while, because leases are pinned'
      : 'strict writes go on until each lease ends, then are refused and never hang';
    return `When every control process is dead and the arbiter answers nobody, ${strict}. Routers, carts and reads go on, also through a router and beside a standby that are restarted meanwhile; a switch that was set before stays in effect everywhere. When both are back, all resumes by itself under the same epochs, and nothing is lost.`;
  },
  run: async (lab) => {
    if (isPinned(lab) !== (lab.sight.keepers === 'pinned'))
      throw new Error(
        'This platform keeps its leases otherwise. Run the drill without --attach, or the other variant.',
      );
    await withSwitch(lab, (version) => withoutControl(lab, version));
  },
};

async function withoutControl(lab: Lab, version: number): Promise<void> {
  const { notes, recorder, clock } = lab;
  const cells = cellsOf(lab);
  notes.cellsHit = isPinned(lab) ? [] : [...cells];
  notes.newEpochs = [];
  const epochs = new Map(cells.map((cell) => [cell, lab.load.log.epochOf(cell)]));
  const carts = cartsOfEachCell(lab, cells);
  const reads = readUnderSwitch(lab, lab.region);
  try {
    const lost = await lose(lab);
    const bounds = await noteBounds(lab, cells);
    await restartBoth(lab, version);
    const gone = { ...bounds, calmFromMs: recorder.nowMs() };
    await tryToChange(lab);
    await clock.sleep(Math.max(0, gone.fromMs + GONE_MS - recorder.nowMs()), lab.signal);
    const window = { fromMs: gone.fromMs, toMs: recorder.nowMs() };
    judgeStrict(lab, { cells, gone, window });
    judgeMergeable(lab, { carts, reads, window });
    await expectSwitch(lab, { version, when: 'before the heal' });
    notes.recoveryUntilMs = notes.healAtMs = recorder.nowMs();
    lab.mark('heal', 'control and the arbiter are back');
    await Promise.all(lost.map((fault) => fault.heal()));
    await untilResumed(lab, cells);
    for (const cell of cells) {
      const [before, now] = [epochs.get(cell), lab.load.log.epochOf(cell)];
      notes.expectations.push({ held: before === now, otherwise: `${cell} went from epoch ${before} to ${now}.` });
    }
  } finally {
    await Promise.all([reads.stop(), ...carts.map(({ writes }) => writes.stop())]);
  }
}

/** Control first, so that nobody can say what the arbiter still knew. */
async function lose(lab: Lab): Promise<readonly InjectedFault[]> {
  const controls = lab.sight.processes.filter(({ kind }) => kind === 'control').map(({ name }) => name);
  const control = await lab.nemesis.inject({ kind: 'crash', processes: controls });
  await control.verified;
  lab.notes.faultAtMs = lab.recorder.nowMs();
  lab.mark('fault', `${controls.length} control processes are dead, the arbiter answers nobody`);
  const arbiter = await lab.nemesis.inject({ kind: 'stop', processes: ['arbiter'] });
  void arbiter.verified;
  return [control, arbiter];
}

interface Gone {
  /** From here on nobody's renewal was taken. */
  readonly fromMs: number;
  /** Cell → until when its lease lasts at least, by its own word. */
  readonly heldUntilMs: ReadonlyMap<string, number>;
  /** No lease lasts longer, whatever anybody says. */
  readonly outAtMs: number;
  /** From here on nothing is restarted. */
  readonly calmFromMs: number;
}

async function noteBounds(lab: Lab, cells: readonly string[]): Promise<Omit<Gone, 'calmFromMs'>> {
  const { recorder, clock } = lab;
  const fromMs = recorder.nowMs();
  const validityMs = holderValidityMs(lab.sight.topology.lease.ttlMs);
  const outAtMs = fromMs + validityMs;
  const held = cells.map(async (cell) => {
    const region = lab.load.log.ownerOf(cell)?.region ?? lab.region;
    const askedAtMs = recorder.nowMs();
    const { validForMs } = membersOf((await statusOf(lab, hostOf(lab, { cell, region })))?.lease ?? null);
    // A pinned one is for ever, which JSON has no number for.
    const untilMs = typeof validForMs === 'number' ? askedAtMs + validForMs : outAtMs;
    if (!isPinned(lab))
      lab.mark('judge', 'the lease lasts for, since the arbiter was lost', { cell, durationMs: untilMs - fromMs });
    return [cell, untilMs] as const;
  });
  const heldUntilMs = new Map(await Promise.all(held));
  await clock.sleep(Math.max(0, outAtMs - recorder.nowMs()), lab.signal);
  return { fromMs, heldUntilMs, outAtMs };
}

/** A router that no control can tell its map, and a standby that no arbiter can tell its documents. */
async function restartBoth(lab: Lab, version: number): Promise<void> {
  const [cell = ''] = lab.activeCells;
  const names = [`router@${lab.peer}`, hostOf(lab, { cell, region: lab.peer }).name];
  lab.mark('fault', `${names.join(' and ')} are restarted`);
  const restart = await lab.nemesis.inject({ kind: 'crash', processes: names });
  await restart.verified;
  await restart.heal();
  lab.mark('served', `${names.join(' and ')} are ready, without control and arbiter`);
  const reborn = (await documentsSeen(lab, 'modes')).filter(({ name }) => names.includes(name));
  lab.mark('judge', `restarted: ${seenText(reborn)}`);
  const kept = reborn.length === 1 && reborn.every((one) => one.version === version && one.source === 'kept');
  lab.notes.expectations.push({
    held: kept,
    otherwise: `Restarted without the arbiter: ${seenText(reborn)}. Wanted: ${version}, kept.`,
  });
  await readThrough(lab, lab.peer);
}

/** What can't be had must be said. */
async function tryToChange(lab: Lab): Promise<void> {
  const ended = await command(lab, ['mode', 'set', 'all', '40', '--why', 'drill', '--expires', '1h', '--json']);
  lab.mark('judge', `a mode set meanwhile: exit ${ended.exitCode}: ${saidOf(ended)}`);
  const held = ended.exitCode === 1 && /arbiter/i.test(saidOf(ended));
  const otherwise = `"mode set" without an arbiter ended with ${ended.exitCode}: ${saidOf(ended)}. Wanted: refused, because no region reaches the arbiter.`;
  lab.notes.expectations.push({ held, otherwise });
}

type Window = { readonly fromMs: number; readonly toMs: number };

function judgeStrict(
  lab: Lab,
  { cells, gone, window }: { cells: readonly string[]; gone: Gone; window: Window },
): void {
  const { notes, load } = lab;
  for (const cell of cells) {
    const heldUntilMs = isPinned(lab) ? window.toMs : (gone.heldUntilMs.get(cell) ?? gone.fromMs);
    const held = load.log.answers(cell, { fromMs: gone.fromMs, toMs: heldUntilMs });
    lab.mark('judge', `${held.acknowledged} of ${held.probes} strict writes acknowledged while the lease held`, {
      cell,
    });
    notes.expectations.push(...servesToTheBound(cell, held));
    notes.inconclusive.push(...tooFew(cell, { seen: held, when: 'while its lease held' }));
    if (isPinned(lab)) continue;
    const out = load.log.answers(cell, { fromMs: gone.outAtMs, toMs: window.toMs });
    lab.mark('judge', `${out.acknowledged} of ${out.probes} after every lease was out`, { cell });
    // What was on its way to a process that is killed has no known outcome, and says so.
    const calm = load.log.answers(cell, { fromMs: gone.calmFromMs, toMs: window.toMs });
    notes.expectations.push(acknowledgesNothing(cell, out), ...refusesHonestly(cell, calm));
    notes.inconclusive.push(...tooFew(cell, { seen: calm, when: 'after its lease was out' }));
  }
}

function judgeMergeable(
  lab: Lab,
  of: { readonly carts: readonly Carts[]; readonly reads: RepeatedReads; readonly window: Window },
): void {
  for (const { cell, region, writes } of of.carts) {
    const accepted = writes.acknowledged(of.window);
    const read = of.reads.within(cell, of.window);
    const served = read.filter(({ outcome }) => showsSwitch(outcome));
    lab.mark(
      'judge',
      `${accepted} carts accepted by way of ${region}; ${served.length} of ${read.length} reads as the switch says`,
      { cell },
    );
    const other = read.find(({ outcome }) => !showsSwitch(outcome))?.outcome;
    lab.notes.expectations.push(
      { held: accepted > 0, otherwise: `${cell} accepted no cart while control and arbiter were gone.` },
      {
        held: read.length > 0 && served.length === read.length,
        otherwise: `${cell} answered ${read.length - served.length} of ${read.length} reads otherwise than the switch says: ${other?.status} ${JSON.stringify(other?.body ?? null)}.`,
      },
    );
  }
}

function isPinned(lab: Lab): boolean {
  return lab.options.variant === 'pinned';
}
