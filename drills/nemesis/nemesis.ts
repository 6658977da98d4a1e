/**
 * Injects faults, makes sure of their effect, and heals them. Invariant: a fault counts as effective only when its effect
 * was *seen*: a killed process's port refuses, a stopped one is silent, a link's own counters show traffic that was hit.
 * What the platform merely says that it did is no effect. `healAll` leaves no fault behind, whatever happened before.
 */
import type { Clock } from '../../core/clock.ts';
import type { ExperimentPort, PlatformPort, ProcessAction } from '../ports/platform-port.ts';
import type { FaultRecord } from '../report/drill-report.ts';
import type { HttpClient } from '../workload/http-client.ts';
import { type Fault, linkFaultOf, targetsOf } from './fault.ts';
import {
  experimentEffect,
  linkEffect,
  measuredBefore,
  processEffect,
  type Seen,
  throttleEffect,
} from './fault-effect.ts';

export interface NemesisOptions {
  readonly platform: PlatformPort;
  readonly http: HttpClient;
  readonly clock: Clock;
  /** Milliseconds since the drill began. */
  readonly nowMs: () => number;
  readonly experimentBitesWithinMs: number;
}

export interface InjectedFault {
  readonly injectedAtMs: number;
  /** Resolves when the effect was seen on every target, or `EFFECT_WAIT_MS_MAX` is over. */
  readonly verified: Promise<boolean>;
  heal(): Promise<void>;
}

interface Active {
  readonly fault: Fault;
  readonly injectedAtMs: number;
  readonly before: ReadonlyMap<string, number>;
  seen: Seen | null;
  healedAtMs: number | null;
}

/** Looked for this long; a fault that takes longer to bite would make the figures mean something else. */
export const EFFECT_WAIT_MS_MAX = 3_000;
const EXPERIMENT_LOOK_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 20;

export class Nemesis {
  readonly #options: NemesisOptions;
  readonly #faults: Active[] = [];
  readonly #told: FaultRecord[] = [];

  constructor(options: NemesisOptions) {
    this.#options = options;
  }

  get records(): readonly FaultRecord[] {
    const injected = this.#faults.map(({ fault, injectedAtMs, seen, healedAtMs }) => ({
      kind: fault.kind,
      targets: targetsOf(fault),
      injectedAtMs,
      effectiveAtMs: seen?.effectiveAtMs ?? null,
      healedAtMs,
      evidence: seen?.evidence ?? 'no effect was seen',
    }));
    return [...injected, ...this.#told];
  }

  /** A fault that an experiment injected by other means and healed itself, once it knows whether its effect was seen. */
  tell(fault: FaultRecord): void {
    this.#told.push(fault);
  }

  /** All targets at one instant, in the order in which they stand. Throws when the platform refuses. */
  async inject(fault: Fault): Promise<InjectedFault> {
    const before = await measuredBefore(this.#options, fault);
    const active: Active = { fault, before, injectedAtMs: this.#options.nowMs(), seen: null, healedAtMs: null };
    this.#faults.push(active);
    if (fault.kind === 'experiment') await experimentsOf(this.#options.platform).begin(fault);
    else if (fault.kind === 'throttle') await this.#throttle(fault.processes, fault.runRatio);
    else if ('processes' in fault) await this.#actOn(fault.processes, fault.kind);
    else await Promise.all(fault.links.map((link) => this.#options.platform.setFault(link, linkFaultOf(fault))));
    return { injectedAtMs: active.injectedAtMs, verified: this.#verify(active), heal: () => this.#heal(active) };
  }

  /** In the opposite order of injection. Every one is tried; the first error is thrown afterwards. */
  async healAll(): Promise<void> {
    const results: PromiseSettledResult<void>[] = [];
    for (const active of [...this.#faults].reverse()) results.push(...(await Promise.allSettled([this.#heal(active)])));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async #verify(active: Active): Promise<boolean> {
    const { fault, before } = active;
    const isExperiment = fault.kind === 'experiment';
    const untilMs = this.#options.nowMs() + (isExperiment ? this.#options.experimentBitesWithinMs : EFFECT_WAIT_MS_MAX);
    const look = () => {
      if (fault.kind === 'experiment') return experimentEffect({ ...this.#options, fault });
      if (fault.kind === 'throttle') return throttleEffect({ ...this.#options, fault, before });
      return 'processes' in fault
        ? processEffect({ ...this.#options, fault })
        : linkEffect({ ...this.#options, fault, before });
    };
    while (active.seen === null && active.healedAtMs === null && this.#options.nowMs() < untilMs) {
      active.seen = await look();
      if (active.seen === null)
        await this.#options.clock.sleep(isExperiment ? EXPERIMENT_LOOK_EVERY_MS : LOOK_EVERY_MS);
    }
    return active.seen !== null;
  }

  async #heal(active: Active): Promise<void> {
    if (active.healedAtMs !== null) return;
    const { fault } = active;
    const { platform } = this.#options;
    if (fault.kind === 'experiment') return this.#endExperiment(active, fault);
    // Links carry traffic that shows the effect only until now: look once more.
    if (!('processes' in fault)) active.seen ??= await linkEffect({ ...this.#options, fault, before: active.before });
    if (fault.kind === 'crash') await this.#startInOrder(fault.processes);
    else if (fault.kind === 'throttle') await this.#throttle(fault.processes, 1);
    else if (fault.kind === 'stop') await this.#actOn(fault.processes, 'continue');
    else await Promise.all(fault.links.map((link) => platform.heal(link)));
    active.healedAtMs = this.#options.nowMs();
  }

  /** Its maker's word ends it; those who suffered it may go on for a while, and what is judged afterwards must not. */
  async #endExperiment(active: Active, fault: Extract<Fault, { kind: 'experiment' }>): Promise<void> {
    const { platform, clock, nowMs, experimentBitesWithinMs } = this.#options;
    await experimentsOf(platform).end(fault);
    active.healedAtMs = nowMs();
    if (active.seen === null) return;
    const untilMs = nowMs() + experimentBitesWithinMs;
    while (nowMs() < untilMs && (await experimentEffect({ ...this.#options, fault })) !== null)
      await clock.sleep(EXPERIMENT_LOOK_EVERY_MS);
  }

  /** Stores before what stands on them, as a region would come back. */
  async #startInOrder(processes: readonly string[]): Promise<void> {
    const { processes: known } = await this.#options.platform.view();
    const isStore = (name: string) => known.some((process) => process.name === name && process.kind === 'store');
    await this.#actOn(processes.filter(isStore), 'start');
    await this.#actOn(
      processes.filter((name) => !isStore(name)),
      'start',
    );
  }

  async #throttle(processes: readonly string[], runRatio: number): Promise<void> {
    await Promise.all(processes.map((name) => this.#options.platform.throttle(name, runRatio)));
  }

  async #actOn(processes: readonly string[], action: ProcessAction): Promise<void> {
    await Promise.all(processes.map((name) => this.#options.platform.act(name, action)));
  }
}

function experimentsOf({ experiments }: PlatformPort): ExperimentPort {
  if (experiments) return experiments;
  throw new Error('Nobody makes experiments on this platform.');
}
