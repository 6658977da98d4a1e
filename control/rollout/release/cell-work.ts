/** The moves that the steps of a release are made of, on one cell and within one call's limit. */
import type { Clock } from '../../../core/clock.ts';
import { PlatformError } from '../../../core/errors.ts';
import type { CellId, RegionName } from '../../../core/ids.ts';
import type { StepLimit, StepResult } from '../rollout-executor.ts';
import { AGAIN_MS, FIT_MS_MAX, WARM_ANSWERS_MIN } from './release-limits.ts';
import type { CellSide, CellSight, PortLimit, ReleaseNote, ReleasePorts } from './release-ports.ts';

export interface CellWorkOptions {
  readonly cell: CellId;
  readonly release: string;
  readonly ports: ReleasePorts;
  readonly clock: Clock;
  readonly limit: StepLimit;
  readonly moveMsMax: number;
}

export type HeldSight = CellSight & { readonly holder: RegionName };

export class CellWork {
  readonly #o: CellWorkOptions;
  readonly #endAtMs: number;

  constructor(options: CellWorkOptions) {
    this.#o = options;
    this.#endAtMs = options.clock.monotonicMs() + options.limit.withinMs;
  }

  /** The cell with somebody who holds it. Throws, effect `none`, when nobody does for as long as a failover may take. */
  async heldSight(): Promise<HeldSight> {
    const { cell } = this.#o;
    const sight = await this.#until(FIT_MS_MAX, async () => {
      const seen = await this.#look();
      return seen.holder === null ? null : { ...seen, holder: seen.holder };
    });
    if (sight) return sight;
    throw new PlatformError({
      code: 'DEPLOY_FAILED',
      kind: 'dependency',
      effect: 'none',
      message: `Nobody holds ${cell}, so neither side of it may be taken away. See "holdfast status".`,
    });
  }

  /** What the cell had before this release; written down now if nobody has. `null`: somebody else wrote meanwhile. */
  async noteBefore(sight: HeldSight): Promise<ReleaseNote | null> {
    const known = await this.note();
    if (known) return known;
    const { cell, release, ports, limit } = this.#o;
    const before = sight.sides.map((side): [RegionName, string] => [side.region, side.release ?? release]);
    const note = { cell, release, token: limit.token, holder: sight.holder, before: Object.fromEntries(before) };
    return (await ports.notes.write(note, this.#limit())) ? note : this.note();
  }

  /** `null`: this release was never about to touch the cell. */
  async note(): Promise<ReleaseNote | null> {
    const note = await this.#o.ports.notes.read(this.#o.cell, this.#limit());
    return note?.release === this.#o.release ? note : null;
  }

  /** Whether each side may be relied on while the other is away; a sentence when not, after a bounded wait. */
  async untilFit(): Promise<string | null> {
    let seen = 'nothing was seen of it';
    const fit = await this.#until(FIT_MS_MAX, async () => {
      const sight = await this.#look();
      seen = sight.sides.map(describe).join('; ');
      return sight.holder !== null && sight.sides.every((side) => side.ready && side.peer === 'ok') ? true : null;
    });
    if (fit) return null;
    return `${this.#o.cell} has no healthy standby, and never both of its regions are touched (${seen}); bring it back first`;
  }

  async replace(region: RegionName, release: string): Promise<void> {
    const { cell, ports, limit } = this.#o;
    await ports.replace({ cell, region, release, token: limit.token }, this.#limit());
  }

  /**
   * Sends it what a copy may answer until it says that it is warm and hears its peer. A sentence when it does not get there in
   * time, or fails one answer: a release that does is not let near customers.
   */
  async warm(region: RegionName, withinMs: number): Promise<string | null> {
    const { cell, ports } = this.#o;
    let [served, seen] = [0, 'it was not seen'];
    let failure: string | null = null;
    const over = await this.#until(withinMs, async () => {
      if (served < WARM_ANSWERS_MIN) {
        const exercise = await ports.exercise({ cell, region }, this.#limit());
        served += exercise.served;
        failure = exercise.failed > 0 ? `${exercise.failed} answers failed (${exercise.firstFailure})` : null;
      }
      const side = (await this.#look()).sides.find((each) => each.region === region);
      if (side) seen = describe(side);
      const warm = side?.ready === true && side.warm && side.peer === 'ok' && served >= WARM_ANSWERS_MIN;
      return failure !== null || warm ? true : null;
    });
    if (failure !== null) return `while it was run warm, ${region} failed: ${failure}`;
    return over ? null : `${region} was not warm within ${withinMs} ms (${seen}, ${served} answers)`;
  }

  /** A planned move; refused for a moment, it is asked again. `done` only when the region was seen to hold the cell. */
  async moveTo(region: RegionName): Promise<StepResult> {
    const { cell, release, ports, moveMsMax } = this.#o;
    let note = 'it was not asked';
    const end = await this.#until(moveMsMax, async (): Promise<StepResult | null> => {
      const moved = await ports.move({ cell, region, release }, this.#limit());
      note = moved.note;
      if (moved.outcome === 'failed') return { outcome: 'failed', note };
      if ((await this.#look()).holder === region) return { outcome: 'done', note: `${region} is active: ${note}` };
      return null;
    });
    return (
      end ?? { outcome: 'failed', note: `${cell} could not be moved to ${region} within ${moveMsMax} ms: ${note}` }
    );
  }

  #look(): Promise<CellSight> {
    return this.#o.ports.look(this.#o.cell, this.#limit());
  }

  #limit(): PortLimit {
    const { clock, limit } = this.#o;
    return { withinMs: Math.max(0, this.#endAtMs - clock.monotonicMs()), signal: limit.signal };
  }

  /** Asks again until there is an answer, within `withinMs` and the call's limit. `null`: there was none. Throws when it is aborted. */
  async #until<T>(withinMs: number, ask: () => Promise<T | null>): Promise<T | null> {
    const { clock, limit } = this.#o;
    const untilMs = Math.min(this.#endAtMs, clock.monotonicMs() + withinMs);
    for (;;) {
      limit.signal.throwIfAborted();
      const answer = await ask();
      if (answer !== null) return answer;
      if (clock.monotonicMs() + AGAIN_MS > untilMs) return null;
      await clock.sleep(AGAIN_MS, limit.signal);
    }
  }
}

function describe({ region, release, ready, warm, peer }: CellSide): string {
  const state = ready ? (warm ? 'warm' : 'not warm') : 'not ready';
  return `${region} runs ${release ?? 'nobody knows what'}, ${state}, sees its peer ${peer ?? 'not at all'}`;
}
