/**
 * Stops the compute of a part of the platform on AWS, without AWS FIS and without deleting anything: reserved concurrency 0
 * makes Lambda run none of a function's calls, be they requests, schedules or streams; what runs already runs to its end, and
 * what is warm stays frozen with all that it believes. Invariant: what it was before is on disk before it is changed, so that
 * any later process can put it back.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RegionFunctions } from '../../control/aws/region-functions.ts';
import { PlatformError } from '../../core/errors.ts';

export interface FunctionAt {
  readonly region: string;
  readonly name: string;
}

/** `null`: nothing was reserved. */
export interface Stopped extends FunctionAt {
  readonly before: number | null;
}

export interface StoppedComputeOptions {
  readonly functions: (region: string) => Pick<RegionFunctions, 'reserved' | 'reserve'>;
  /** Where what was before is kept until it is put back. */
  readonly path: string;
}

export class StoppedCompute {
  readonly #o: StoppedComputeOptions;
  #saving: Promise<unknown> = Promise.resolve();

  constructor(options: StoppedComputeOptions) {
    this.#o = options;
  }

  /** All at one instant, once what they were is on disk. Throws when Lambda refuses; `restoreAll` puts back what was done. */
  async stop(functions: readonly FunctionAt[]): Promise<void> {
    const found = await Promise.all(functions.map(async (at) => ({ ...at, before: await this.#reserved(at) })));
    await this.#change((known) => [...known, ...found.filter((one) => !known.some((other) => isSame(one, other)))]);
    await Promise.all(found.map((at) => this.#reserve(at, 0)));
  }

  /** Whether Lambda says of all of them that it runs none. */
  async areStopped(functions: readonly FunctionAt[]): Promise<boolean> {
    const reserved = await Promise.all(functions.map((at) => this.#reserved(at)));
    return reserved.every((count) => count === 0);
  }

  /** Every one is tried; what could not be put back stays on the list, and the first error is thrown. */
  async restore(functions: readonly FunctionAt[]): Promise<void> {
    const known = await this.left();
    const wanted = known.filter((one) => functions.some((other) => isSame(one, other)));
    const results = await Promise.allSettled(wanted.map((stopped) => this.#reserve(stopped, stopped.before)));
    const back = wanted.filter((_, index) => results[index]?.status === 'fulfilled');
    await this.#change((now) => now.filter((one) => !back.some((other) => isSame(one, other))));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw notRestored(wanted.length - back.length, { path: this.#o.path, cause: failed.reason });
  }

  async restoreAll(): Promise<readonly Stopped[]> {
    const left = await this.left();
    await this.restore(left);
    return left;
  }

  /** What is stopped, by this process or by one before it. */
  async left(): Promise<readonly Stopped[]> {
    const text = await readFile(this.#o.path, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'ENOENT') return '[]';
      throw thrown;
    });
    return JSON.parse(text) as readonly Stopped[];
  }

  #reserved({ region, name }: FunctionAt): Promise<number | null> {
    return this.#o.functions(region).reserved(name);
  }

  #reserve({ region, name }: FunctionAt, count: number | null): Promise<void> {
    return this.#o.functions(region).reserve(name, count);
  }

  /** One after the other, and whole or not at all. */
  #change(change: (known: readonly Stopped[]) => readonly Stopped[]): Promise<void> {
    const saved = this.#saving.then(async () => {
      const { path } = this.#o;
      const next = change(await this.left());
      if (next.length === 0) return rm(path, { force: true });
      await mkdir(dirname(path), { recursive: true });
      await writeFile(`${path}.new`, JSON.stringify(next, null, 2));
      await rename(`${path}.new`, path);
    });
    this.#saving = saved.catch(() => undefined); // Its caller is told; the next change begins from what is on disk.
    return saved;
  }
}

const isSame = (a: FunctionAt, b: FunctionAt) => a.region === b.region && a.name === b.name;

function notRestored(
  count: number,
  { path, cause }: { readonly path: string; readonly cause: unknown },
): PlatformError {
  const seen = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return new PlatformError({
    code: 'CELL_UNREACHABLE',
    kind: 'dependency',
    effect: 'unknown',
    message: `${count} functions are still stopped (${seen}). ${path} has what they were: run "holdfast drill heal --target aws" until it says that nothing is left.`,
    cause,
  });
}
