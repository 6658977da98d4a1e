/**
 * `npm run simulate`: runs seeds on all cores, and for a failing one finds a smaller schedule and says how to run it again.
 *
 * One schedule is one to four scenes (a fault or two and often a move close by) against two regions, then the heal, peace
 * and last writes: on average 3.7 s of virtual time, 1,080 events and 23 acknowledged writes. On 2026-11-21 a second of CPU
 * time ran 91 of a thousand (`--seeds 1000 --jobs 1`, beside much else); a tenth is JSON, a tenth the collector's, and
 * nothing else dominates. The first hundred cost about 1.4 times what later ones do, for they are compiled meanwhile.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { FOUND, type Found } from './found-schedules.ts';
import { minimise } from './minimise.ts';
import { Pool } from './pool.ts';
import { addReport, type Failure, noTotals, type RangeReport, runRange } from './run-range.ts';
import { type RunResult, runSchedule } from './run-schedule.ts';
import { drawSchedule, type Schedule, STEPS_DEFAULT } from './schedule.ts';

export { runRange };

const SEEDS_DEFAULT = 1_000;
const SEEDS_MAX = 10_000_000;
const STEPS_MAX = 50;
const JOBS_MAX = 256;
/** Failing seeds that are made smaller and shown; more of them are only counted. */
const FAILURES_SHOWN_MAX = 5;
const PROGRESS_EVERY_MS = 5_000;
const USAGE =
  'npm run simulate -- [--seeds N] [--seed S] [--steps K] [--jobs J] [--found NAME] [--without GUARD] [--trace] [--json]';

interface Options {
  readonly first: number;
  readonly seeds: number;
  readonly steps: number;
  readonly jobs: number;
  /** A kept schedule instead of drawn ones; with --seed the same faults and moves under other chances. */
  readonly found: Found | null;
  readonly varied: boolean;
  /** The guard that was taken out of the bundle (`run.mjs`); named here only for the replay command. */
  readonly without: string | null;
  readonly trace: boolean;
  readonly json: boolean;
}

/** Where the bundle lies that the workers load, and the checkout that it was made from. */
export interface Place {
  readonly bundle: string;
  readonly root: string;
}

/** Returns the exit code: 0 no violation, 1 a violation, 2 usage. */
export async function simulate(args: readonly string[], place: Place): Promise<number> {
  const options = readOptions(args);
  if (typeof options === 'string') {
    console.error(`${options} Usage: ${USAGE}`);
    return 2;
  }
  const startedMs = performance.now();
  const report = options.found || options.trace ? await runHere(options) : await runOnAllCores(options, place);
  const seconds = (performance.now() - startedMs) / 1e3;
  const { totals, failures, coverage } = report;
  const perCoreSecond = Math.round(totals.seeds / totals.cpuSeconds);
  const shown: Described[] = [];
  for (const failure of failures.slice(0, FAILURES_SHOWN_MAX)) shown.push(await describe(failure, options));
  if (options.json) {
    const figures = { ...totals, violations: failures.length, seconds, perCoreSecond, jobs: options.jobs };
    console.log(JSON.stringify({ ...figures, failures: shown, coverage }));
  } else print({ ...report, seconds, perCoreSecond, shown });
  return failures.length === 0 ? 0 : 1;
}

async function runOnAllCores(options: Options, place: Place): Promise<RangeReport> {
  const { first, seeds, steps, jobs } = options;
  const pool = new Pool({ root: place.root, size: jobs, thousands: seeds / jobs >= 1_000 });
  let toldMs = performance.now();
  const onReport = ({ totals, failures }: RangeReport) => {
    if (options.json || performance.now() - toldMs < PROGRESS_EVERY_MS) return true;
    toldMs = performance.now();
    console.error(`${totals.seeds} of ${seeds} seeds, ${failures.length} with a violation`);
    return true;
  };
  try {
    return await pool.run({ bundle: place.bundle, first, seeds, steps, onReport });
  } finally {
    pool.close();
  }
}

/** A kept schedule, or seeds whose trace is wanted: one after the other. */
async function runHere(options: Options): Promise<RangeReport> {
  let sum: RangeReport = { totals: noTotals(), failures: [], coverage: {} };
  for (let seed = options.first; seed < options.first + options.seeds; seed++) {
    const startedCpu = process.cpuUsage();
    const result = await runSchedule(scheduleOf(seed, options), { tracing: options.trace ? 'lines' : 'none' });
    if (options.trace) console.log(result.trace.join('\n'));
    const { user, system } = process.cpuUsage(startedCpu);
    sum = addReport(sum, asReport(seed, result, (user + system) / 1e6));
  }
  return sum;
}

function asReport(seed: number, result: RunResult, cpuSeconds: number): RangeReport {
  const { events, virtualMs, acknowledged, setAside, violation } = result;
  return {
    totals: { seeds: 1, events, virtualMs, acknowledged, setAside, cpuSeconds },
    failures: violation ? [{ seed, invariant: violation.invariant, message: violation.message }] : [],
    coverage: Object.fromEntries([...result.coverage].map((kind) => [kind, 1])),
  };
}

function readOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string' },
        seed: { type: 'string' },
        found: { type: 'string' },
        without: { type: 'string' },
        steps: { type: 'string', default: String(STEPS_DEFAULT) },
        jobs: { type: 'string', default: String(availableParallelism()) },
        trace: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const one = values.seed !== undefined || values.found !== undefined;
    return {
      seeds: integer('--seeds', values.seeds ?? String(one ? 1 : SEEDS_DEFAULT), SEEDS_MAX),
      first: integer('--seed', values.seed ?? '1', Number.MAX_SAFE_INTEGER),
      steps: integer('--steps', values.steps, STEPS_MAX),
      jobs: integer('--jobs', values.jobs, JOBS_MAX),
      varied: values.seed !== undefined,
      without: values.without ?? null,
      found: values.found === undefined ? null : foundNamed(values.found),
      trace: values.trace,
      json: values.json,
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function foundNamed(name: string): Found {
  const found = FOUND.find((each) => each.name === name);
  if (found) return found;
  throw new RangeError(`--found is "${name}". Allowed: ${FOUND.map((each) => each.name).join(', ')}.`);
}

function scheduleOf(seed: number, { found, varied, steps }: Options): Schedule {
  if (found) return varied ? { ...found.schedule, seed } : found.schedule;
  return drawSchedule(seed, { stepsMax: steps });
}

function integer(name: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new RangeError(`${name} is "${text}". Allowed: an integer 1–${max}.`);
}

interface Described extends Failure {
  readonly replay: string;
  readonly minimal: Schedule;
}

async function describe(failure: Failure, options: Options): Promise<Described> {
  const schedule = scheduleOf(failure.seed, options);
  // What never ends can't be tried again and again.
  const minimal = failure.invariant === 'stuck' ? schedule : await minimise(schedule, failure.invariant);
  const replay = ['npm run simulate --', ...flagsOf(failure, options)].join(' ');
  return { ...failure, replay, minimal };
}

function flagsOf({ seed }: Failure, { steps, found, varied, without }: Options): readonly string[] {
  return [
    ...(found ? [`--found ${found.name}`] : []),
    ...(found && !varied ? [] : [`--seed ${seed}`]),
    ...(found || steps === STEPS_DEFAULT ? [] : [`--steps ${steps}`]),
    ...(without === null ? [] : [`--without ${JSON.stringify(without)}`]),
  ];
}

interface Printed extends RangeReport {
  readonly seconds: number;
  readonly perCoreSecond: number;
  readonly shown: readonly Described[];
}

function print({ totals, failures, seconds, perCoreSecond, shown }: Printed): void {
  for (const { seed, message, replay, minimal } of shown) {
    const { faults, moves, ...world } = minimal;
    console.log(`\nseed ${seed} breaks ${message}\n  replay: ${replay}\n  smallest schedule: ${JSON.stringify(world)}`);
    const rounded = (thing: object) =>
      JSON.stringify(thing, (_, value) => (typeof value === 'number' ? Math.round(value) : value));
    for (const thing of [...faults, ...moves].sort((a, b) => a.atMs - b.atMs)) console.log(`    ${rounded(thing)}`);
  }
  const kinds = new Map<string, number[]>();
  for (const { seed, invariant } of failures) kinds.set(invariant, [...(kinds.get(invariant) ?? []), seed]);
  for (const [invariant, seeds] of kinds)
    console.log(`${invariant}: ${seeds.length} seeds (${seeds.slice(0, 8).join(' ')})`);
  console.log(
    `${totals.seeds} seeds in ${seconds.toFixed(1)} s (${perCoreSecond} a second and core), ${totals.acknowledged} writes acknowledged, ${totals.setAside} of them set aside, ${failures.length} violations`,
  );
}
