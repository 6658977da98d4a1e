/**
 * Which release each cell's process runs. Invariants: a process is started only from a release that was checked at that moment,
 * in a folder of the data directory's own, which nobody else may change or remove; and what was chosen for a process is on
 * disk before it is started, so that a supervisor that is started again on the same data runs the same.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { invariant, PlatformError } from '../../core/errors.ts';
import type { ReleaseOrder } from '../platform-control.ts';
import type { ReleaseManifest } from '../releases/release-manifest.ts';
import type { ReleaseShelf } from '../releases/release-shelf.ts';
import { refuseOvertaken } from './release-order.ts';

export interface ReleaseRun {
  readonly name: string;
  readonly digest: string;
}

export interface ProcessReleasesOptions {
  /** The data directory's own. */
  readonly shelf: ReleaseShelf;
  /** Where `holdfast release build` puts them; looked at for what is not on the own shelf. */
  readonly offered: readonly ReleaseShelf[];
  readonly dataDir: string;
  /** The one that was built from the sources here, for processes for which nothing was chosen, until one is settled on. On the own shelf. */
  readonly first: ReleaseManifest;
}

const FILE = 'process-releases.json';
/** What starts of changed sources leave behind on the own shelf; older ones that nothing runs are removed. */
const UNUSED_KEPT_MAX = 10;

/** As it lies on disk. */
interface Kept {
  readonly format: 1;
  readonly processes: Readonly<Record<string, ReleaseRun>>;
  /** What newcomers get; `null`: no rollout ever reached its end. */
  readonly settled: ReleaseRun | null;
  /** The highest token of a rollout that was seen. */
  readonly token: number;
}

const NOTHING_KEPT: Kept = { format: 1, processes: {}, settled: null, token: 0 };

export class ProcessReleases {
  readonly #options: ProcessReleasesOptions;
  #kept: Kept;
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: ProcessReleasesOptions, kept: Kept) {
    this.#options = options;
    this.#kept = kept;
  }

  static async open(options: ProcessReleasesOptions): Promise<ProcessReleases> {
    const releases = new ProcessReleases(options, await readKept(join(options.dataDir, FILE)));
    await releases.#removeUnused();
    return releases;
  }

  /** The name of what was built from the sources here. */
  get first(): string {
    return this.#options.first.name;
  }

  of(processName: string): ReleaseRun {
    const { name, digest } = this.#options.first;
    return this.#kept.processes[processName] ?? this.#kept.settled ?? { name, digest };
  }

  /** Throws `RELEASE_DAMAGED`, `NOT_FOUND`. */
  async scriptFor(processName: string): Promise<string> {
    return (await this.#options.shelf.open(this.of(processName).name)).cellScript;
  }

  /** Makes sure that it is here, whole. Throws `NOT_FOUND` with what there is, `RELEASE_DAMAGED`, `RELEASE_EXISTS`. */
  async adopt(releaseName: string): Promise<ReleaseRun> {
    const { shelf, offered } = this.#options;
    const from = (await shelf.has(releaseName)) ? null : await firstWith(offered, releaseName);
    if (from === null && !(await shelf.has(releaseName))) throw await this.#unknown(releaseName);
    const { manifest } = from === null ? await shelf.open(releaseName) : await shelf.addFrom(from, releaseName);
    return { name: manifest.name, digest: manifest.digest };
  }

  /** Throws `INVALID_INPUT` for an order that comes too late. */
  async note(order: ReleaseOrder): Promise<void> {
    refuseOvertaken(order, this.#kept.token);
    if ((order.token ?? 0) > this.#kept.token) await this.#keep({ token: order.token ?? 0 });
  }

  /** It must have been adopted. */
  async choose(processName: string, release: ReleaseRun): Promise<void> {
    invariant(await this.#options.shelf.has(release.name), `the release ${release.name} was adopted before it is run`);
    await this.#keep({ processes: { ...this.#kept.processes, [processName]: release } });
  }

  /** What processes run from now on for which nothing was chosen. It must have been adopted. */
  async settle(release: ReleaseRun): Promise<void> {
    await this.#keep({ settled: release });
  }

  /** In memory at once, and on disk one write after the other. */
  #keep(change: Partial<Kept>): Promise<void> {
    this.#kept = { ...this.#kept, ...change };
    const write = async () => {
      const path = join(this.#options.dataDir, FILE);
      const staged = `${path}.${process.pid}`;
      await writeFile(staged, `${JSON.stringify(this.#kept, null, 2)}\n`);
      await rename(staged, path);
    };
    this.#writing = this.#writing.then(write, write);
    return this.#writing;
  }

  async #removeUnused(): Promise<void> {
    const { shelf, first } = this.#options;
    const { processes, settled } = this.#kept;
    const used = new Set([first, settled, ...Object.values(processes)].map((release) => release?.name));
    const unused = (await shelf.list()).filter(({ name }) => !used.has(name));
    for (const { name } of unused.slice(0, Math.max(0, unused.length - UNUSED_KEPT_MAX))) await shelf.remove(name);
  }

  async #unknown(name: string): Promise<PlatformError> {
    const { shelf, offered } = this.#options;
    const manifests = (await Promise.all([shelf, ...offered].map((each) => each.list()))).flat();
    const known = [...new Set(manifests.map((each) => each.name))].sort();
    return new PlatformError({
      code: 'NOT_FOUND',
      kind: 'caller',
      effect: 'none',
      message: `There is no release ${name}. Allowed: ${known.join(', ')}. "holdfast release build" makes one of the sources here.`,
      details: { allowed: known },
    });
  }
}

async function firstWith(shelves: readonly ReleaseShelf[], name: string): Promise<ReleaseShelf | null> {
  for (const shelf of shelves) if (await shelf.has(name)) return shelf;
  return null;
}

async function readKept(path: string): Promise<Kept> {
  const given = await readFile(path, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return null;
    throw thrown;
  });
  return given === null ? NOTHING_KEPT : { ...NOTHING_KEPT, ...(JSON.parse(given) as Partial<Kept>) };
}
