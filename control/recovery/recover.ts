/**
 * Recovery as a procedure: stop the source of the bad state, put the good state in its place, restart the consumers that it made
 * ill, and look at each condition of "resolved" until all of them hold at once, for a while. Invariants: nothing is restored while
 * the source may still write, nothing is restarted before the good state is in place, and "resolved" is said only of what was seen.
 *
 *   stop ─▶ restore ─▶ restart the ill, one after the other, with jitter ─▶ verify … verify ─▶ resolved
 *     └──────── a step that fails ends it, says so, and may be repeated: each is idempotent ────────┘
 *
 * Source: the recoveries of October and November 2025, in which consumers were restarted into the same bad state, and in which
 * "fixed" was said when the cause had gone and the backlog had not.
 */
import type { Clock } from '../../core/clock.ts';
import { toPlatformError } from '../../core/errors.ts';
import { fullJitterMs, type Rng } from '../../core/rng.ts';
import type { StepResult } from '../rollout/rollout-executor.ts';

export interface RecoveryLimit {
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

export interface RecoveryPorts {
  /** Whatever could bring the bad state back: the rollout under way is taken back, further ones are frozen. */
  stop(limit: RecoveryLimit): Promise<StepResult>;
  /** The last good version becomes what every consumer is given. */
  restore(limit: RecoveryLimit): Promise<StepResult>;
  /** Consumers that run something else, or are ill; standby sides first. Asked before each restart: most heal by themselves. */
  ill(limit: RecoveryLimit): Promise<readonly string[]>;
  restart(consumer: string, limit: RecoveryLimit): Promise<StepResult>;
  readonly conditions: readonly Condition[];
}

/** One of what has to be true before anybody may say "resolved". */
export interface Condition {
  readonly name: string;
  look(limit: RecoveryLimit): Promise<ConditionFinding>;
}

export interface ConditionFinding {
  /** `null`: nobody could say, which is not "holds". */
  readonly holds: boolean | null;
  readonly detail: string;
}

export type RecoveryStage = 'stop' | 'restore' | 'restart' | 'verify';

export interface RecoveryLine {
  readonly stage: RecoveryStage;
  readonly what: string;
  readonly outcome: StepResult['outcome'];
}

export interface RecoveryReport {
  readonly resolved: boolean;
  /** `unknown`: a step's outcome is; look, then repeat. */
  readonly state: 'resolved' | 'failed' | 'unknown';
  readonly lines: readonly RecoveryLine[];
  /** The last look at each. */
  readonly conditions: readonly (ConditionFinding & { readonly name: string })[];
  readonly tookMs: number;
}

export interface RecoveryOptions {
  readonly ports: RecoveryPorts;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly signal: AbortSignal;
  readonly onLine?: (line: RecoveryLine) => void;
}

const STEP_MS_MAX = 60_000;
/** Consumers take good state by themselves within seconds; only who does not is restarted. */
export const HEAL_ALONE_MS = 5_000;
/** One after the other and not in step: a crowd that starts together falls together. */
const RESTART_JITTER = { baseMs: 1_000, capMs: 1_000, attempt: 0 };
const RESTARTS_MAX = 64;
/** All conditions together, without a break: longer than the window in which answers are counted. */
export const HOLDS_FOR_MS = 12_000;
const LOOK_EVERY_MS = 1_000;
const VERIFY_MS_MAX = 180_000;

/** Never throws for what a port does: that stands in the report. */
export async function recover(options: RecoveryOptions): Promise<RecoveryReport> {
  return new Recovery(options).run();
}

class Recovery {
  readonly #o: RecoveryOptions;
  readonly #lines: RecoveryLine[] = [];
  #conditions: RecoveryReport['conditions'] = [];

  constructor(options: RecoveryOptions) {
    this.#o = options;
  }

  async run(): Promise<RecoveryReport> {
    const startedAtMs = this.#o.clock.monotonicMs();
    const outcome = await this.#go();
    const state = outcome === 'done' ? 'resolved' : outcome;
    const tookMs = Math.round(this.#o.clock.monotonicMs() - startedAtMs);
    return { resolved: state === 'resolved', state, lines: this.#lines, conditions: this.#conditions, tookMs };
  }

  async #go(): Promise<StepResult['outcome']> {
    const { ports } = this.#o;
    const stopped = await this.#step('stop', (limit) => ports.stop(limit));
    if (stopped !== 'done') return stopped;
    const restored = await this.#step('restore', (limit) => ports.restore(limit));
    if (restored !== 'done') return restored;
    const restarted = await this.#restartTheIll();
    return restarted === 'done' ? this.#verify() : restarted;
  }

  async #restartTheIll(): Promise<StepResult['outcome']> {
    const { ports, clock, rng, signal } = this.#o;
    await clock.sleep(HEAL_ALONE_MS, signal);
    const tried = new Set<string>();
    while (tried.size < RESTARTS_MAX) {
      const next = (await this.#ill()).find((consumer) => !tried.has(consumer));
      if (next === undefined) return 'done';
      tried.add(next);
      await clock.sleep(fullJitterMs(rng, RESTART_JITTER), signal);
      const outcome = await this.#step('restart', (limit) => ports.restart(next, limit));
      if (outcome !== 'done') return outcome;
    }
    return this.#say({
      stage: 'restart',
      what: `${RESTARTS_MAX} consumers were restarted and more are ill`,
      outcome: 'failed',
    });
  }

  /** Who can't be asked is not restarted on suspicion: the conditions will tell. */
  #ill(): Promise<readonly string[]> {
    return this.#o.ports.ill(this.#limit()).catch(() => []);
  }

  async #verify(): Promise<StepResult['outcome']> {
    const { clock, signal } = this.#o;
    const untilMs = clock.monotonicMs() + VERIFY_MS_MAX;
    let sinceMs: number | null = null;
    for (;;) {
      const nowMs = clock.monotonicMs();
      this.#conditions = await this.#lookAtAll();
      const hold = this.#conditions.every(({ holds }) => holds === true);
      sinceMs = hold ? (sinceMs ?? nowMs) : null;
      if (sinceMs !== null && clock.monotonicMs() - sinceMs >= HOLDS_FOR_MS)
        return this.#say({ stage: 'verify', what: 'every condition holds', outcome: 'done' });
      if (nowMs >= untilMs) return this.#say({ stage: 'verify', what: this.#missing(), outcome: 'failed' });
      await clock.sleep(LOOK_EVERY_MS, signal);
    }
  }

  #lookAtAll(): Promise<RecoveryReport['conditions']> {
    const looks = this.#o.ports.conditions.map(async ({ name, look }) => {
      const unanswered = (thrown: unknown) => ({ holds: null, detail: toPlatformError(thrown).message });
      return { name, ...(await look(this.#limit()).catch(unanswered)) };
    });
    return Promise.all(looks);
  }

  #missing(): string {
    const missing = this.#conditions.filter(({ holds }) => holds !== true);
    return `not resolved after ${VERIFY_MS_MAX / 1_000} s: ${missing.map(({ name, detail }) => `${name} (${detail})`).join('; ')}`;
  }

  async #step(
    stage: RecoveryStage,
    take: (limit: RecoveryLimit) => Promise<StepResult>,
  ): Promise<StepResult['outcome']> {
    try {
      const { outcome, note } = await take(this.#limit());
      return this.#say({ stage, what: note, outcome });
    } catch (thrown) {
      const { effect, message } = toPlatformError(thrown);
      return this.#say({ stage, what: message, outcome: effect === 'none' ? 'failed' : 'unknown' });
    }
  }

  #say(line: RecoveryLine): StepResult['outcome'] {
    this.#lines.push(line);
    this.#o.onLine?.(line);
    return line.outcome;
  }

  #limit(): RecoveryLimit {
    return { withinMs: STEP_MS_MAX, signal: this.#o.signal };
  }
}
