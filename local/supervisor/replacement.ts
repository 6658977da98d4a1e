/**
 * Replaces the release of a cell's process. Invariant: never both regions of a cell at once, whoever asks. A new release that does
 * not become ready leaves the process down and says so; the one before is put back by asking for it.
 */
import { invalid } from '../../core/errors.ts';
import type { ReleaseOrder } from '../platform-control.ts';
import type { ManagedProcess } from './managed-process.ts';
import type { ProcessReleases } from './process-releases.ts';

/** Longer than any route's deadline: what is under way then has nobody left who waits for it. */
export const DRAIN_MS_MAX = 5_000;
/** Loading a host takes a second or two of processor time; with five quick deaths in between, still below this. */
export const REPLACE_READY_MS_MAX = 20_000;

interface Underway {
  readonly processName: string;
  readonly release: string;
  readonly done: Promise<void>;
}

export type Replaceable = Pick<ManagedProcess, 'name' | 'view' | 'end' | 'startWithin'>;

export class Replacements {
  readonly #releases: ProcessReleases | null;
  /** By cell. */
  readonly #underway = new Map<string, Underway>();

  /** `null`: this platform runs other programs in the place of ours. */
  constructor(releases: ProcessReleases | null) {
    this.#releases = releases;
  }

  /**
   * Resolves when the process runs the release and is ready; at once when it does already. The same call again joins the first.
   * Throws `PROCESS_FAILED` when it did not get ready within its bound; `INVALID_INPUT`, `NOT_FOUND` and `RELEASE_DAMAGED` before
   * anything was touched.
   */
  async replace(managed: Replaceable, order: ReleaseOrder): Promise<void> {
    const { kind, cell, name } = managed.view();
    if (kind !== 'cell' || cell === undefined) {
      throw invalid(`${name} runs no release of its own. Allowed: a process of a cell, as c01@us-east-1.`);
    }
    const underway = this.#underway.get(cell);
    if (underway) return joined(underway, { processName: name, release: order.release });
    const done = this.#carryOut(managed, order).finally(() => this.#underway.delete(cell));
    this.#underway.set(cell, { processName: name, release: order.release, done });
    return done;
  }

  async settle(order: ReleaseOrder): Promise<void> {
    const releases = this.#known();
    await releases.note(order);
    await releases.settle(await releases.adopt(order.release));
  }

  async #carryOut(managed: Replaceable, order: ReleaseOrder): Promise<void> {
    const releases = this.#known();
    await releases.note(order);
    const release = await releases.adopt(order.release);
    const running = releases.of(managed.name);
    if (running.digest === release.digest && managed.view().state === 'ready') return;
    await managed.end({ drainMs: DRAIN_MS_MAX });
    await releases.choose(managed.name, release);
    await managed.startWithin(REPLACE_READY_MS_MAX);
  }

  #known(): ProcessReleases {
    if (this.#releases !== null) return this.#releases;
    throw invalid('This platform was started with stand-ins, which have no releases.');
  }
}

function joined(underway: Underway, asked: { readonly processName: string; readonly release: string }): Promise<void> {
  const { processName, release, done } = underway;
  if (processName === asked.processName && release === asked.release) return done;
  throw invalid(
    `${processName} is being replaced by ${release} right now, so ${asked.processName} is left as it is: never two changes of one cell at a time. Wait until that has ended.`,
  );
}
