/**
 * The drills that AWS FIS makes the faults of, each an experiment with what is believed of it: workload, checkers and report are
 * those of any drill. Names are those of the templates (infra/constructs/experiments.ts).
 */
import type { CellId } from '../../core/ids.ts';
import type { Topology } from '../../core/topology.ts';
import { judgeAnswers, judgeOwner, reportServed } from '../../drills/catalog/slow-cell.ts';
import type { Experiment } from '../../drills/experiment.ts';
import type { Lab } from '../../drills/lab.ts';
import { closeUp, moveCell, whenDetected } from '../../drills/move-cell.ts';
import type { EffectKind } from './fis-effects.ts';

interface FisDrill {
  readonly name: string;
  readonly what: string;
  /** Whose functions are hit in the drill's region. */
  readonly scope: 'first-wave' | 'all';
  readonly effect: EffectKind;
  /** `slower`: later answers, and nothing else. `moves`: an operator moves the cells. `unnoticed`: clients notice nothing. */
  readonly belief: 'slower' | 'moves' | 'unnoticed';
}

const DRILLS: readonly FisDrill[] = [
  {
    name: 'slow-cell',
    what: 'services of the first wave answer 5 s late',
    scope: 'first-wave',
    effect: 'slow',
    belief: 'slower',
  },
  {
    name: 'slow-region',
    what: 'services of every cell answer 5 s late',
    scope: 'all',
    effect: 'slow',
    belief: 'slower',
  },
  {
    name: 'dead-cell',
    what: 'services of the first wave fail every call',
    scope: 'first-wave',
    effect: 'dead',
    belief: 'moves',
  },
  {
    name: 'dead-region',
    what: 'services of every cell fail every call',
    scope: 'all',
    effect: 'dead',
    belief: 'moves',
  },
  {
    name: 'silent-keepers',
    what: 'no keeper of the region runs',
    scope: 'all',
    effect: 'keepers',
    belief: 'unnoticed',
  },
  {
    name: 'no-replication',
    what: 'no replicator of the region runs',
    scope: 'all',
    effect: 'journals',
    belief: 'unnoticed',
  },
  {
    name: 'arbiter-cut-off',
    what: 'the arbiter’s replica in the region is cut off',
    scope: 'all',
    effect: 'arbiter',
    belief: 'unnoticed',
  },
];

export const FIS_DRILL_NAMES: readonly string[] = DRILLS.map(({ name }) => name);

const BELIEFS: Readonly<Record<FisDrill['belief'], string>> = {
  slower:
    'the cells answer later but answer, stay where they are, no other cell notices, and nothing that was acknowledged is lost.',
  moves:
    'an operator moves the cells to the other region, nothing that was acknowledged is lost, no order is charged twice, and no other cell notices.',
  unnoticed:
    'no client notices while it lasts, and what is left over is made good afterwards: nothing that was acknowledged is lost.',
};

/** In `holdMs`: over several schedules of keepers and sweeps. */
const HOLDS = 4;

/** Cells whose functions the drill of this name reaches in a region. */
export function aimOf(topology: Topology, { name, region }: { readonly name: string; readonly region: string }) {
  const drill = DRILLS.find((one) => one.name === name);
  const first = topology.waves[0] ?? [];
  const cells = topology.cells
    .filter(
      ({ id, home, standby }) =>
        (home === region || standby === region) && (drill?.scope === 'all' || first.includes(id)),
    )
    .map(({ id }) => id);
  return { kind: drill?.effect ?? 'dead', cells } as const;
}

/** `null`: FIS makes no fault of this name. */
export function fisExperiment(name: string, topology: Topology): Experiment | null {
  const drill = DRILLS.find((one) => one.name === name);
  if (!drill) return null;
  return {
    name,
    summary: `AWS FIS: ${drill.what}`,
    hypothesis: (lab) => `When ${drill.what} in ${lab.region}, ${BELIEFS[drill.belief]}`,
    run: async (lab) => {
      const hit = hitBy(drill, { lab, cells: aimOf(topology, { name, region: lab.region }).cells });
      lab.notes.cellsHit = drill.belief === 'unnoticed' ? [] : [...hit];
      if (drill.belief === 'moves') return moved(lab, { drill, hit });
      // Whoever is only slow, or not noticed, is not to be taken over.
      lab.notes.newEpochs = [];
      return held(lab, { drill, hit });
    },
  };
}

/** For the list of drills. */
export const FIS_SUMMARIES = DRILLS.map(({ name, what }) => ({ name, summary: `AWS FIS: ${what}` }));

/** Of the cells that are reached, those that serve there: a standby has no tenants to notice anything. */
function hitBy(drill: FisDrill, { lab, cells }: { lab: Lab; cells: readonly CellId[] }): readonly string[] {
  const hit = lab.activeCells.filter((cell) => cells.some((id) => id === cell));
  if (hit.length > 0) return hit;
  throw new Error(
    `${drill.name} reaches ${cells.join(', ') || 'no cell'} in ${lab.region}, and none of them is active there. Move one there, or name the other region.`,
  );
}

async function held(lab: Lab, { drill, hit }: { drill: FisDrill; hit: readonly string[] }): Promise<void> {
  const { clock, recorder } = lab;
  const nowMs = recorder.nowMs();
  const before = { fromMs: nowMs - lab.options.steadyMs, toMs: nowMs };
  const owners = new Map(hit.map((cell) => [cell, lab.load.log.ownerOf(cell)]));
  const fault = await inject(lab, drill);
  const during = { fromMs: recorder.nowMs(), toMs: recorder.nowMs() + HOLDS * lab.options.holdMs };
  await clock.sleep(HOLDS * lab.options.holdMs, lab.signal);
  reportServed(lab, { before, during });
  for (const cell of hit) {
    if (drill.belief === 'slower') judgeAnswers(lab, { cell, ...during });
    judgeOwner(lab, { cell, before: owners.get(cell) ?? null });
  }
  await end(lab, { drill, fault });
}

async function moved(lab: Lab, { drill, hit }: { drill: FisDrill; hit: readonly string[] }): Promise<void> {
  const { failover, peer } = lab;
  const stopWatch = await failover.watch({ cells: hit, operatorRegion: peer });
  try {
    let fault: Fault | undefined;
    await closeUp(lab, hit, async () => {
      const detected = hit.map((cell) => ({ cell, noticed: whenDetected(lab, cell) }));
      fault = await inject(lab, drill);
      for (const { cell, noticed } of detected) {
        await noticed;
        await moveCell(lab, { cell, kind: 'failover', to: peer, operatorRegion: peer });
      }
    });
    lab.notes.recoveryUntilMs = lab.recorder.nowMs();
    await lab.clock.sleep(lab.options.holdMs, lab.signal);
    if (fault) await end(lab, { drill, fault });
  } finally {
    await stopWatch();
  }
}

type Fault = Awaited<ReturnType<Lab['nemesis']['inject']>>;

/** Rejects when nothing bites: then nothing was shown. */
async function inject(lab: Lab, { name, what }: FisDrill): Promise<Fault> {
  lab.notes.faultAtMs = lab.recorder.nowMs();
  lab.mark('fault', `AWS FIS is asked to begin ${name} in ${lab.region}: ${what}`);
  const fault = await lab.nemesis.inject({ kind: 'experiment', name, region: lab.region });
  lab.mark('fault', `AWS FIS says that ${name} runs`);
  if (await fault.verified) return fault;
  throw new Error(
    `AWS FIS says that ${name} runs in ${lab.region}, and nothing shows it from outside. Were the functions deployed with aws.faultInjection?`,
  );
}

async function end(lab: Lab, { drill, fault }: { drill: FisDrill; fault: Fault }): Promise<void> {
  lab.notes.healAtMs = lab.recorder.nowMs();
  lab.mark('heal', `AWS FIS is asked to stop ${drill.name}`);
  await fault.heal();
  lab.notes.recoveryUntilMs ??= lab.recorder.nowMs();
  lab.mark('heal', 'nothing of it shows any more', { durationMs: lab.recorder.nowMs() - lab.notes.healAtMs });
}
