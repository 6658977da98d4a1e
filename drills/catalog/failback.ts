/**
 * There and back: a region is lost with writes that had not left it, its cells go on in the other one, it comes back, and its
 * cells are to come home. While what it had alone is not settled, or its copy is behind, the way home is refused with the
 * reason; when it is taken, nothing may get lost on it.
 */
import type { Experiment } from '../experiment.ts';
import type { Lab } from '../lab.ts';
import { closeUp, moveCell } from '../move-cell.ts';
import type { InjectedFault } from '../nemesis/nemesis.ts';
import type { Move, MoveResult } from '../ports/failover-port.ts';
import { holdFault } from '../steady-state.ts';
import { loseAndTakeOver } from './region-lost.ts';

/** Writes made in the meantime stay in the home region's journal: they are what it has alone. */
const UNSHIPPED_MS = 500;
/** From the heal to a copy at home that may serve: what waits is shipped, what is stale is settled and repaired. */
const CONSISTENT_MS_MAX = 60_000;
const ASK_EVERY_MS = 500;
/** What still waits to be settled by then waits for a person. */
const PERSON_AFTER_MS = 6_000;
/** Under load at home again, before the end. */
const HOME_MS = 1_000;

export const failback: Experiment = {
  name: 'failback',
  summary: 'loses a region with writes that had not left it, takes over, and brings its cells home once that is safe',
  hypothesis: (lab) =>
    `After ${lab.region} was lost and has come back, its cells (${lab.activeCells.join(', ')}) come home. The move is refused, with the reason, as long as the copy at home is behind or holds what nobody has settled; then it loses nothing, and replication flows from ${lab.region} to ${lab.peer} again.`,
  run: async (lab) => {
    const { failover, notes, activeCells, region, peer, recorder } = lab;
    const stopWatch = await failover.watch({ cells: activeCells, operatorRegion: peer });
    try {
      notes.cellsHit = [...activeCells];
      const lost = await loseWithUnshipped(lab);
      notes.recoveryUntilMs = recorder.nowMs();
      await lost?.verified;
      notes.during = { cells: activeCells, fromMs: notes.recoveryUntilMs };
      await holdFault(lab);
      notes.healAtMs = recorder.nowMs();
      lab.mark('heal', `${region} is started again`);
      await lab.nemesis.healAll();
      lab.mark('heal', `every process of ${region} is ready`, { durationMs: recorder.nowMs() - notes.healAtMs });
      for (const cell of activeCells) await comeHome(lab, cell);
      await lab.clock.sleep(HOME_MS, lab.signal);
      judgeOwners(lab);
    } finally {
      await stopWatch();
    }
  },
};

/** Replication is cut first, so that the region surely dies with writes that the other one has never seen. */
async function loseWithUnshipped(lab: Lab): Promise<InjectedFault | undefined> {
  const { region, peer, activeCells } = lab;
  const links = activeCells.map((cell) => `${cell}@${region}>${cell}@${peer}.store`);
  lab.mark('fault', `replication from ${region} is cut`);
  let lost: InjectedFault | undefined;
  await closeUp(lab, activeCells, async () => {
    const cut = await lab.nemesis.inject({
      kind: 'cut',
      links,
      direction: 'both',
    });
    await Promise.all([cut.verified, lab.clock.sleep(UNSHIPPED_MS, lab.signal)]);
    lost = await loseAndTakeOver(lab);
  });
  return lost;
}

/** Asks until nothing speaks against it. What it was refused for is told; a move with objections has to be refused. */
async function comeHome(lab: Lab, cell: string): Promise<void> {
  const { region, peer, recorder, clock, notes } = lab;
  const move: Move = { cell, kind: 'failback', to: region, operatorRegion: peer };
  const askedAtMs = recorder.nowMs();
  let refusedFor = '';
  for (;;) {
    const objections = (await objectionsTo(lab, move)).join('; ');
    if (objections === '') break;
    if (objections !== refusedFor && (await tryRefused(lab, { move, objections })) === 'home') return;
    refusedFor = objections;
    if (recorder.nowMs() - askedAtMs > PERSON_AFTER_MS) await actAsPerson(lab, cell);
    if (recorder.nowMs() - askedAtMs > CONSISTENT_MS_MAX)
      throw new Error(`${cell} can't come home ${CONSISTENT_MS_MAX} ms after the heal: ${objections}.`);
    await clock.sleep(ASK_EVERY_MS, lab.signal);
  }
  const durationMs = recorder.nowMs() - (notes.healAtMs ?? askedAtMs);
  lab.mark('failover', 'nothing speaks against coming home', { cell, durationMs });
  await closeUp(lab, [cell], async () => {
    judgeConsistent(lab, { cell, result: await moveCell(lab, move) });
  });
}

/** A write that both regions made of the same thing has no rule: the report says what was given up for which. */
async function actAsPerson(lab: Lab, cell: string): Promise<void> {
  const reason = 'drill: the newer write of the owner stays';
  for (const id of await lab.failover.discardLeft({ cell, reason })) {
    lab.mark('failover', `${id} is discarded by hand: ${reason}`, { cell });
  }
}

/** What spoke against it may be settled a moment later; then the move is as good as any. */
async function tryRefused(lab: Lab, of: { move: Move; objections: string }): Promise<'refused' | 'home'> {
  const { move } = of;
  const result = await lab.failover.run(move);
  if (result.outcome === 'refused') {
    lab.mark('failover', `coming home is refused: ${of.objections}`, { cell: move.cell });
    return 'refused';
  }
  if (result.outcome === 'failed') throw new Error(`Coming home had objections (${of.objections}), began, and failed.`);
  judgeConsistent(lab, { cell: move.cell, result });
  return 'home';
}

async function objectionsTo(lab: Lab, move: Move): Promise<readonly string[]> {
  const plan = await lab.failover.plan(move);
  const { objections } = membersOf(plan);
  return Array.isArray(objections) ? objections.map(String) : [];
}

/** The coordinator's own evidence, as its record has it: it may not have moved the cell over open quarantine. */
function judgeConsistent(lab: Lab, { cell, result }: { cell: string; result: MoveResult }): void {
  const { quarantined } = membersOf(membersOf(membersOf(result.decision).decision).evidence);
  lab.notes.expectations.push({
    held: typeof quarantined !== 'number' || quarantined === 0,
    otherwise: `${cell} was brought home over ${quarantined} quarantined commits that nobody had settled.`,
  });
}

function judgeOwners(lab: Lab): void {
  for (const cell of lab.activeCells) {
    const owner = lab.load.log.ownerOf(cell);
    lab.notes.expectations.push({
      held: owner?.region === lab.region,
      otherwise: `${cell} is answered by ${owner?.region} after it was brought home to ${lab.region}.`,
    });
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
