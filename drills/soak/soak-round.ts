/**
 * A round of a soak as an experiment: its acts one after the other, each played, healed and followed by a quiet time in which
 * the steady state must come back. Moves may be refused or fail: what they leave behind is resumed before the quiet time.
 */
import type { Experiment } from '../experiment.ts';
import { type Lab, within } from '../lab.ts';
import { targetsOf } from '../nemesis/fault.ts';
import { cellsOf, steadyAfter } from '../steady-state.ts';
import type { Act, Scene, SceneOutcome, SoakRound } from './scene.ts';

/** A move waits for a lease, a drain and an opening; one that hangs longer is left to the resumption. */
const MOVE_MS_MAX = 30_000;
const HEAL_TRIES = 3;

export interface PlayedRound {
  readonly experiment: Experiment;
  /** Filled while it runs. */
  readonly outcomes: readonly SceneOutcome[];
}

export function roundExperiment(round: SoakRound): PlayedRound {
  const outcomes: SceneOutcome[] = [];
  const experiment: Experiment = {
    name: 'soak',
    summary: 'random scenes of faults and moves, judged round by round',
    hypothesis: () =>
      `Through ${round.acts.flat().length} random faults and moves in ${round.acts.length} acts, nothing that was acknowledged as replicated is lost, nothing stale is accepted, no order is charged twice, and after every act all cells serve again.`,
    run: async (lab) => {
      lab.notes.cellsHit = [...cellsOf(lab)];
      // Which cells get a new epoch depends on what the scenes meet.
      lab.notes.newEpochs = [];
      lab.notes.toleratesIdleFaults = true;
      lab.notes.faultAtMs = lab.recorder.nowMs();
      for (const [index, act] of round.acts.entries()) await playAct(lab, { act, index, outcomes });
      lab.notes.healAtMs = lab.recorder.nowMs();
      lab.notes.recoveryUntilMs = lab.recorder.nowMs();
    },
  };
  return { experiment, outcomes };
}

async function playAct(lab: Lab, of: { act: Act; index: number; outcomes: SceneOutcome[] }): Promise<void> {
  const outcomes = await Promise.all(of.act.map((scene) => playScene(lab, scene)));
  of.outcomes.push(...outcomes);
  await healEverything(lab);
  await resumeLeftovers(lab);
  const steady = await steadyAfter(lab);
  lab.mark('steady-state', `act ${of.index + 1}: steady state ${steady.held ? 'came back' : 'did not come back'}`);
  if (!steady.held) throw new Error(`After act ${of.index + 1} the steady state did not come back: ${steady.detail}`);
}

async function playScene(lab: Lab, scene: Scene): Promise<SceneOutcome> {
  await lab.clock.sleep(scene.startMs, lab.signal);
  return scene.type === 'fault' ? playFault(lab, scene) : playMove(lab, scene);
}

async function playFault(lab: Lab, scene: Extract<Scene, { type: 'fault' }>): Promise<SceneOutcome> {
  const targets = targetsOf(scene.fault);
  const named =
    targets.length > 2 ? `${targets.slice(0, 2).join(', ')} and ${targets.length - 2} more` : targets.join(', ');
  const what = `${scene.kind}: ${named}, ${scene.durationMs} ms`;
  lab.mark('fault', what);
  const injected = await lab.nemesis.inject(scene.fault);
  await lab.clock.sleep(scene.durationMs, lab.signal);
  // Healed by now or at the end of the act: one that can't be healed yet may stand on another that is broken.
  await injected.heal().catch((thrown: unknown) => lab.mark('heal', `${what}: not yet (${messageOf(thrown)})`));
  return { kind: scene.kind, effective: await injected.verified, what };
}

async function playMove(lab: Lab, scene: Extract<Scene, { type: 'move' }>): Promise<SceneOutcome> {
  const { cell, kind, operatorRegion } = scene;
  const spec = lab.sight.topology.cells.find(({ id }) => id === cell);
  const owner = lab.load.log.ownerOf(cell)?.region ?? spec?.home;
  const other = owner === spec?.home ? spec?.standby : spec?.home;
  const to = (kind === 'failback' ? spec?.home : other) ?? lab.peer;
  const move = { cell, kind, to, operatorRegion };
  lab.mark('failover', `${kind} to ${to} begins, from ${operatorRegion}`, { cell });
  const came = await within(lab, { what: `The ${kind}`, withinMs: MOVE_MS_MAX }, lab.failover.run(move)).then(
    ({ outcome }) => outcome,
    (thrown: unknown) => `left behind (${messageOf(thrown)})`,
  );
  lab.mark('failover', `${kind} to ${to}: ${came}`, { cell });
  // A refusal is an answer too: the coordinator was asked at a bad time and said so.
  return { kind, effective: true, what: `${kind} of ${cell} to ${to} from ${operatorRegion}: ${came}` };
}

async function healEverything(lab: Lab): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await lab.nemesis.healAll();
    } catch (thrown) {
      if (attempt === HEAL_TRIES) throw thrown;
      lab.mark('heal', `not all is healed yet (${messageOf(thrown)})`);
    }
  }
}

/** Where nothing was left behind, there is nothing to resume, and the port says so without doing anything. */
async function resumeLeftovers(lab: Lab): Promise<void> {
  for (const cell of cellsOf(lab)) {
    const came = await within(
      lab,
      { what: `The resumption of ${cell}`, withinMs: MOVE_MS_MAX },
      lab.failover.resume({ cell, operatorRegion: lab.peer }),
    ).catch((thrown: unknown) => `failed (${messageOf(thrown)})`);
    if (came !== 'nothing to resume') lab.mark('failover', `resumed: ${came}`, { cell });
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
