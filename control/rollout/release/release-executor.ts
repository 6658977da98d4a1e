/**
 * Brings a release to a cell, one region at a time, and takes it back. What serves is never replaced: the side that stands by is,
 * then the cell moves there. Invariants: never both regions at once; the side that holds the lease is not touched; before a cell is
 * touched it is written down what each side had. Each step looks at the cell and does what is missing, so it may be repeated.
 *
 *   standby ─▶ warm-up ─▶ switchover ─▶ former (the side that was active, warmed too) ─▶ home (where the cell was before)
 */
import type { Clock } from '../../../core/clock.ts';
import { isPlatformError } from '../../../core/errors.ts';
import type { CellId } from '../../../core/ids.ts';
import type { RolloutExecutor, StepLimit, StepPlace, StepResult } from '../rollout-executor.ts';
import { CellWork } from './cell-work.ts';
import {
  CALL_MS_MAX,
  MOVE_MS_MAX,
  TRIAL_MS,
  UNDO_ROUNDS_MAX,
  WARM_BACK_MS_MAX,
  WARM_MS_MAX,
} from './release-limits.ts';
import type { CellSide, CellSight, ReleaseNote, ReleasePorts } from './release-ports.ts';

export const RELEASE_STEPS = ['standby', 'warm-up', 'switchover', 'trial', 'former', 'home'] as const;

export interface ReleaseExecutorOptions {
  /** Its name, as the platform knows it. */
  readonly release: string;
  readonly ports: ReleasePorts;
  readonly clock: Clock;
  /** Where a side is replaced and moved to more slowly than by a process on this machine. */
  readonly bounds?: { readonly callMsMax: number; readonly moveMsMax: number };
}

export class ReleaseExecutor implements RolloutExecutor {
  readonly steps = RELEASE_STEPS;
  readonly callMsMax: number;
  readonly #o: ReleaseExecutorOptions;

  constructor(options: ReleaseExecutorOptions) {
    this.#o = options;
    this.callMsMax = options.bounds?.callMsMax ?? CALL_MS_MAX;
  }

  take({ cell, step }: StepPlace, limit: StepLimit): Promise<StepResult> {
    const work = this.#workOn(cell, limit);
    switch (step) {
      case 'standby':
        return told(() => this.#standby(work));
      case 'warm-up':
        return told(() => this.#warmUp(work));
      case 'switchover':
        return told(() => this.#switchover(work));
      case 'trial':
        return told(() => this.#trial(limit));
      case 'former':
        return told(() => this.#former(work));
      case 'home':
        return told(() => this.#home(work));
      default:
        return Promise.resolve(failed(`there is no step ${step}; allowed: ${this.steps.join(', ')}`));
    }
  }

  undo(cell: CellId, limit: StepLimit): Promise<StepResult> {
    return told(() => this.#undo(this.#workOn(cell, limit)));
  }

  settle(limit: StepLimit): Promise<StepResult> {
    const { ports, release, clock } = this.#o;
    return told(async () => {
      await ports.settle({ release, token: limit.token }, limit);
      await forgetNotes(ports, { clock, limit });
      return done(`newcomers get ${release}`);
    });
  }

  withdraw(limit: StepLimit): Promise<StepResult> {
    return told(async () => {
      await forgetNotes(this.#o.ports, { clock: this.#o.clock, limit });
      return done('no cell is to get it any more');
    });
  }

  #workOn(cell: CellId, limit: StepLimit): CellWork {
    const moveMsMax = this.#o.bounds?.moveMsMax ?? MOVE_MS_MAX;
    return new CellWork({ ...this.#o, cell, limit, moveMsMax });
  }

  async #standby(work: CellWork): Promise<StepResult> {
    const { release } = this.#o;
    const sight = await work.heldSight();
    const note = await work.noteBefore(sight);
    if (note === null) return unknown('another orchestrator wrote down what the cell had; it goes on');
    if (sight.sides.some((side) => side.ready && side.release === release)) return done('one side runs it already');
    const standby = idleSide(sight);
    // One that is on its way to the release was found fit before it was touched.
    if (standby.release !== release) {
      const objection = await work.untilFit();
      if (objection) return failed(objection);
    }
    await work.replace(standby.region, release);
    return done(`${standby.region} stands by with it`);
  }

  async #warmUp(work: CellWork): Promise<StepResult> {
    const { release } = this.#o;
    const sight = await work.heldSight();
    if (activeSide(sight).release === release) return done('it is active already');
    const standby = idleSide(sight);
    if (standby.release !== release) return failed(`${standby.region} runs ${standby.release}, not ${release}`);
    const cold = await work.warm(standby.region, WARM_MS_MAX);
    return cold ? failed(cold) : done(`${standby.region} is warm`);
  }

  async #switchover(work: CellWork): Promise<StepResult> {
    const { release } = this.#o;
    const sight = await work.heldSight();
    const [active, standby] = [activeSide(sight), idleSide(sight)];
    if (active.release === release) return done(`${active.region} is active with it`);
    if (standby.release !== release || !standby.ready) {
      return failed(
        `${standby.region} is not ready with ${release} (it has ${standby.release}); the cell stays where it is`,
      );
    }
    return work.moveTo(standby.region);
  }

  async #trial({ signal }: StepLimit): Promise<StepResult> {
    await this.#o.clock.sleep(TRIAL_MS, signal);
    return done(`customers have had it for ${TRIAL_MS / 1_000} s`);
  }

  async #former(work: CellWork): Promise<StepResult> {
    const { release } = this.#o;
    const sight = await work.heldSight();
    const former = sight.sides.find((side) => side.release !== release) ?? idleSide(sight);
    if (former.region === sight.holder) {
      return failed(`${former.region} is active and runs ${former.release}: somebody moved the cell back`);
    }
    if (former.release !== release) {
      const objection = await work.untilFit();
      if (objection) return failed(objection);
    }
    await work.replace(former.region, release);
    const cold = await work.warm(former.region, WARM_MS_MAX);
    return cold ? failed(cold) : done(`${former.region} stands by with it, warm`);
  }

  async #home(work: CellWork): Promise<StepResult> {
    const note = await work.note();
    if (note === null) return failed('nobody wrote down where the cell was before');
    return this.#moveBack(work, { note, sight: await work.heldSight() });
  }

  /** Where it was before: a cell that somebody keeps away from a region is not left there. */
  async #moveBack(work: CellWork, { note, sight }: { note: ReleaseNote; sight: CellSight }): Promise<StepResult> {
    return sight.holder === note.holder ? done(`it is in ${note.holder}, as before`) : work.moveTo(note.holder);
  }

  /** The side that stands by first; if the bad release is active and the other side is as before, away from it first of all. */
  async #undo(work: CellWork): Promise<StepResult> {
    const note = await work.note();
    if (note === null) return done('it was not touched');
    for (let round = 0; round < UNDO_ROUNDS_MAX; round++) {
      const sight = await work.heldSight();
      const [active, idle] = [activeSide(sight), idleSide(sight)];
      if (!idle.ready || idle.release !== before(note, idle)) {
        await work.replace(idle.region, before(note, idle));
        await work.warm(idle.region, WARM_BACK_MS_MAX);
      } else if (active.release !== before(note, active)) {
        const moved = await work.moveTo(idle.region);
        if (moved.outcome !== 'done') return moved;
      } else {
        const back = await this.#moveBack(work, { note, sight });
        return back.outcome === 'done' ? done(`both sides run what they ran; ${back.note}`) : back;
      }
    }
    return unknown(`not as before after ${UNDO_ROUNDS_MAX} rounds`);
  }
}

const done = (note: string): StepResult => ({ outcome: 'done', note });
const failed = (note: string): StepResult => ({ outcome: 'failed', note });
const unknown = (note: string): StepResult => ({ outcome: 'unknown', note });

const activeSide = ({ sides: [one, other], holder }: CellSight): CellSide => (one.region === holder ? one : other);
const idleSide = ({ sides: [one, other], holder }: CellSight): CellSide => (one.region === holder ? other : one);
const before = (note: ReleaseNote, { region }: CellSide): string => note.before[region] ?? note.release;

async function forgetNotes(
  ports: ReleasePorts,
  by: { readonly clock: Clock; readonly limit: StepLimit },
): Promise<void> {
  for (const cell of ports.cells) await ports.notes.remove(cell, by.limit);
}

/** What provably did nothing has failed; of anything else that was thrown nobody knows what it did. */
async function told(work: () => Promise<StepResult>): Promise<StepResult> {
  try {
    return await work();
  } catch (thrown) {
    const note = thrown instanceof Error ? thrown.message : String(thrown);
    return isPlatformError(thrown) && thrown.effect === 'none' ? failed(note) : unknown(note);
  }
}
