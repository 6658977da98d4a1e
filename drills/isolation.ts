/**
 * A region is cut off from the arbiter and from its peer while clients still reach it, its cells are taken over, and it comes
 * back. Clients write on both sides all the time: what a region that is cut off still does is the question.
 */
import type { Lab } from './lab.ts';
import { closeUp, moveCell, whenDetected } from './move-cell.ts';
import type { InjectedFault } from './nemesis/nemesis.ts';
import { hostOf, refusedByOldOwner, tryOldOwner } from './old-owner.ts';
import { borderOf, cutsOf, type Lost } from './region-links.ts';
import { ACKNOWLEDGED_SHARE_DURING_MIN, cellsOf, steadyStateOf } from './steady-state.ts';
import { ExtraWrites } from './workload/extra-writes.ts';
import type { Pace } from './workload/prober.ts';

export interface Isolation {
  readonly lost: Lost;
  /** Whether the routers are cut too, so that each region's clients reach their own region only. */
  readonly routers: boolean;
}

/** Often enough to meet the moments that matter; long enough to wait for a region that hesitates. */
const STRICT_PACE: Pace = { intervalMs: 100, deadlineMs: 1_000, openMax: 12 };
const CART_PACE: Pace = { intervalMs: 200, deadlineMs: 1_000, openMax: 6 };
/** Before the cut, so that it meets writes under way. */
const LEAD_MS = 400;
const HOLD_MS_MAX = 15_000;

export async function isolateRegion(lab: Lab, isolation: Isolation): Promise<void> {
  const { failover, notes, activeCells, region, peer, clock } = lab;
  const cell = activeCells[0] ?? '';
  const stopWatch = await failover.watch({ cells: activeCells, operatorRegion: peer });
  const clients = clientsOnBothSides(lab, cell);
  try {
    await clock.sleep(LEAD_MS, lab.signal);
    notes.cellsHit = [...activeCells];
    let faults: readonly InjectedFault[] = [];
    await closeUp(lab, activeCells, async () => {
      faults = await cutAndTakeOver(lab, isolation);
    });
    await Promise.all(faults.map((fault) => fault.verified));
    const fromMs = lab.recorder.nowMs();
    notes.recoveryUntilMs = fromMs;
    // With the routers cut, each of them serves its own region's cells only: that is the fault, and no failure.
    notes.during = await hold(lab, isolation.routers ? [] : cellsOf(lab));
    judgeBothSides(lab, { clients, cell, fromMs });
    notes.healAtMs = lab.recorder.nowMs();
    lab.mark('heal', `${region} is connected again`);
    for (const fault of faults) await fault.heal();
    await tryOldOwner(lab, clients.strict);
  } finally {
    await Promise.all(Object.values(clients).map((client) => client.stop()));
    await stopWatch();
  }
  const host = hostOf(lab, { cell, region });
  notes.fenceRefused = await refusedByOldOwner(lab, { cell, host, direct: clients.strict });
}

/** Load on the new owners until they are steady, which cold code on a busy machine takes its time for; bounded. */
async function hold(lab: Lab, cells: readonly string[]): Promise<{ cells: readonly string[]; fromMs: number }> {
  const beganMs = lab.recorder.nowMs();
  for (;;) {
    const fromMs = lab.recorder.nowMs();
    await lab.clock.sleep(lab.options.holdMs, lab.signal);
    const toMs = lab.recorder.nowMs();
    const { held } = steadyStateOf(lab, { cells, fromMs, toMs, shareMin: ACKNOWLEDGED_SHARE_DURING_MIN });
    if (held || toMs - beganMs > HOLD_MS_MAX) return { cells, fromMs };
  }
}

interface Clients {
  readonly strict: ExtraWrites;
  readonly cartsHere: ExtraWrites;
  readonly cartsThere: ExtraWrites;
}

/** Straight at the hosts: as clients of the region that is cut off, whatever its router knows. */
function clientsOnBothSides(lab: Lab, cell: string): Clients {
  const [here, there] = [lab.region, lab.peer].map((region) => ({ host: hostOf(lab, { cell, region }) }));
  if (!here || !there) throw new Error(`${cell} has no hosts in two regions.`);
  const carts = { lab, cell, op: 'cart.put', pace: CART_PACE } as const;
  return {
    strict: new ExtraWrites({ lab, cell, op: 'stock.put', to: here, pace: STRICT_PACE, series: 'isolated', block: 0 }),
    cartsHere: new ExtraWrites({ ...carts, to: here, series: 'here', block: 1 }),
    cartsThere: new ExtraWrites({ ...carts, to: there, series: 'there', block: 2 }),
  };
}

async function cutAndTakeOver(lab: Lab, { lost, routers }: Isolation): Promise<readonly InjectedFault[]> {
  const { nemesis, notes, sight, activeCells, region, peer } = lab;
  const detected = activeCells.map((cell) => ({ cell, noticed: whenDetected(lab, cell) }));
  notes.faultAtMs = lab.recorder.nowMs();
  lab.mark('fault', `${region} is cut off from the arbiter and from ${peer}: ${LOST[lost]}`);
  const cuts = cutsOf(borderOf(sight, { region, routers }), lost);
  const injecting = Promise.all(cuts.map((cut) => nemesis.inject(cut)));
  const takenOver = detected.map(async ({ cell, noticed }) => {
    await noticed;
    await moveCell(lab, { cell, kind: 'failover', to: peer, operatorRegion: peer });
  });
  const [faults] = await Promise.all([injecting, ...takenOver]);
  return faults;
}

export const LOST: Readonly<Record<Lost, string>> = {
  everything: 'nothing gets through',
  outbound: 'what it sends gets lost, what is sent to it arrives',
  inbound: 'what is sent to it gets lost, what it sends arrives',
};

/** After the take-over and before the heal. */
function judgeBothSides(lab: Lab, of: { clients: Clients; cell: string; fromMs: number }): void {
  const window = { fromMs: of.fromMs, toMs: lab.recorder.nowMs() };
  const { strict, cartsHere, cartsThere } = of.clients;
  const [here, there] = [cartsHere.acknowledged(window), cartsThere.acknowledged(window)];
  lab.mark('judge', `carts accepted while cut off: ${here} in ${lab.region}, ${there} in ${lab.peer}`, {
    cell: of.cell,
  });
  const refusing = here === 0 ? lab.region : lab.peer;
  lab.notes.expectations.push(
    {
      held: strict.acknowledged(window) === 0,
      otherwise: `${lab.region} acknowledged ${strict.acknowledged(window)} strict writes after ${lab.peer} had taken ${of.cell} over.`,
    },
    { held: here > 0 && there > 0, otherwise: `${refusing} accepted no cart while the regions were apart.` },
  );
}
