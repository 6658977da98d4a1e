/**
 * Everything that a bench starts lives in a scope: it ends with the bench, with an error, and with Ctrl-C. (After kill -9 of
 * the bench the guard of each child ends it.)
 */
import { systemClock } from '../core/clock.ts';
import { type DataDir, openDataDir } from '../local/supervisor/data-dir.ts';
import { installExitHandlers } from '../local/supervisor/exit-handlers.ts';
import type { RunningChild } from '../local/supervisor/running-child.ts';

/** A child that was asked to go has this long before it is killed. */
const END_MS_MAX = 3_000;

export class Scope {
  /** For configurations, logs and data; gone at the end. */
  readonly dir: string;
  readonly #data: DataDir;
  readonly #children = new Set<RunningChild>();
  readonly #ends = new Set<() => Promise<void> | void>();
  #ended: Promise<void> | null = null;

  constructor(data: DataDir) {
    this.dir = data.path;
    this.#data = data;
  }

  /** Called at the end, the last one first; what is returned takes the call off again. */
  onEnd(call: () => Promise<void> | void): () => void {
    this.#ends.add(call);
    return () => void this.#ends.delete(call);
  }

  own(child: RunningChild): RunningChild {
    this.#children.add(child);
    void child.exited.then(() => this.#children.delete(child));
    return child;
  }

  end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  killNow(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }

  async #end(): Promise<void> {
    for (const call of [...this.#ends].reverse()) await call();
    await Promise.all([...this.#children].map(endChild));
    await this.#data.release();
  }
}

/** Runs `work` in a scope that has ended, whatever came of it, when this settles. */
export async function withScope<T>(work: (scope: Scope) => Promise<T>): Promise<T> {
  // A temporary one: what a bench leaves behind that was killed is removed by the next start of anything.
  const scope = new Scope(await openDataDir({ engine: 'bench' }));
  const takeOff = installExitHandlers(scope, systemClock);
  try {
    return await work(scope);
  } finally {
    await scope.end();
    takeOff();
  }
}

export async function endChild(child: RunningChild): Promise<void> {
  child.kill('SIGTERM');
  const late = new AbortController();
  const kill = systemClock.sleep(END_MS_MAX, late.signal).then(
    () => child.kill('SIGKILL'),
    // It went in time.
    () => undefined,
  );
  await child.exited;
  late.abort();
  await kill;
}
