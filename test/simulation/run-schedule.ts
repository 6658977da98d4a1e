/**
 * Runs one schedule: chaos, then everything is healed, then peace must come within a bound. The same schedule always runs
 * the same way; the hash of the trace shows it.
 */

import { failoverKey } from '../../cell/lease/abandonment.ts';
import type { RegionName } from '../../core/ids.ts';
import { Clients } from './clients.ts';
import { checkEnd, difference, unrest } from './final-checks.ts';
import { inject } from './inject.ts';
import { Oracle } from './oracle.ts';
import { CELL, EAST, REGIONS, type Schedule, WEST } from './schedule.ts';
import { Trace } from './trace.ts';
import { Violation } from './violation.ts';
import { World } from './world.ts';

/**
 * Peace must come within this after the heal: an abandoned record runs out after 15 s on the slowest clock, then a regrant
 * and the sweeps.
 */
const PEACE_MS_MAX = 30_000;
const LOOK_EVERY_MS = 250;
/** Late effects (a request that is still under way, a duplicate) have their turn before the end is judged. */
const AFTERMATH_MS = 700;
const WRITE_ROUNDS_MAX = 3;
/** Longer than any step of a live coordinator takes here. */
const RESUME_EVERY_MS = 6_000;

export interface RunResult {
  readonly schedule: Schedule;
  readonly violation: Violation | null;
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly acknowledged: number;
  /** Of these, how many are not in the final line. */
  readonly lost: number;
  readonly trace: readonly string[];
}

export async function runSchedule(schedule: Schedule, options: { keepTrace?: boolean } = {}): Promise<RunResult> {
  const trace = new Trace({ keep: options.keepTrace === true });
  const oracle = new Oracle({ schedule, trace });
  const world = new World({
    schedule,
    observe: (effect) => oracle.observe(effect),
    note: (line) => oracle.note(line),
  });
  oracle.watch(world);
  const violation = await judge(world, oracle).catch((error: unknown) => {
    if (error instanceof Violation) return error;
    throw error;
  });
  const lost = oracle.acknowledgements.filter(
    ({ invocation: { entry, operation } }) => !oracle.logOf(EAST, operation.aggregate).includes(entry),
  );
  return {
    schedule,
    violation,
    hash: trace.hash,
    events: world.queue.events,
    virtualMs: world.queue.nowMs,
    acknowledged: oracle.acknowledgements.length,
    lost: lost.length,
    trace: trace.lines,
  };
}

async function judge(world: World, oracle: Oracle): Promise<Violation | null> {
  const { schedule, queue } = world;
  const clients = new Clients(world, oracle);
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
  await queue.runUntil(queue.nowMs + LOOK_EVERY_MS, stop);
  clients.stop();
  return (await peace(world, oracle, stop)) ?? (await aftermath(world, oracle, stop));
}

async function peace(world: World, oracle: Oracle, stop: () => boolean): Promise<Violation | null> {
  const left = await untilNull(world, stop, () => unrest(world, oracle));
  return oracle.violation ?? (left === null ? null : new Violation('no-peace', left));
}

/** Looks every now and then until there is nothing more to find; what is found last when the time is over. */
async function untilNull(world: World, stop: () => boolean, look: () => string | null): Promise<string | null> {
  const { queue } = world;
  const untilMs = queue.nowMs + PEACE_MS_MAX;
  for (;;) {
    await queue.runUntil(queue.nowMs + LOOK_EVERY_MS, stop);
    const left = look();
    if (left === null || stop() || queue.nowMs >= untilMs) return left;
  }
}

/** A write to each aggregate must succeed and reach the peer, and leave everything at peace again. */
async function aftermath(world: World, oracle: Oracle, stop: () => boolean): Promise<Violation | null> {
  const clients = new Clients(world, oracle);
  // A region that took over alone still refuses until its next heartbeat; so it is asked more than once.
  for (let round = 0; ; round++) {
    const before = oracle.acknowledgements.length;
    // An operator who hesitated for long may still move the cell.
    const owner = REGIONS.find((region) => oracle.believesActive(region)) ?? EAST;
    const sent = clients.sendToAll(owner, round);
    await world.queue.runUntil(world.queue.nowMs + AFTERMATH_MS, stop);
    if (oracle.violation) return oracle.violation;
    const acknowledged = oracle.acknowledgements.length - before;
    if (acknowledged >= sent) break;
    if (round === WRITE_ROUNDS_MAX)
      return new Violation('no-writes', `${acknowledged} of ${sent} writes after the heal`);
  }
  const late = await untilNull(world, stop, () => difference(world));
  if (late !== null) return new Violation('no-peace', `after the last writes the stores differ: ${late}`);
  checkEnd(world, oracle);
  return null;
}

/** Somebody looks whether a record was left behind, from one region and then the other. */
function resumeLater(world: World): void {
  let by: RegionName = WEST;
  const look = () => {
    if (world.store('arbiter').table.peek(failoverKey(CELL))?.state !== 'running') return;
    world.begin({ atMs: 0, by, kind: 'resume', hesitatesMs: 0 });
    by = by === WEST ? EAST : WEST;
    world.queue.in(RESUME_EVERY_MS, look);
  };
  world.queue.in(RESUME_EVERY_MS, look);
}
