/**
 * Draws the scenes of a round. Pure: the same seed, round and platform give the same round, so that a failing one can be
 * played again alone. Invariants: every fault ends within its act, and no process or link is in two scenes of one act.
 */
import { type Rng, randomInt, seededRng } from '../../core/rng.ts';
import { type Fault, targetsOf } from '../nemesis/fault.ts';
import type { MoveKind } from '../ports/failover-port.ts';
import type { PlatformSight, ProcessSight } from '../ports/platform-port.ts';
import type { Act, Scene, SoakRound } from './scene.ts';

export const ACTS_PER_ROUND = 4;
export const SCENES_PER_ACT_MAX = 3;
const START_MS_MAX = 3_000;
const DURATION_MS_MIN = 2_500;
/** Longer than a lease with its margin, so that scenes on both sides of its end occur. */
const DURATION_MS_MAX = 6_000;
/** So that rounds of neighbouring seeds have nothing in common. */
const ROUNDS_PER_SEED = 7_919;

type Stage = Pick<PlatformSight, 'topology' | 'processes' | 'links'>;

export function drawRound(of: { readonly seed: number; readonly round: number; readonly stage: Stage }): SoakRound {
  const rng = seededRng(of.seed * ROUNDS_PER_SEED + of.round);
  const acts = Array.from({ length: ACTS_PER_ROUND }, () => drawAct(rng, of.stage));
  return { seed: of.seed, round: of.round, acts };
}

function drawAct(rng: Rng, stage: Stage): Act {
  const taken = new Set<string>();
  const scenes = Array.from({ length: 1 + randomInt(rng, SCENES_PER_ACT_MAX) }, () => drawScene(rng, stage));
  // A scene whose targets another one has already is left out; drawing again could go on for ever.
  return scenes.filter((scene) => {
    const targets =
      scene.type === 'fault' ? targetsOf(scene.fault) : [`move of ${scene.cell} from ${scene.operatorRegion}`];
    if (targets.some((target) => taken.has(target))) return false;
    for (const target of targets) taken.add(target);
    return true;
  });
}

function drawScene(rng: Rng, stage: Stage): Scene {
  const startMs = randomInt(rng, START_MS_MAX);
  if (rng.next() < MOVE_SHARE) return drawMove(rng, stage, startMs);
  const durationMs = DURATION_MS_MIN + randomInt(rng, DURATION_MS_MAX - DURATION_MS_MIN);
  const { kind, draw } = pick(rng, FAULTS);
  return { type: 'fault', kind, startMs, durationMs, fault: draw(rng, stage) };
}

const MOVE_SHARE = 0.3;
const MOVES: readonly MoveKind[] = ['failover', 'switchover', 'failback'];

function drawMove(rng: Rng, { topology }: Stage, startMs: number): Scene {
  const cell = pick(rng, topology.cells).id;
  return { type: 'move', kind: pick(rng, MOVES), startMs, cell, operatorRegion: pick(rng, topology.regions) };
}

interface FaultKind {
  readonly kind: string;
  readonly draw: (rng: Rng, stage: Stage) => Fault;
}

const PROCESSES: readonly ProcessSight['kind'][] = ['cell', 'store', 'router', 'control', 'payments', 'arbiter'];

const FAULTS: readonly FaultKind[] = [
  ...PROCESSES.flatMap((kind): FaultKind[] => [
    { kind: `crash of ${kind}`, draw: (rng, stage) => ({ kind: 'crash', processes: [oneOfKind(rng, stage, kind)] }) },
    { kind: `stop of ${kind}`, draw: (rng, stage) => ({ kind: 'stop', processes: [oneOfKind(rng, stage, kind)] }) },
  ]),
  ...(['cell', 'store'] as const).map(
    (kind): FaultKind => ({
      kind: `throttle of ${kind}`,
      draw: (rng, stage) => ({
        kind: 'throttle',
        processes: [oneOfKind(rng, stage, kind)],
        runRatio: pick(rng, [0.25, 0.5]),
      }),
    }),
  ),
  ...(['both', 'up', 'down'] as const).map(
    (direction): FaultKind => ({
      kind: direction === 'both' ? 'cut' : `cut ${direction}`,
      draw: (rng, stage) => ({ kind: 'cut', links: [busyLink(rng, stage)], direction }),
    }),
  ),
  {
    kind: 'slow',
    draw: (rng, stage) => ({
      kind: 'slow',
      links: [busyLink(rng, stage)],
      latencyMs: 20 + randomInt(rng, 200),
      jitterMs: 50,
    }),
  },
  { kind: 'lossy', draw: (rng, stage) => ({ kind: 'lossy', links: [busyLink(rng, stage)], lossRatio: 0.3 }) },
  { kind: 'reset', draw: (rng, stage) => ({ kind: 'reset', links: [busyLink(rng, stage)] }) },
  { kind: 'region lost', draw: (rng, stage) => ({ kind: 'crash', processes: ofRegion(rng, stage) }) },
  { kind: 'region cut', draw: (rng, stage) => ({ kind: 'cut', links: outOfRegion(rng, stage), direction: 'both' }) },
];

export const SCENE_KINDS: readonly string[] = [...FAULTS.map(({ kind }) => kind), ...MOVES];

function oneOfKind(rng: Rng, { processes }: Stage, kind: ProcessSight['kind']): string {
  return pick(rng, namesOf(processes.filter((process) => process.kind === kind)));
}

/** Those that carry something all the time, whoever is active: a cell's to its stores and the arbiter. */
function busyLink(rng: Rng, { links, processes }: Stage): string {
  const isHost = (name: string) => processes.some((process) => process.kind === 'cell' && process.name === name);
  return pick(rng, namesOf(links.filter(({ from, to }) => isHost(from) && to !== 'payments')));
}

/** In the order in which they die: those that serve first, so that none can tell the others. */
function ofRegion(rng: Rng, { topology, processes }: Stage): readonly string[] {
  const region = pick(rng, topology.regions);
  return namesOf(processes.filter((process) => process.region === region));
}

/** What leads out of a region, to the other one and to the arbiter: it is whole, and alone. */
function outOfRegion(rng: Rng, { topology, processes, links }: Stage): readonly string[] {
  const region = pick(rng, topology.regions);
  const regionOf = (name: string) => processes.find((process) => process.name === name)?.region;
  return namesOf(
    links.filter(({ from, to }) => regionOf(from) === region && regionOf(to) !== region && to !== 'payments'),
  );
}

/** Sorted, so that the order of a view does not decide what a seed draws. */
function namesOf(named: readonly { readonly name: string }[]): readonly string[] {
  return named.map(({ name }) => name).sort();
}

/** Throws when there is nothing to draw from: a platform without such a thing is none to soak. */
function pick<T>(rng: Rng, from: readonly T[]): T {
  const drawn = from[randomInt(rng, Math.max(1, from.length))];
  if (drawn === undefined) throw new Error('The platform has nothing of a kind that the soak wants to hurt.');
  return drawn;
}
