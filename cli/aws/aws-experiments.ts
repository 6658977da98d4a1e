/**
 * AWS FIS as drills see it: experiments that somebody else makes. Begun, watched until FIS says that they run, and stopped, in
 * the drill's region; what shows from outside that one bites is asked of the functions and tables themselves, never of FIS.
 */
import { randomUUID } from 'node:crypto';
import {
  type ExperimentState,
  type FaultExperiments,
  hasEnded,
  type RunningExperiment,
} from '../../control/aws/fault-experiments.ts';
import type { Clock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import type { ExperimentPort, NamedExperiment } from '../../drills/ports/platform-port.ts';

export interface AwsExperimentsOptions {
  readonly experiments: (region: string) => FaultExperiments;
  readonly regions: readonly string[];
  readonly clock: Clock;
  /** What shows from outside; `null`: nothing. */
  readonly effect: ExperimentPort['effect'];
}

export interface LeftRunning extends RunningExperiment {
  readonly region: string;
}

/** From "start" to "running" FIS resolves targets and takes roles; much longer than it takes. */
const BEGIN_MS_MAX = 120_000;
const END_MS_MAX = 120_000;
const LOOK_EVERY_MS = 2_000;

export class AwsExperiments implements ExperimentPort {
  readonly #o: AwsExperimentsOptions;
  /** By name and region, those of this process. */
  readonly #begun = new Map<string, string>();

  constructor(options: AwsExperimentsOptions) {
    this.#o = options;
  }

  async begin({ name, region }: NamedExperiment): Promise<void> {
    const { id } = await this.#o.experiments(region).start(name, randomUUID());
    this.#begun.set(`${name}@${region}`, id);
    const state = await this.#until({ id, region, withinMs: BEGIN_MS_MAX }, ({ status }) => {
      return status !== 'pending' && status !== 'initiating';
    });
    if (state.status !== 'running') throw notRunning({ name, region, ...state });
  }

  effect(experiment: NamedExperiment): Promise<string | null> {
    return this.#o.effect(experiment);
  }

  async end({ name, region }: NamedExperiment): Promise<void> {
    const id = this.#begun.get(`${name}@${region}`);
    if (id !== undefined) await this.#stop({ id, name, region });
  }

  /** Those that a drill started, this one or an earlier one, from wherever it ran. */
  async left(): Promise<readonly LeftRunning[]> {
    const found = this.#o.regions.map(async (region) => {
      const running = await this.#o.experiments(region).running();
      return running.map((each) => ({ ...each, region }));
    });
    return (await Promise.all(found)).flat();
  }

  /** Stops all that are left. Resolves with what they were. */
  async endLeft(): Promise<readonly LeftRunning[]> {
    const left = await this.left();
    await this.#stopAll(left);
    return left;
  }

  /** Stops those of this process. */
  async endBegun(): Promise<void> {
    const begun = [...this.#begun].map(([at, id]) => {
      const [name = '', region = ''] = at.split('@');
      return { id, name, region };
    });
    await this.#stopAll(begun);
  }

  /** Every one is tried; the first error is thrown afterwards. */
  async #stopAll(experiments: readonly LeftRunning[]): Promise<void> {
    const results = await Promise.allSettled(experiments.map((each) => this.#stop(each)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async #stop({ id, name, region }: LeftRunning): Promise<void> {
    await this.#o.experiments(region).stop(id);
    const state = await this.#until({ id, region, withinMs: END_MS_MAX }, hasEnded);
    if (!hasEnded(state)) throw notEnded({ name, region, ...state });
    if (this.#begun.get(`${name}@${region}`) === id) this.#begun.delete(`${name}@${region}`);
  }

  async #until(
    of: { readonly id: string; readonly region: string; readonly withinMs: number },
    holds: (state: ExperimentState) => boolean,
  ): Promise<ExperimentState> {
    const { clock } = this.#o;
    const untilMs = clock.monotonicMs() + of.withinMs;
    for (;;) {
      const state = await this.#o.experiments(of.region).state(of.id);
      if (holds(state) || clock.monotonicMs() >= untilMs) return state;
      await clock.sleep(LOOK_EVERY_MS);
    }
  }
}

type Seen = NamedExperiment & ExperimentState;

function notRunning({ name, region, status, reason }: Seen): PlatformError {
  const why = reason === null ? '' : ` (${reason})`;
  const message = `The experiment ${name} in ${region} does not run: AWS FIS says ${status}${why}. "aws fis get-experiment" tells more.`;
  return new PlatformError({ code: 'UNSUPPORTED', kind: 'dependency', effect: 'unknown', message });
}

function notEnded({ name, region, status }: Seen): PlatformError {
  const message = `The experiment ${name} in ${region} was told to stop and is still ${status}. It ends by itself ten minutes after its start; "holdfast drill heal --target aws" asks again.`;
  return new PlatformError({ code: 'CELL_UNREACHABLE', kind: 'dependency', effect: 'unknown', message });
}
