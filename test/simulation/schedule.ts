/**
 * What happens in one simulated run, drawn from a seed before it starts: clocks, faults, operators' moves. It is data, so
 * that a failing one can be printed and made smaller by leaving single things out.
 */
import type { FailoverKind, Step } from '../../control/failover/failover-record.ts';
import { LINEAGE_LENGTH_MAX } from '../../core/commit.ts';
import { cellId, type RegionName, regionName } from '../../core/ids.ts';
import { type Rng, randomInt, seededRng } from '../../core/rng.ts';

export const CELL = cellId('c01');
export const EAST = regionName('us-east-1');
export const WEST = regionName('us-west-2');
export const REGIONS = [EAST, WEST] as const;
export const peerOf = (region: RegionName): RegionName => (region === EAST ? WEST : EAST);

export type FaultKind =
  /** A process. */
  | 'pause'
  | 'crash'
  /** A process, at its next write over a link: before it is sent, or before it is answered. */
  | 'pause-before-write'
  | 'pause-after-write'
  /** A link: nothing, only answers, only requests get through; connections are refused; calls get lost, doubled, late. */
  | 'cut'
  | 'cut-requests'
  | 'cut-answers'
  | 'refuse'
  | 'lossy'
  | 'duplicate'
  | 'spiky'
  /** A store: stalls, or its engine dies and comes back with what it had promised and perhaps with what it had not. */
  | 'restart'
  | 'freeze'
  | 'slow'
  | 'conflicts'
  | 'throttle'
  /** A region: its process and its store gone; or alive, but cut off from the arbiter and from the other region. */
  | 'region-lost'
  | 'region-isolated';

export interface Fault {
  readonly atMs: number;
  readonly forMs: number;
  readonly kind: FaultKind;
  readonly target: string;
}

export interface Move {
  readonly atMs: number;
  /** From which region it is run. */
  readonly by: RegionName;
  readonly kind: FailoverKind | 'resume';
  /** Between decision and first step, ms: an operator who reads the plan before he says yes. */
  readonly hesitatesMs: number;
  /** Its process stops or dies when the record comes to this step. */
  readonly falls?: { readonly at: Step; readonly how: 'pause' | 'crash'; readonly forMs: number };
}

export interface Schedule {
  readonly seed: number;
  readonly ttlMs: number;
  readonly fenceShards: number;
  readonly peerLoss: 'continue' | 'refuse';
  readonly chaosMs: number;
  readonly clientEveryMs: number;
  /** After the heal somebody resumes a record that was left behind; else the abandoned record has to run out. */
  readonly resumed: boolean;
  /** A second process of the cell in each region, on the same store and the same lease. */
  readonly twins?: boolean;
  /** The operators' processes watch the lease all the time, not only from the decision on. */
  readonly watching?: boolean;
  /** Queries see rows from before and after a commit that arrives meanwhile. */
  readonly torn?: boolean;
  /** Strict reads are asked beside the writes. */
  readonly readers?: boolean;
  /** Leases are renewed as late as possible, as by processes that only look when they are asked something. */
  readonly lazy?: boolean;
  /** The end does not wait until the journals were cleared of what has arrived at the peer, which a sweep does, late. */
  readonly hasty?: boolean;
  readonly faults: readonly Fault[];
  readonly moves: readonly Move[];
}

/** A holder that looks as rarely as it may hears of a takeover late, or of the end of its lease only by the clock. */
export function renewEveryMs({ ttlMs, lazy }: Pick<Schedule, 'ttlMs' | 'lazy'>): number {
  return Math.floor(ttlMs * (lazy ? 0.6 : 0.25));
}

/** Own milliseconds per true one: the two of a pair differ by at most 8 %, the lease's margins bear 22 %. */
export const CLOCK_RATE_DRIFT_MAX = 0.04;

export const FENCE_SHARDS = [1, 2, 4] as const;

const PROCESSES = REGIONS.flatMap((region) => [`cell@${region}`, `cell@${region}`, `operator@${region}`]);
const TWINS = REGIONS.map((region) => `twin@${region}`);
export const STORES = [...REGIONS.map((region) => `store@${region}`), 'arbiter'];
export const LINKS = [...new Set([...PROCESSES, ...TWINS])].flatMap((from) => STORES.map((to) => `${from}>${to}`));

const LINK_FAULTS = ['cut', 'cut', 'cut-requests', 'cut-answers', 'refuse', 'lossy', 'duplicate', 'spiky'] as const;
const STORE_FAULTS = ['restart', 'freeze', 'freeze', 'slow', 'conflicts', 'throttle'] as const;
const STEPS = ['fence', 'drain', 'wait', 'release', 'release', 'open', 'done'] as const;
const MOVES = ['failover', 'failover', 'switchover', 'switchover', 'failback', 'failback', 'resume'] as const;

/** Of a schedule that nobody asked to be longer or shorter. */
export const STEPS_DEFAULT = 4;

export interface ScheduleOptions {
  /** At most this many scenes; a scene is a fault or two and often a move close by. */
  readonly stepsMax: number;
}

export function drawSchedule(seed: number, { stepsMax }: ScheduleOptions): Schedule {
  const rng = seededRng(seed * 2_654_435_761);
  const ttlMs = pick(rng, [300, 500, 500, 900]);
  const scenes = 1 + randomInt(rng, stepsMax);
  const faults: Fault[] = [];
  const moves: Move[] = [];
  const flaps = rng.next() < FLAPPING_SHARE;
  const twins = rng.next() < 0.3;
  let atMs = 200;
  if (flaps) atMs = drawFlapping({ rng, atMs, ttlMs, faults, moves });
  for (let scene = 0; scene < scenes; scene++) {
    drawScene({ rng, atMs, ttlMs, faults, moves });
    atMs += rng.next() * 2.2 * ttlMs;
  }
  return {
    seed,
    ttlMs,
    fenceShards: pick(rng, FENCE_SHARDS),
    peerLoss: rng.next() < 0.8 ? 'continue' : 'refuse',
    chaosMs: atMs + ttlMs,
    // Every epoch of a flapping cell should see a write to every aggregate.
    clientEveryMs: flaps ? 40 : pick(rng, [40, 80, 120]),
    resumed: rng.next() < 0.85,
    twins,
    torn: rng.next() < 0.5,
    watching: rng.next() < 0.5,
    readers: seed % 2 === 0,
    lazy: seed % 8 === 0,
    hasty: seed % CLEARED_EVERY !== 0,
    faults: faults.sort(byTime),
    moves: moves.sort(byTime),
  };
}

/** Of so many schedules one waits for empty journals, which takes two seconds that show nothing else. */
const CLEARED_EVERY = 7;

/** Flapping schedules take ten times as long as others. */
const FLAPPING_SHARE = 0.01;
const FLAPS = LINEAGE_LENGTH_MAX + 6;

interface Drawing {
  readonly rng: Rng;
  readonly atMs: number;
  readonly ttlMs: number;
  readonly faults: Fault[];
  readonly moves: Move[];
}

function drawScene(drawing: Drawing): void {
  const dice = drawing.rng.next();
  if (dice < 0.62) drawDisaster(drawing);
  else if (dice < 0.7) drawStalePlan(drawing);
  else drawNoise(drawing);
}

/** The owner changes more often than a lineage remembers, now and then with a fault in between. */
function drawFlapping({ rng, atMs, ttlMs, faults, moves }: Drawing): number {
  let at = atMs;
  for (let flap = 0; flap < FLAPS; flap++) {
    moves.push({
      atMs: at,
      by: pick(rng, REGIONS),
      kind: rng.next() < 0.8 ? 'switchover' : 'failover',
      hesitatesMs: 0,
    });
    if (rng.next() < 0.1) faults.push({ ...drawFault(rng), atMs: at, forMs: duration(rng, ttlMs) / 2 });
    // A planned move takes some 400 ms over these links.
    at += 400 + 80 * rng.next();
  }
  return at;
}

/** A plan that is carried out only after the cell has gone to the other region and has come back. */
function drawStalePlan({ rng, atMs, ttlMs, moves }: Drawing): void {
  const by = pick(rng, REGIONS);
  const other = peerOf(by);
  const backMs = 300 + rng.next() * ttlMs;
  moves.push({
    atMs,
    by,
    kind: pick(rng, ['failover', 'switchover']),
    hesitatesMs: backMs + 200 + rng.next() * 2 * ttlMs,
  });
  moves.push({ atMs: atMs + 150, by: other, kind: 'switchover', hesitatesMs: 0 });
  moves.push({ atMs: atMs + 150 + backMs, by: other, kind: 'switchover', hesitatesMs: 0 });
}

/** A region fails in one of the ways that look alike from outside, for longer than a lease, and the other one takes over. */
function drawDisaster({ rng, atMs, ttlMs, faults, moves }: Drawing): void {
  // More often the home region, which owns the cell at first.
  const region = rng.next() < 0.65 ? EAST : WEST;
  const by = peerOf(region);
  const forMs = (0.8 + 2.5 * rng.next()) * ttlMs;
  const kinds = pick<readonly Pick<Fault, 'kind' | 'target'>[]>(rng, [
    [{ kind: 'region-isolated', target: region }],
    [{ kind: 'region-isolated', target: region }],
    [{ kind: 'region-lost', target: region }],
    [
      { kind: 'pause', target: `cell@${region}` },
      { kind: 'cut', target: `operator@${by}>store@${region}` },
    ],
    [
      {
        kind: pick(rng, ['pause-before-write', 'pause-after-write']),
        target: `cell@${region}>${pick(rng, ['arbiter', `store@${by}`])}`,
      },
      { kind: 'cut', target: `operator@${by}>store@${region}` },
    ],
    [
      { kind: pick(rng, ['pause-before-write', 'pause-after-write']), target: `cell@${region}>store@${region}` },
      { kind: 'cut', target: `operator@${by}>store@${region}` },
    ],
    [
      { kind: 'freeze', target: `store@${region}` },
      { kind: 'cut', target: `operator@${by}>store@${region}` },
    ],
    // Its writes are repeated until the lease is gone.
    [
      { kind: 'cut', target: `cell@${region}>arbiter` },
      { kind: 'conflicts', target: `store@${region}` },
    ],
    [
      { kind: 'cut', target: `cell@${region}>arbiter` },
      { kind: 'cut-answers', target: `operator@${by}>store@${region}` },
      { kind: pick(rng, ['cut', 'spiky', 'lossy']), target: `cell@${region}>store@${by}` },
    ],
  ]);
  for (const fault of kinds) faults.push({ ...fault, atMs: atMs + rng.next() * 0.3 * ttlMs, forMs });
  // Often the new owner can't fence the old one's store either: then only the lease stands between the two.
  if (rng.next() < 0.5) faults.push({ kind: 'cut', target: `cell@${by}>store@${region}`, atMs, forMs: 1.5 * forMs });
  const fall = drawFall(rng, ttlMs);
  moves.push({ atMs: atMs + rng.next() * 0.6 * ttlMs, by, kind: 'failover', hesitatesMs: 0, ...fall });
  // And back again, as soon as the region answers.
  if (rng.next() < 0.25)
    moves.push({ atMs: atMs + 1.3 * forMs + rng.next() * 2 * ttlMs, by: region, kind: 'failback', hesitatesMs: 0 });
  if (!fall.falls) return;
  // Somebody goes on with the record when the region that was given up may have come back.
  const resumeAtMs = atMs + forMs + rng.next() * 1.5 * ttlMs;
  moves.push({ atMs: resumeAtMs, by: pick(rng, REGIONS), kind: 'resume', hesitatesMs: 0 });
}

function drawFall(rng: Rng, ttlMs: number): Pick<Move, 'falls'> {
  if (rng.next() < 0.7) return {};
  return { falls: { at: pick(rng, STEPS), how: pick(rng, ['pause', 'crash']), forMs: rng.next() * 2 * ttlMs } };
}

function drawNoise(drawing: Drawing): void {
  const { rng, atMs, ttlMs, faults, moves } = drawing;
  const count = rng.next() < 0.35 ? 2 : 1;
  for (let index = 0; index < count; index++) {
    const start = atMs + rng.next() * 0.4 * ttlMs;
    faults.push({ ...drawFault(rng), atMs: start, forMs: duration(rng, ttlMs) });
  }
  if (rng.next() > 0.75) return;
  const by = pick(rng, REGIONS);
  const moveAtMs = atMs + rng.next() * 1.2 * ttlMs;
  const hesitatesMs = rng.next() < 0.8 ? 0 : rng.next() * 2 * ttlMs;
  moves.push({ atMs: moveAtMs, by, kind: pick(rng, MOVES), hesitatesMs, ...drawFall(rng, ttlMs) });
  if (rng.next() < 0.3) {
    // Its coordinator is stopped or dies on the way, and mostly the other region goes on with the record.
    const at = moveAtMs + hesitatesMs + rng.next() * 0.8 * ttlMs;
    const forMs = rng.next() * 2 * ttlMs;
    faults.push({ atMs: at, forMs, kind: pick(rng, ['pause', 'crash']), target: `operator@${by}` });
    if (rng.next() < 0.7) {
      moves.push({ atMs: at + rng.next() * ttlMs, by: peerOf(by), kind: 'resume', hesitatesMs: 0 });
    }
  }
}

/** Mostly around the lease's own times, where the races are. */
const duration = (rng: Rng, ttlMs: number) => (0.05 + rng.next() * (rng.next() < 0.5 ? 1 : 3)) * ttlMs;

function drawFault(rng: Rng): Pick<Fault, 'kind' | 'target'> {
  const dice = rng.next();
  // Of a region with one process the twin's faults hurt nobody.
  if (dice < 0.22) return { kind: pick(rng, ['pause', 'pause', 'crash']), target: pick(rng, [...PROCESSES, ...TWINS]) };
  if (dice < 0.28) return { kind: pick(rng, ['pause-before-write', 'pause-after-write']), target: pick(rng, LINKS) };
  if (dice < 0.58) return { kind: pick(rng, LINK_FAULTS), target: pick(rng, LINKS) };
  if (dice < 0.78) return { kind: pick(rng, STORE_FAULTS), target: pick(rng, STORES) };
  return { kind: pick(rng, ['region-lost', 'region-isolated']), target: pick(rng, REGIONS) };
}

const byTime = (a: { atMs: number }, b: { atMs: number }) => a.atMs - b.atMs;

export function pick<T>(rng: Rng, from: readonly T[]): T {
  const index = randomInt(rng, from.length);
  return from[index] as T;
}
