/**
 * Seeds on all cores: worker processes that each take a small range at a time. A seed's outcome depends on nothing but the
 * seed, so the merged report does not depend on the number of workers. A range that does not come back in time is tried
 * again seed by seed; a seed that still does not is reported as `stuck` and its worker is ended.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { addReport, noTotals, type RangeReport, type SeedRange } from './run-range.ts';

/** Seeds of one task: short enough that workers end together, long enough that messages don't count. */
const RANGE_SEEDS_MAX = 20;
/** A seed takes 5–50 ms; this much on a machine that does much else is a loop that yields to nobody. */
const TASK_MS_MAX = 120_000;
/**
 * Young objects die young here: a larger nursery halves the collector's share, large from the start, and with a worker for
 * each core the collector needs no threads of its own.
 */
const WORKER_FLAGS = [
  '--max-semi-space-size=32',
  '--min-semi-space-size=16',
  '--single-threaded-gc',
  '--max-inlined-bytecode-size-cumulative=300',
];
/** A bundle of few seeds, as a mutant's, is compiled later than V8 does by default: its first hundred cost a third less. */
const COMPILED_LATE = '--interrupt-budget=400000';
/** One of thousands runs compiled for long enough to be compiled sooner, for a fifteenth less in all. */
const COMPILED_SOON = '--interrupt-budget=132000';

export interface PoolJob extends SeedRange {
  /** URL of a bundle that exports `runRange`. */
  readonly bundle: string;
  /** Told after every task; `false` ends this job early (a violation was enough). */
  readonly onReport?: (sum: RangeReport) => boolean;
}

interface Task {
  readonly id: number;
  readonly job: JobState;
  readonly range: SeedRange;
}

interface JobState {
  readonly job: PoolJob;
  sum: RangeReport;
  nextSeed: number;
  running: number;
  ended: boolean;
  readonly again: SeedRange[];
  readonly finish: (sum: RangeReport) => void;
}

interface Worker {
  readonly child: ChildProcess;
  task: Task | null;
  timer: NodeJS.Timeout | null;
}

export class Pool {
  readonly #script: string;
  readonly #size: number;
  readonly #flags: readonly string[];
  readonly #workers: Worker[] = [];
  readonly #jobs: JobState[] = [];
  #ids = 0;
  #closed = false;

  /** `thousands`: each worker runs that many seeds of one bundle. */
  constructor(options: { readonly root: string; readonly size: number; readonly thousands?: boolean }) {
    this.#script = join(options.root, 'test', 'simulation', 'pool-worker.mjs');
    this.#size = options.size;
    this.#flags = [...WORKER_FLAGS, options.thousands ? COMPILED_SOON : COMPILED_LATE];
  }

  /** Runs the job's seeds; jobs that were given together share the workers, the earlier one first. */
  run(job: PoolJob): Promise<RangeReport> {
    return new Promise((finish) => {
      const sum = { totals: noTotals(), failures: [], coverage: {} };
      this.#jobs.push({ job, sum, nextSeed: job.first, running: 0, ended: false, again: [], finish });
      while (this.#workers.length < this.#size) this.#start();
      this.#feed();
    });
  }

  close(): void {
    this.#closed = true;
    for (const { child } of this.#workers.splice(0)) child.kill();
  }

  #start(): void {
    const child = fork(this.#script, { execArgv: [...this.#flags] });
    const worker: Worker = { child, task: null, timer: null };
    this.#workers.push(worker);
    child.on('message', (message: { id: number; report: RangeReport }) => this.#answered(worker, message));
    child.on('exit', () => this.#gone(worker));
  }

  #feed(): void {
    for (const worker of this.#workers) {
      if (worker.task) continue;
      const task = this.#nextTask();
      if (!task) return;
      worker.task = task;
      task.job.running++;
      worker.timer = setTimeout(() => worker.child.kill('SIGKILL'), TASK_MS_MAX);
      worker.child.send({ id: task.id, bundle: task.job.job.bundle, range: task.range });
    }
  }

  #nextTask(): Task | null {
    for (const job of this.#jobs) {
      const range = job.again.pop() ?? nextRange(job);
      if (range) return { id: ++this.#ids, job, range };
    }
    return null;
  }

  #answered(worker: Worker, { id, report }: { id: number; report: RangeReport }): void {
    const { task } = worker;
    if (task?.id !== id) return;
    this.#end(worker);
    this.#add(task.job, report);
    this.#feed();
  }

  /** Its process ended in the middle of a task: killed for being late, or broken. */
  #gone(worker: Worker): void {
    const index = this.#workers.indexOf(worker);
    if (index >= 0) this.#workers.splice(index, 1);
    const { task } = worker;
    this.#end(worker);
    if (this.#closed) return;
    if (task) this.#repeat(task);
    this.#start();
    this.#feed();
  }

  #repeat({ job, range }: Task): void {
    if (range.seeds > 1) {
      for (let index = 0; index < range.seeds; index++)
        job.again.push({ ...range, first: range.first + index, seeds: 1 });
      this.#add(job, { totals: noTotals(), failures: [], coverage: {} });
      return;
    }
    const message = `stuck: no end after ${TASK_MS_MAX / 1000} s of this machine's time`;
    this.#add(job, {
      totals: { ...noTotals(), seeds: 1 },
      failures: [{ seed: range.first, invariant: 'stuck', message }],
      coverage: {},
    });
  }

  #end(worker: Worker): void {
    if (worker.timer) clearTimeout(worker.timer);
    if (worker.task) worker.task.job.running--;
    worker.timer = null;
    worker.task = null;
  }

  #add(job: JobState, report: RangeReport): void {
    job.sum = addReport(job.sum, report);
    if (job.job.onReport?.(job.sum) === false) job.ended = true;
    const left = !job.ended && (job.again.length > 0 || job.nextSeed < job.job.first + job.job.seeds);
    if (left || job.running > 0) return;
    const index = this.#jobs.indexOf(job);
    if (index < 0) return;
    this.#jobs.splice(index, 1);
    job.finish(job.sum);
  }
}

function nextRange(job: JobState): SeedRange | null {
  const { first, seeds, steps, kept = false } = job.job;
  const left = first + seeds - job.nextSeed;
  if (job.ended || left <= 0) return null;
  const range = {
    first: job.nextSeed,
    seeds: Math.min(RANGE_SEEDS_MAX, left),
    steps,
    kept: kept && job.nextSeed === first,
  };
  job.nextSeed += range.seeds;
  return range;
}
