/**
 * Staged changes in an operator's hands: what is under way, what would happen, carry out, go on, take back, freeze. Over the
 * operator's own reach of the arbiter, so that no control process takes part. The same for both targets but for the means.
 */
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { tableMarkStore } from '../../control/adapters/table-mark-store.ts';
import { tableRolloutRecords } from '../../control/adapters/table-rollout-records.ts';
import { GateKeeper, untilKnown } from '../../control/rollout/gate-keeper.ts';
import { lifted, type Mark, marked, standing } from '../../control/rollout/gates/marks.ts';
import type { GateFinding } from '../../control/rollout/rollout-executor.ts';
import { ARBITER_MS_MAX } from '../../control/rollout/rollout-limits.ts';
import { type Means, RolloutMachine } from '../../control/rollout/rollout-machine.ts';
import { type Change, isTerminal, type RolloutRecord } from '../../control/rollout/rollout-record.ts';
import { freezeLine } from '../../control/timeline/operator-lines.ts';
import { PlatformError } from '../../core/errors.ts';
import type { Topology } from '../../core/topology.ts';
import type { Machine } from '../failover-operator.ts';
import type { OperatorPorts } from '../operator-ports.ts';

export interface RolloutSite {
  readonly topology: Topology;
  readonly ports: OperatorPorts;
  readonly machine: Machine;
  readonly meansFor: (change: Change) => Promise<Means>;
  /** The release that is meant, once it is certain that it can be brought and taken back. Throws with what is missing. */
  readonly releaseOf: (named: string | null) => Promise<string>;
  readonly close: () => void;
}

export interface RolloutWish {
  /** Name of the release; `null`: the one that was synthesised, where that has a meaning. */
  readonly release: string | null;
  readonly bakeMs: number;
  readonly why: string;
  readonly forced: readonly string[];
}

export interface RolloutPreview {
  readonly what: string;
  readonly waves: Topology['waves'];
  readonly steps: readonly string[];
  readonly findings: readonly GateFinding[];
  /** Why it would be refused now; `null`: it would begin. */
  readonly refusal: string | null;
}

export interface RolloutStatus {
  /** Newest first; the first may be under way. */
  readonly rollouts: readonly RolloutRecord[];
  readonly freeze: Mark['held'];
  readonly drill: Mark['held'];
}

export type ToldMark = Mark & { readonly told: boolean };

export type OnRollout = (record: RolloutRecord) => void;

const LIMIT = { withinMs: ARBITER_MS_MAX };
/** As many as a screen shows. */
const SHOWN_MAX = 10;
/** Two people who freeze at the same instant; more in a row is something else. */
const MARK_TRIES_MAX = 5;

export class RolloutOperator {
  readonly topology: Topology;
  readonly #site: RolloutSite;

  constructor(site: RolloutSite) {
    this.#site = site;
    this.topology = site.topology;
  }

  async status(): Promise<RolloutStatus> {
    const nowMs = this.#site.machine.clock.wallMs();
    const [rollouts, freeze, drill] = await Promise.all([
      this.#records.history(SHOWN_MAX, LIMIT),
      this.#marks.read('freeze', LIMIT),
      this.#marks.read('drill', LIMIT),
    ]);
    return { rollouts, freeze: standing(freeze, nowMs), drill: standing(drill, nowMs) };
  }

  /** Looks only; gates are asked as a beginning rollout would ask them. */
  async plan({ release, forced }: RolloutWish): Promise<RolloutPreview> {
    const { clock } = this.#site.machine;
    const what = await this.#site.releaseOf(release);
    const { executor, gates } = await this.#site.meansFor({ kind: 'release', what });
    const keeper = new GateKeeper({ gates, forced, clock });
    const { signal } = new AbortController();
    const look = await untilKnown(keeper, { cells: [], midCell: false, clock, signal });
    const present = await this.#records.current(LIMIT);
    const busy =
      present && !isTerminal(present) ? `rollout ${present.number} (${present.what}) is ${present.state}` : null;
    const refusal = [busy, look.verdict === 'open' ? null : look.reason].filter((reason) => reason !== null).join('; ');
    const { findings } = look;
    return {
      what,
      waves: this.topology.waves,
      steps: executor.steps,
      findings,
      refusal: refusal === '' ? null : refusal,
    };
  }

  async run({ release, ...wish }: RolloutWish, onProgress: OnRollout): Promise<RolloutRecord> {
    const { waves } = this.topology;
    const what = await this.#site.releaseOf(release);
    return this.#machine(onProgress).run({ kind: 'release', what, waves, by: who(), ...wish });
  }

  resume(onProgress: OnRollout): Promise<RolloutRecord> {
    return this.#machine(onProgress).resume();
  }

  abort(why: string, onProgress: OnRollout): Promise<RolloutRecord> {
    return this.#machine(onProgress).abort({ by: who(), why });
  }

  /** Nobody begins a rollout until then; one under way goes back at its next look. `told`: the timeline has a line of it. */
  freeze({ why, forMs }: { readonly why: string; readonly forMs: number }): Promise<ToldMark> {
    const nowMs = this.#site.machine.clock.wallMs();
    return this.#mark((before) => marked(before, { by: who(), why, nowMs, forMs }));
  }

  unfreeze(): Promise<ToldMark> {
    return this.#mark(lifted);
  }

  close(): void {
    this.#site.close();
  }

  get #records() {
    return tableRolloutRecords({ arbiter: this.#site.ports.arbiter, clock: this.#site.machine.clock });
  }

  get #marks() {
    return tableMarkStore({ arbiter: this.#site.ports.arbiter, clock: this.#site.machine.clock });
  }

  #machine(onProgress: OnRollout): RolloutMachine {
    const { meansFor, machine, ports } = this.#site;
    const newId = () => randomUUID().slice(0, 8);
    const { timeline } = ports;
    return new RolloutMachine({ records: this.#records, clock: machine.clock, meansFor, newId, onProgress, timeline });
  }

  async #mark(change: (before: Mark) => Mark): Promise<ToldMark> {
    for (let tries = 0; tries < MARK_TRIES_MAX; tries++) {
      const next = change(await this.#marks.read('freeze', LIMIT));
      if (!(await this.#marks.write('freeze', next, LIMIT))) continue;
      const { machine, ports } = this.#site;
      const line = freezeLine(next, { by: who(), atMs: machine.clock.wallMs() });
      return { ...next, told: await ports.timeline.tell(line) };
    }
    throw new PlatformError({
      code: 'VERSION_CONFLICT',
      kind: 'dependency',
      effect: 'none',
      message: `Somebody else wrote the freeze ${MARK_TRIES_MAX} times in between. Nothing was changed; look at "holdfast deploy status" and try again.`,
    });
  }
}

const who = (): string => userInfo().username;
