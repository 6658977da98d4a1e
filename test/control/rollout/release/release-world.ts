/**
 * A platform in memory for the executor of a release: two sides of each cell, a lease, a supervisor. It dies at a call that a test
 * names, before or after the call had its effect, and it notes whatever an executor must never do.
 */

import { ReleaseExecutor } from '../../../../control/rollout/release/release-executor.ts';
import type {
  CellSight,
  MoveOutcome,
  ReleaseNote,
  ReleasePorts,
} from '../../../../control/rollout/release/release-ports.ts';
import type { StepResult } from '../../../../control/rollout/rollout-executor.ts';
import { PlatformError } from '../../../../core/errors.ts';
import type { FakeClock } from '../../../../core/fake-clock.ts';
import { type CellId, cellId, type RegionName, regionName } from '../../../../core/ids.ts';

export const [EAST, WEST] = [regionName('us-east-1'), regionName('us-west-2')];
export const C01 = cellId('c01');
export const [OLD, NEW] = ['old', 'new'];

export class Killed extends Error {}

interface Side {
  release: string;
  ready: boolean;
  warm: boolean;
  peer: 'ok' | 'gone';
}

/** What goes wrong with a release. */
export interface Flaws {
  /** Releases that do not get ready. */
  readonly neverReady?: readonly string[];
  /** Releases that fail an answer while they are run warm. */
  readonly failsAnswers?: readonly string[];
  /** How often a move is refused before it is carried out. */
  readonly movesRefused?: number;
  readonly moveFails?: boolean;
}

export class ReleaseWorld {
  readonly sides = new Map<RegionName, Side>();
  holder: RegionName | null = EAST;
  readonly broken: string[] = [];
  /** What was done to the cell, in order. */
  readonly done: string[] = [];
  calls = 0;
  settled: string | null = null;
  note: ReleaseNote | null = null;
  /** The call that it dies at, counted from 1, and whether that call still has its effect. */
  killAt: { readonly call: number; readonly after: boolean } | null = null;
  readonly #clock: FakeClock;
  readonly #flaws: Flaws;
  #refused = 0;

  constructor(clock: FakeClock, flaws: Flaws = {}) {
    this.#clock = clock;
    this.#flaws = flaws;
    for (const region of [EAST, WEST]) this.sides.set(region, { release: OLD, ready: true, warm: true, peer: 'ok' });
  }

  executor(release = NEW): ReleaseExecutor {
    return new ReleaseExecutor({ release, ports: this.ports(), clock: this.#clock });
  }

  /** What each side runs and who holds the cell: `old* new` is old and active in the east, new in the west. */
  get state(): string {
    return [EAST, WEST].map((region) => `${this.side(region).release}${this.holder === region ? '*' : ''}`).join(' ');
  }

  side(region: RegionName): Side {
    const side = this.sides.get(region);
    if (!side) throw new Error(`no side in ${region}`);
    return side;
  }

  ports(): ReleasePorts {
    return {
      cells: [C01],
      look: () => this.#call(() => this.#sight()),
      replace: ({ region, release }) => this.#call(() => this.#replace(region, release)),
      exercise: ({ region }) => this.#call(() => this.#exercise(region)),
      move: ({ region }) => this.#call(() => this.#move(region)),
      settle: ({ release }) =>
        this.#call(() => {
          this.settled = release;
        }),
      notes: {
        read: () => this.#call(() => this.note),
        write: (note) =>
          this.#call(() => {
            if (this.note !== null && this.note.token >= note.token) return false;
            this.note = note;
            return true;
          }),
        remove: () =>
          this.#call(() => {
            this.note = null;
          }),
      },
    };
  }

  async #call<T>(effect: () => T): Promise<T> {
    this.calls += 1;
    const dies = this.killAt?.call === this.calls;
    if (dies && this.killAt?.after === false) throw new Killed();
    const result = effect();
    if (dies) throw new Killed();
    return result;
  }

  #sight(): CellSight {
    const [one, other] = [EAST, WEST].map((region) => ({ region, ...this.side(region) }));
    if (!one || !other) throw new Error('two sides');
    return { holder: this.holder, sides: [one, other] };
  }

  #replace(region: RegionName, release: string): void {
    const side = this.side(region);
    if (side.release === release && side.ready) return;
    const other = this.side(region === EAST ? WEST : EAST);
    if (this.holder === region) this.broken.push(`replaced the active side ${region}`);
    if (!other.ready) this.broken.push(`replaced ${region} while the other side was down`);
    if (this.note === null) this.broken.push('replaced a side before it was written down what it had');
    this.done.push(`${region}: ${release}`);
    side.release = release;
    side.warm = false;
    side.ready = !this.#flaws.neverReady?.includes(release);
    if (!side.ready) {
      throw new PlatformError({ code: 'PROCESS_FAILED', kind: 'dependency', effect: 'none', message: 'not ready' });
    }
  }

  #exercise(region: RegionName) {
    const side = this.side(region);
    const failed = this.#flaws.failsAnswers?.includes(side.release) ? 3 : 0;
    side.warm = true;
    return { served: 97, failed, firstFailure: failed > 0 ? '/products: 500 INTERNAL' : null };
  }

  #move(region: RegionName): MoveOutcome {
    if (this.#refused < (this.#flaws.movesRefused ?? 0)) {
      this.#refused += 1;
      return { outcome: 'refused', note: 'commits are on their way' };
    }
    if (this.#flaws.moveFails) return { outcome: 'failed', note: 'another failover is under way' };
    if (!this.side(region).ready) this.broken.push(`moved to ${region}, which was down`);
    this.done.push(`to ${region}`);
    this.holder = region;
    return { outcome: 'done', note: 'moved' };
  }
}

const never = new AbortController().signal;

export function take(executor: ReleaseExecutor, step: string, cell: CellId = C01, token = 1): Promise<StepResult> {
  return executor.take({ cell, step }, { withinMs: executor.callMsMax, signal: never, token });
}

export function undo(executor: ReleaseExecutor, token = 1): Promise<StepResult> {
  return executor.undo(C01, { withinMs: executor.callMsMax, signal: never, token });
}

export const limitOf = (executor: ReleaseExecutor, token = 1) => ({
  withinMs: executor.callMsMax,
  signal: never,
  token,
});
