/**
 * The peer's store is out of reach for so long that the journal outgrows what replication keeps in memory. The cell goes on
 * alone and says so; then the peer is back, and the backlog drains while the cell serves.
 */
import { countJournal } from '../end-state/count-journal.ts';
import type { Experiment } from '../experiment.ts';
import { type Lab, until } from '../lab.ts';
import type { InjectedFault } from '../nemesis/nemesis.ts';
import { hostOf, statusOf } from '../old-owner.ts';
import type { ProcessSight } from '../ports/platform-port.ts';
import { type MemoryOverTime, watchMemory } from '../process-memory.ts';
import { ExtraWrites } from '../workload/extra-writes.ts';
import type { Pace } from '../workload/prober.ts';
import { membersOf } from '../workload/product.ts';

/** As fast as the host takes them: 16 at a time. */
const BULK_PACE: Pace = { intervalMs: 4, deadlineMs: 2_000, openMax: 16 };
/** Written over and over, so that chains of commits pile up, and few enough to be read back one by one. */
const BULK_PRODUCTS = 100;
/** Replication keeps 1,000 commits in memory for its quick way; this is beyond, so that the journal alone has the rest. */
const BACKLOG_MIN = 1_500;
const BACKLOG_MS_MAX = 60_000;
/** While the cell serves, a few commits are always on their way, and shipped entries are deleted in batches. */
const BACKLOG_REST_MAX = 100;
const DRAIN_MS_MAX = 60_000;
const LAG_MS_MAX = 1_000;
/** V8 lets a heap grow under load before it collects; a process that keeps its backlog in memory grows without an end. */
const GROWTH_MB_MAX = 96;

export const longPartition: Experiment = {
  name: 'long-partition',
  summary: 'keeps the peer store out of reach until the journal outgrows memory, then drains it while serving',
  hypothesis: (lab) =>
    `While ${cellOf(lab)} in ${lab.region} can't reach its peer's store, it goes on alone and says so, and its journal grows beyond what is kept in memory. When the peer is back, the backlog drains within ${DRAIN_MS_MAX / 1_000} s while the cell serves, its memory stays flat (${GROWTH_MB_MAX} MB), the lag falls to nothing, and nothing that was acknowledged is lost.`,
  run: async (lab) => {
    const cell = cellOf(lab);
    const host = hostOf(lab, { cell, region: lab.region });
    // It slows down, and it keeps its owner.
    lab.notes.cellsHit = [cell];
    lab.notes.newEpochs = [];
    const memory = watchMemory({ pid: host.pid ?? 0, clock: lab.clock, nowMs: () => lab.recorder.nowMs() });
    try {
      const cut = await cutOff(lab, cell);
      // Without it nothing would pile up, and nothing would be learnt by waiting.
      if (!(await cut.verified)) return;
      const entries = await pileUp(lab, { cell, host });
      await drainWhileServing(lab, { cell, host, backlog: { cut, entries } });
      judgeMemory(lab, { cell, memory });
    } finally {
      await memory.stop();
    }
  },
};

interface At {
  readonly cell: string;
  readonly host: ProcessSight;
}

interface Backlog {
  readonly cut: InjectedFault;
  readonly entries: number;
}

async function cutOff(lab: Lab, cell: string): Promise<InjectedFault> {
  const { nemesis, notes, region, peer, recorder } = lab;
  notes.faultAtMs = recorder.nowMs();
  lab.mark('fault', `the store in ${peer} is out of reach`, { cell });
  const links = [`${cell}@${region}>${cell}@${peer}.store`];
  return nemesis.inject({ kind: 'cut', links, direction: 'both' });
}

/** How many commits wait in the end. */
async function pileUp(lab: Lab, { cell, host }: At): Promise<number> {
  const { notes, recorder } = lab;
  const options = { lab, cell, op: 'stock.put', to: { host }, pace: BULK_PACE, series: 'bulk', block: 0 } as const;
  const bulk = new ExtraWrites({ ...options, products: BULK_PRODUCTS });
  try {
    let entries = 0;
    const enough = await until(lab, { withinMs: BACKLOG_MS_MAX }, async () => {
      entries = (await countJournal(lab.http, storeOf(lab, cell))) ?? entries;
      return entries >= BACKLOG_MIN;
    });
    notes.recoveryUntilMs = recorder.nowMs();
    const tookMs = notes.recoveryUntilMs - (notes.faultAtMs ?? 0);
    lab.mark('judge', `${entries} commits wait in the journal`, { cell, durationMs: tookMs });
    if (!enough)
      notes.inconclusive.push(`Only ${entries} commits piled up in ${BACKLOG_MS_MAX} ms; ${BACKLOG_MIN} are needed.`);
    return entries;
  } finally {
    await bulk.stop();
  }
}

async function drainWhileServing(lab: Lab, { cell, host, backlog }: At & { backlog: Backlog }): Promise<void> {
  const { notes, recorder } = lab;
  notes.healAtMs = recorder.nowMs();
  lab.mark('heal', `the store in ${lab.peer} can be reached again`, { cell });
  await backlog.cut.heal();
  const healedAtMs = recorder.nowMs();
  const drained = await until(lab, { withinMs: DRAIN_MS_MAX }, async () => {
    const left = await countJournal(lab.http, storeOf(lab, cell));
    return left !== null && left <= BACKLOG_REST_MAX;
  });
  const durationMs = recorder.nowMs() - healedAtMs;
  const perSecond = Math.round((backlog.entries / durationMs) * 1_000);
  if (drained) lab.mark('judge', `the backlog has drained, ${perSecond} commits a second`, { cell, durationMs });
  notes.expectations.push({
    held: drained,
    otherwise: `The journal of ${cell} did not drain within ${DRAIN_MS_MAX} ms.`,
  });
  let lagMs: unknown = null;
  const caughtUp = await until(lab, { withinMs: DRAIN_MS_MAX }, async () => {
    lagMs = membersOf((await statusOf(lab, host))?.replication ?? null).lagMs;
    return typeof lagMs === 'number' && lagMs <= LAG_MS_MAX;
  });
  lab.mark('judge', `replication is ${String(lagMs)} ms behind`, { cell });
  notes.expectations.push({ held: caughtUp, otherwise: `Replication of ${cell} stayed ${String(lagMs)} ms behind.` });
  const { probes, acknowledgedShare } = lab.load.log.window(cell, { fromMs: healedAtMs, toMs: recorder.nowMs() });
  lab.mark('judge', `${Math.round(acknowledgedShare * 100)} % of ${probes} writes acknowledged meanwhile`, { cell });
}

function judgeMemory(lab: Lab, { cell, memory }: { cell: string; memory: MemoryOverTime }): void {
  const rssMb = (from: number) => memory.samples.filter(({ t }) => t >= from).map((sample) => sample.rssMb);
  const [beforeMb] = rssMb(0);
  if (beforeMb === undefined) {
    lab.notes.inconclusive.push(
      `The memory of ${cell} in ${lab.region} could not be measured: /proc is needed for that.`,
    );
    return;
  }
  const mostMb = Math.max(...rssMb(0));
  const drainingMb = Math.max(...rssMb(lab.notes.healAtMs ?? 0));
  lab.mark('judge', `memory: ${beforeMb} MB before, ${mostMb} MB at most, ${drainingMb} MB at most while it drained`, {
    cell,
  });
  lab.notes.expectations.push({
    held: mostMb - beforeMb <= GROWTH_MB_MAX,
    otherwise: `The memory of ${cell} in ${lab.region} grew from ${beforeMb} MB to ${mostMb} MB; ${GROWTH_MB_MAX} MB more are allowed.`,
  });
}

function storeOf(lab: Lab, cell: string): ProcessSight {
  const found = lab.sight.processes.find(
    (process) => process.kind === 'store' && process.cell === cell && process.region === lab.region,
  );
  if (found) return found;
  throw new Error(`${cell} has no store in ${lab.region}.`);
}

function cellOf(lab: Lab): string {
  return lab.options.cell ?? lab.activeCells[0] ?? '';
}
