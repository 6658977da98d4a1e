/**
 * Runs one schedule: chaos, then everything is healed, then peace must come within a bound. The same schedule always runs
 * the same way; the hash of the trace shows it.
 */

import { failoverKey } from '../../cell/lease/abandonment.ts';
import type { RegionName } from '../../core/ids.ts';
import { Clients } from './clients.ts';
import { asleep, checkEnd, unrest, unsettled } from './final-checks.ts';
import { inject } from './inject.ts';
import { Oracle } from './oracle.ts';
import { askBeside } from './readers.ts';
import { CELL, EAST, type Schedule, WEST } from './schedule.ts';
import { Trace, type Tracing } from './trace.ts';
import { Violation } from './violation.ts';
import { World } from './world.ts';

/**
 * Peace must come within this after the heal: an abandoned record runs out after 15 s on the slowest clock, then a regrant
 * and the sweeps.
 */
const PEACE_MS_MAX = 30_000;
const LOOK_EVERY_MS = 40;
/** The last writes may take this long before they are sent once more. */
const AFTERMATH_MS = 700;
/** A move that began after the heal takes two, and a former owner that rarely looks sends a router nowhere for one more. */
const WRITE_ROUNDS_MAX = 6;
/** Somebody looks for a record that was left behind: soon, and then again after longer than a live coordinator's steps take here. */
const RESUME_AFTER_MS = 800;
const RESUME_EVERY_MS = 6_000;

export interface RunResult {
  readonly schedule: Schedule;
  readonly violation: Violation | null;
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly acknowledged: number;
  /** Of these, how many are not in the final line but in a quarantine. */
  readonly setAside: number;
  /** Kinds of trouble that really occurred. */
  readonly coverage: ReadonlySet<string>;
  readonly trace: readonly string[];
}

export async function runSchedule(schedule: Schedule, options: { tracing?: Tracing } = {}): Promise<RunResult> {
  const trace = new Trace(options.tracing ?? 'none');
  const oracle = new Oracle({ schedule, trace });
  const world = new World({
    schedule,
    observe: (effect) => oracle.observe(effect),
    note: (line) => oracle.note(line),
    onUnheldSend: (process, epoch) => oracle.sentUnheld(process, epoch),
  });
  oracle.watch(world);
  const violation = await judge(world, oracle).catch((error: unknown) => {
    if (error instanceof Violation) return error;
    throw error;
  });
  const setAside = oracle.acknowledgements.filter(
    ({ invocation: { entry, operation } }) => !oracle.logHas({ region: EAST, aggregate: operation.aggregate, entry }),
  );
  return {
    schedule,
    violation,
    hash: trace.hash,
    events: world.queue.events,
    virtualMs: world.queue.nowMs,
    acknowledged: oracle.acknowledgements.length,
    setAside: setAside.length,
    coverage: world.seen,
    trace: trace.lines,
  };
}

async function judge(world: World, oracle: Oracle): Promise<Violation | null> {
  const { schedule, queue } = world;
  const clients = new Clients(world, oracle);
  askBeside(world, oracle);
  const undo = new Set<() => void>();
  for (const fault of schedule.faults) {
    queue.in(fault.atMs, () => {
      oracle.note(`fault ${fault.kind} ${fault.target} for ${fault.forMs.toFixed(0)}`);
      const heal = inject(world, fault);
      undo.add(heal);
      queue.in(fault.forMs, () => {
        if (undo.delete(heal)) heal();
      });
    });
  }
  for (const move of schedule.moves) {
    queue.in(move.atMs, () => {
      oracle.note(`operator@${move.by}: ${move.kind}`);
      world.begin(move);
    });
  }
  clients.start();
  const stop = () => oracle.violation !== null;
  await queue.runUntil(schedule.chaosMs, stop);
  if (oracle.violation) return oracle.violation;
  oracle.note('heal');
  for (const heal of undo) heal();
  undo.clear();
  if (schedule.resumed) resumeLater(world);
  clients.stop();
  world.chaosEnds();
  return (await peace(world, oracle, stop)) ?? (await aftermath({ world, oracle, clients, stop }));
}

async function peace(world: World, oracle: Oracle, stop: () => boolean): Promise<Violation | null> {
  const left = await untilNull(world, stop, () => unrest(world, oracle));
  return oracle.violation ?? (left === null ? null : new Violation('no-peace', left));
}

/** Looks every now and then until there is nothing more to find; what is found last when the time is over. */
async function untilNull(world: World, stop: () => boolean, look: () => string | null): Promise<string | null> {
  const { queue } = world;
  const untilMs = queue.nowMs + PEACE_MS_MAX;
  let left: string | null = null;
  await queue.runOn(() => {
    left = look();
    return left === null || stop() || queue.nowMs >= untilMs ? null : queue.nowMs + LOOK_EVERY_MS;
  }, stop);
  return left;
}

interface Ending {
  readonly world: World;
  readonly oracle: Oracle;
  readonly clients: Clients;
  readonly stop: () => boolean;
}

/** A write to each aggregate must succeed and reach the peer, and leave everything at peace again. */
async function aftermath({ world, oracle, clients, stop }: Ending): Promise<Violation | null> {
  // One that was stopped for long may sleep through the heal and through peace; it can't take its lane's writes yet.
  await untilNull(world, stop, () => asleep(world));
  // A region that took over alone still refuses until its next heartbeat; so it is asked more than once.
  for (let round = 0; ; round++) {
    const before = oracle.acknowledgements.length;
    // Through routers, whoever the owner is by now: an operator who hesitated for long may still move the cell.
    const sent = clients.sendToAll(round);
    const all = () => oracle.acknowledgements.length - before >= sent;
    await world.queue.runUntil(world.queue.nowMs + AFTERMATH_MS, () => stop() || all());
    if (oracle.violation) return oracle.violation;
    if (all()) break;
    const acknowledged = oracle.acknowledgements.length - before;
    if (round === WRITE_ROUNDS_MAX)
      return new Violation('no-writes', `${acknowledged} of ${sent} writes after the heal`);
  }
  const late = await untilNull(world, stop, () => unrest(world, oracle));
  if (late !== null) return new Violation('no-peace', `after the last writes: ${late}`);
  const both = await untilNull(world, stop, () => unsettled(world, oracle));
  if (oracle.violation) return oracle.violation;
  if (both !== null) return new Violation('in-line-and-quarantine', both);
  checkEnd(world, oracle);
  return null;
}

/**
 * Somebody looks whether a record was left behind, from one region and then the other. To the end: a coordinator that slept
 * through the heal may begin only then, and fall.
 */
function resumeLater(world: World): void {
  let by: RegionName = WEST;
  const look = () => {
    world.queue.in(RESUME_EVERY_MS, look);
    if (world.store('arbiter').table.peek(failoverKey(CELL))?.state !== 'running') return;
    world.begin({ atMs: 0, by, kind: 'resume', hesitatesMs: 0 });
    by = by === WEST ? EAST : WEST;
  };
  world.queue.in(RESUME_AFTER_MS, look);
}
