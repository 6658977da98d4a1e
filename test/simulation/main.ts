/** `npm run simulate`: runs seeds, and for a failing one finds a smaller schedule and says how to run it again. */
import { parseArgs } from 'node:util';
import { FOUND, type Found } from './found-schedules.ts';
import { minimise } from './minimise.ts';
import { type RunResult, runSchedule } from './run-schedule.ts';
import { drawSchedule, type Schedule } from './schedule.ts';
import type { Violation } from './violation.ts';

const SEEDS_DEFAULT = 1_000;
const STEPS_DEFAULT = 6;
const SEEDS_MAX = 10_000_000;
const STEPS_MAX = 50;
/** Failing seeds that are made smaller and shown; more of them are only counted. */
const FAILURES_SHOWN_MAX = 5;
const PROGRESS_EVERY_MS = 5_000;
const USAGE = 'npm run simulate -- [--seeds N] [--seed S] [--steps K] [--found NAME] [--trace] [--json]';

interface Options {
  readonly first: number;
  readonly seeds: number;
  readonly steps: number;
  /** A kept schedule instead of drawn ones. */
  readonly found: Found | null;
  readonly trace: boolean;
  readonly json: boolean;
}

interface Failure {
  readonly seed: number;
  readonly violation: Violation;
}

/** Returns the exit code: 0 no violation, 1 a violation, 2 usage. */
export async function simulate(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (typeof options === 'string') {
    console.error(`${options} Usage: ${USAGE}`);
    return 2;
  }
  const totals = { seeds: 0, events: 0, virtualMs: 0, acknowledged: 0, lost: 0 };
  const failures: Failure[] = [];
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  let toldMs = startedMs;
  for (let seed = options.first; seed < options.first + options.seeds; seed++) {
    const result = await runSchedule(scheduleOf(seed, options), { keepTrace: options.trace });
    if (options.trace) console.log(result.trace.join('\n'));
    count(totals, result);
    if (result.violation) failures.push({ seed, violation: result.violation });
    if (!options.json && performance.now() - toldMs > PROGRESS_EVERY_MS) {
      toldMs = performance.now();
      console.error(`${totals.seeds} of ${options.seeds} seeds, ${failures.length} with a violation`);
    }
  }
  const cpu = process.cpuUsage(startedCpu);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  const seconds = (performance.now() - startedMs) / 1e3;
  const perCoreSecond = Math.round(totals.seeds / cpuSeconds);
  const shown = [];
  for (const failure of failures.slice(0, FAILURES_SHOWN_MAX)) shown.push(await describe(failure, options));
  const report = { ...totals, violations: failures.length, seconds, cpuSeconds, perCoreSecond, failures: shown };
  if (options.json) console.log(JSON.stringify(report));
  else print(report, failures);
  return failures.length === 0 ? 0 : 1;
}

function readOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string' },
        seed: { type: 'string' },
        found: { type: 'string' },
        steps: { type: 'string', default: String(STEPS_DEFAULT) },
        trace: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const seeds = integer(
      '--seeds',
      values.seeds ?? (values.seed === undefined && values.found === undefined ? String(SEEDS_DEFAULT) : '1'),
      SEEDS_MAX,
    );
    const first = integer('--seed', values.seed ?? '1', Number.MAX_SAFE_INTEGER);
    const steps = integer('--steps', values.steps, STEPS_MAX);
    const found = values.found === undefined ? null : foundNamed(values.found);
    return { seeds, first, steps, found, trace: values.trace, json: values.json };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function foundNamed(name: string): Found {
  const found = FOUND.find((each) => each.name === name);
  if (found) return found;
  throw new RangeError(`--found is "${name}". Allowed: ${FOUND.map((each) => each.name).join(', ')}.`);
}

function scheduleOf(seed: number, { found, steps }: Options): Schedule {
  return found?.schedule ?? drawSchedule(seed, { stepsMax: steps });
}

function integer(name: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new RangeError(`${name} is "${text}". Allowed: an integer 1–${max}.`);
}

function count(totals: Record<'seeds' | 'events' | 'virtualMs' | 'acknowledged' | 'lost', number>, result: RunResult) {
  totals.seeds++;
  totals.events += result.events;
  totals.virtualMs += result.virtualMs;
  totals.acknowledged += result.acknowledged;
  totals.lost += result.lost;
}

interface Described {
  readonly seed: number;
  readonly invariant: string;
  readonly message: string;
  readonly replay: string;
  readonly minimal: Schedule;
}

async function describe({ seed, violation }: Failure, options: Options): Promise<Described> {
  const { steps, found } = options;
  const minimal = await minimise(scheduleOf(seed, options), violation.invariant);
  const stepsFlag = steps === STEPS_DEFAULT ? '' : ` --steps ${steps}`;
  const replay = `npm run simulate -- ${found ? `--found ${found.name}` : `--seed ${seed}${stepsFlag}`}`;
  return { seed, invariant: violation.invariant, message: violation.message, replay, minimal };
}

function print(
  report: {
    seeds: number;
    seconds: number;
    perCoreSecond: number;
    acknowledged: number;
    lost: number;
    failures: Described[];
  },
  failures: readonly Failure[],
): void {
  for (const { seed, message, replay, minimal } of report.failures) {
    const { faults, moves, ...world } = minimal;
    console.log(`\nseed ${seed} breaks ${message}\n  replay: ${replay}\n  smallest schedule: ${JSON.stringify(world)}`);
    const rounded = (thing: object) =>
      JSON.stringify(thing, (_, value) => (typeof value === 'number' ? Math.round(value) : value));
    for (const thing of [...faults, ...moves].sort((a, b) => a.atMs - b.atMs)) console.log(`    ${rounded(thing)}`);
  }
  const kinds = new Map<string, number[]>();
  for (const { seed, violation } of failures) {
    kinds.set(violation.invariant, [...(kinds.get(violation.invariant) ?? []), seed]);
  }
  for (const [invariant, seeds] of kinds)
    console.log(`${invariant}: ${seeds.length} seeds (${seeds.slice(0, 8).join(' ')})`);
  console.log(
    `${report.seeds} seeds in ${report.seconds.toFixed(1)} s (${report.perCoreSecond} a second and core), ${report.acknowledged} writes acknowledged, ${report.lost} of them set aside, ${failures.length} violations`,
  );
}
