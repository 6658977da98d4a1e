/**
 * The active writer is stopped in the middle of its work, its cell moves on, and then it continues, knowing nothing, while
 * clients that hold its old address go on writing to it. Whatever it still does must be refused or come to nothing.
 */
import type { Experiment } from '../experiment.ts';
import type { Lab } from '../lab.ts';
import { closeUp, moveCell, whenDetected } from '../move-cell.ts';
import type { InjectedFault } from '../nemesis/nemesis.ts';
import type { ProcessSight } from '../ports/platform-port.ts';
import { EXTRA_CLIENTS } from '../workload/load.ts';
import { type Pace, Prober } from '../workload/prober.ts';
import { membersOf } from '../workload/product.ts';

const VARIANTS = ['host', 'store', 'both'] as const;
type Variant = (typeof VARIANTS)[number];

/** Writes straight at the old owner: often enough that some are always under way in it. */
const DIRECT_PACE: Pace = {
  intervalMs: 40,
  // Long, so that most of what waited in a stopped process is still wanted when it continues.
  deadlineMs: 2_000,
  openMax: 52,
};
/** Before the stop, so that it hits the writer with writes in its hands. */
const DIRECT_LEAD_MS = 400;
/** After the continue, the old owner gets this long to do damage … */
const ZOMBIE_MS = 2_000;
/** … and longer, until it has answered this often: one that says nothing has not been tried. */
const ZOMBIE_ANSWERS_MIN = 10;
const ZOMBIE_MS_MAX = 12_000;
const POLL_MS = 100;

export const zombieWriter: Experiment = {
  name: 'zombie-writer',
  summary: 'stops the active writer, moves its cell, lets it continue: nothing stale may be accepted',
  hypothesis: (lab) =>
    `When the active writer of ${cellOf(lab)} (${SUBJECTS[variantOf(lab)]} in ${lab.region}) is stopped with writes in its hands, the cell goes on in ${lab.peer}; and when it continues, with clients still writing to it directly, none of its stale writes is accepted or acknowledged, and none changes what the new owner's readers see.`,
  run: async (lab) => {
    const cell = cellOf(lab);
    const { failover, notes, peer } = lab;
    const stopWatch = await failover.watch({ cells: [cell], operatorRegion: peer });
    const direct = directWrites(lab, cell);
    try {
      await lab.clock.sleep(DIRECT_LEAD_MS, lab.signal);
      let stopped: InjectedFault | undefined;
      notes.cellsHit = [cell];
      await closeUp(lab, [cell], async () => {
        stopped = await stopAndMove(lab, cell);
      });
      await letContinue(lab, { cell, stopped });
      await tryZombie(lab, direct);
    } finally {
      await direct.stop();
      await stopWatch();
    }
    notes.fenceRefused = await refusedByOldOwner(lab, { cell, seenByClients: direct.refused() });
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

async function tryZombie(lab: Lab, direct: DirectWrites): Promise<void> {
  const beganMs = lab.recorder.nowMs();
  const before = direct.answered();
  await lab.clock.sleep(ZOMBIE_MS, lab.signal);
  while (direct.answered() - before < ZOMBIE_ANSWERS_MIN) {
    if (lab.recorder.nowMs() - beganMs > ZOMBIE_MS_MAX) {
      const message = `The old owner answered fewer than ${ZOMBIE_ANSWERS_MIN} writes in ${ZOMBIE_MS_MAX} ms after it continued: it was not tried.`;
      lab.notes.inconclusive.push(message);
      return;
    }
    await lab.clock.sleep(POLL_MS, lab.signal);
  }
}

interface DirectWrites {
  /** Answers that somebody gave, whatever they say. */
  answered(): number;
  stop(): Promise<void>;
  /** Answers that say "not you" or "not any more". */
  refused(): { readonly total: number; readonly byFence: number };
}

const REFUSALS: ReadonlySet<string> = new Set(['NOT_ACTIVE', 'LEASE_NOT_HELD', 'FENCE_STALE_EPOCH']);

function directWrites(lab: Lab, cell: string): DirectWrites {
  const tenant = lab.tenants.find((one) => one.cell === cell);
  const host = hostOf(lab, cell);
  if (!tenant || !host) throw new Error(`${cell} has no tenant, or no host in ${lab.region}.`);
  const codes: string[] = [];
  let answered = 0;
  let stopped = false;
  const { entry, recorder, clock } = lab;
  const prober = new Prober({
    ...{ tenant, entry, recorder, clock },
    firstClient: EXTRA_CLIENTS,
    pace: () => DIRECT_PACE,
    lanes: DIRECT_PACE.openMax,
    onProbe: ({ outcome }) => {
      if (outcome.status > 0) answered += 1;
      if (outcome.type === 'fail') codes.push(outcome.code);
    },
    send: ({ client, sequence }) => {
      const call = { op: 'stock.put' as const, tenant: tenant.id, name: `direct-${sequence}`, value: sequence };
      return entry.callDirect({ client, tenant, recorder, host, call, deadlineMs: DIRECT_PACE.deadlineMs });
    },
  });
  const running = prober.run(() => stopped);
  return {
    stop: () => {
      stopped = true;
      return running;
    },
    answered: () => answered,
    refused: () => ({
      total: codes.filter((code) => REFUSALS.has(code)).length,
      byFence: codes.filter((code) => code === 'FENCE_STALE_EPOCH').length,
    }),
  };
}

/** What clients were told, and what the old owner's store refused while its clients were told something else. */
async function refusedByOldOwner(
  lab: Lab,
  of: { cell: string; seenByClients: { total: number; byFence: number } },
): Promise<number> {
  const { total, byFence } = of.seenByClients;
  const outcome = await lab.http.send({
    origin: hostOf(lab, of.cell)?.url ?? '',
    method: 'GET',
    path: '/_holdfast/status',
    headers: { authorization: `Holdfast-Internal ${lab.sight.internalSecret}` },
    body: null,
    deadlineMs: 2_000,
  });
  const counters = membersOf(membersOf(outcome.body).counters ?? null);
  const counted = typeof counters.refusedByFence === 'number' ? counters.refusedByFence : 0;
  const names = ['refusedByLease', 'refusedByFence', 'leaseLostDuringWrite'];
  const said = names.map((name) => `${name} ${JSON.stringify(counters[name] ?? null)}`).join(', ');
  lab.mark('judge', `the old owner's own counters: ${said}`, { cell: of.cell });
  return total + Math.max(0, counted - byFence);
}

function hostOf(lab: Lab, cell: string): ProcessSight | undefined {
  return lab.sight.processes.find(
    (process) => process.kind === 'cell' && process.cell === cell && process.region === lab.region,
  );
}

function variantOf(lab: Lab): Variant {
  return lab.options.variant ?? VARIANTS[lab.seed % VARIANTS.length] ?? 'host';
}

function cellOf(lab: Lab): string {
  return lab.options.cell ?? lab.activeCells[0] ?? '';
}
