/**
 * One process of the platform through all its lives. Invariants: at most one child of this name lives at a time (the next
 * is started only after the last one's exit was seen), and one that was taken down on request stays down until `start`.
 */
import type { Clock } from '../../core/clock.ts';
import { invalid, type PlatformError } from '../../core/errors.ts';
import type { ProcessAction, ProcessState, ProcessView } from '../platform-control.ts';
import { DutyCycle } from './duty-cycle.ts';
import type { PlannedProcess } from './platform-plan.ts';
import { afterDeath, type DeathRecord, NO_DEATHS, type RestartPolicy } from './restart-policy.ts';
import { describeExit, processFailed, type RunningChild } from './running-child.ts';

/** A graceful end: first the message, then SIGTERM, then SIGKILL, each after this long. */
export const SHUTDOWN_STEP_MS = 1_500;

export interface ManagedProcessOptions {
  readonly planned: PlannedProcess;
  readonly clock: Clock;
  readonly policy: RestartPolicy;
  readonly launch: () => Promise<RunningChild>;
  /** Called with the port whenever it is ready, and with `null` whenever it has gone. */
  readonly onPort: (port: number | null) => void;
  /** Of a cell's process: what it runs. */
  readonly release?: () => ProcessView['release'] | null;
  /** The end of the process's log, for the message of a failure. */
  readonly logTail: () => string;
}

/** From a `start` to what ends it; as many children as it takes. */
interface Life {
  /** Ends when the process is taken down on request: it is not started again, and a wait for that is cut short. */
  readonly wanted: AbortController;
  over: Promise<void>;
}

export class ManagedProcess {
  readonly #options: ManagedProcessOptions;
  #life: Life | null = null;
  #state: ProcessState = 'crashed';
  #paused = false;
  #throttled: { readonly runRatio: number; readonly cycle: DutyCycle } | null = null;
  #child: RunningChild | null = null;
  #port: number | null = null;
  #restarts = 0;
  #lastFailure: string | null = null;
  #readyWaiters: { resolve: () => void; reject: (reason: unknown) => void }[] = [];

  constructor(options: ManagedProcessOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.planned.name;
  }

  /** Resolves when it is ready; rejects with `PROCESS_FAILED` when it died too often or was taken down meanwhile. */
  async start(): Promise<void> {
    const wanted = this.#life !== null && !this.#life.wanted.signal.aborted;
    if (wanted && this.#state === 'ready') return;
    const ready = new Promise<void>((resolve, reject) => this.#readyWaiters.push({ resolve, reject }));
    if (!wanted) {
      const before = this.#life?.over ?? Promise.resolve();
      const life: Life = { wanted: new AbortController(), over: before };
      life.over = before.then(() => this.#live(life));
      this.#life = life;
      this.#state = 'starting';
    }
    await ready;
  }

  /** As `start`; whatever is not ready within `readyMs` is taken down, and `PROCESS_FAILED` says so. */
  async startWithin(readyMs: number): Promise<void> {
    const inTime = new AbortController();
    const late = this.#options.clock.sleep(readyMs, inTime.signal).then(
      () => true,
      () => false,
    );
    const started = this.start();
    // Taken down below, it rejects later; the message of this one says more.
    started.catch(() => undefined);
    const isLate = await Promise.race([started.then(() => false), late]).finally(() => inTime.abort());
    if (!isLate) return;
    const seen = this.#lastFailure === null ? '' : ` Last: ${this.#lastFailure}.`;
    await this.#crash();
    throw processFailed(`${this.name} was not ready within ${readyMs} ms and was taken down.${seen}`);
  }

  async act(action: ProcessAction): Promise<void> {
    switch (action) {
      case 'start':
        if (this.#paused) throw this.#refused('start', 'it is stopped (SIGSTOP); use continue');
        return await this.start();
      case 'crash':
        return await this.#crash();
      case 'stop':
        if (!this.#child) throw this.#refused('stop', `it is ${this.#state}; only a living process can be stopped`);
        this.#fullSpeed();
        this.#paused = true;
        return this.#child.kill('SIGSTOP');
      case 'continue':
        this.#paused = false;
        return this.#child?.kill('SIGCONT');
    }
  }

  /** Lets it run for this share of the time from now on; 1: full speed. Ends with the process, or when it is stopped. */
  throttle(runRatio: number): void {
    this.#fullSpeed();
    if (runRatio >= 1) return;
    if (!this.#child || this.#paused) throw this.#refused('throttle', `it is ${this.view().state}, and does not run`);
    const cycle = new DutyCycle({ child: this.#child, clock: this.#options.clock, runRatio });
    this.#throttled = { runRatio, cycle };
  }

  /** Ends it for good, gracefully where it lets us; `drainMs`: what is under way may take so long to finish. Never rejects. */
  async end({ drainMs }: { readonly drainMs: number } = { drainMs: 0 }): Promise<void> {
    this.#fullSpeed();
    const child = this.#child;
    const paused = this.#paused;
    this.#life?.wanted.abort();
    if (child && !paused) {
      child.requestShutdown({ drainMs });
      if (!(await this.#goneWithin(child, drainMs + SHUTDOWN_STEP_MS))) child.kill('SIGTERM');
      if (!(await this.#goneWithin(child, SHUTDOWN_STEP_MS))) child.kill('SIGKILL');
    } else if (child) child.kill('SIGKILL');
    await this.#life?.over;
  }

  /** At the supervisor's own sudden exit: no waiting. */
  killNow(): void {
    this.#child?.kill('SIGKILL');
  }

  view(): ProcessView {
    const release = this.#options.release?.() ?? null;
    return {
      ...this.#options.planned,
      ...(release === null ? {} : { release }),
      pid: this.#child?.pid ?? null,
      state: this.#paused ? 'stopped' : this.#state,
      port: this.#port,
      url: this.#port === null ? null : `http://127.0.0.1:${this.#port}`,
      restarts: this.#restarts,
      ...(this.#throttled === null ? {} : { runRatio: this.#throttled.runRatio }),
      ...(this.#lastFailure === null ? {} : { lastFailure: this.#lastFailure }),
    };
  }

  #fullSpeed(): void {
    this.#throttled?.cycle.end();
    this.#throttled = null;
  }

  async #crash(): Promise<void> {
    const life = this.#life;
    life?.wanted.abort();
    this.#child?.kill('SIGKILL');
    await life?.over;
    // It was given up before: from now on it is down because somebody wanted so.
    if (this.#life === life) this.#state = 'crashed';
  }

  async #live(life: Life): Promise<void> {
    const { signal } = life.wanted;
    let deaths: DeathRecord = NO_DEATHS;
    while (!signal.aborted) {
      const readyForMs = await this.#oneChild(signal);
      if (signal.aborted) break;
      const verdict = afterDeath(this.#options.policy, deaths, readyForMs);
      deaths = verdict.record;
      if (verdict.kind === 'give-up') return this.#giveUp(life, verdict.record.quickDeaths);
      this.#state = 'starting';
      this.#restarts += 1;
      // Rejects when the process is taken down meanwhile; the loop's condition sees it.
      await this.#options.clock.sleep(verdict.waitMs, signal).catch(() => undefined);
    }
    // A newer life that waits for this one to be over has set the state, and the waiters are its own.
    if (this.#life !== life) return;
    this.#state = 'crashed';
    this.#settleWaiters(processFailed(`${this.name} was taken down before it was ready`));
  }

  /** Runs one child to its end; returns how long it had been ready, ms. */
  async #oneChild(wanted: AbortSignal): Promise<number> {
    const { clock, launch, onPort } = this.#options;
    let readyAtMs: number | null = null;
    try {
      const child = await launch();
      this.#child = child;
      // Taken down while it was launched: the request saw no child that it could kill.
      if (wanted.aborted) child.kill('SIGKILL');
      readyAtMs = await this.#becomeReady(child);
      const exit = await child.exited;
      if (readyAtMs !== null && !wanted.aborted) this.#lastFailure = `${this.name} ${describeExit(exit)}`;
    } catch (thrown) {
      this.#lastFailure = messageOf(thrown);
    } finally {
      this.#child = null;
      this.#port = null;
      this.#paused = false;
      this.#throttled = null;
      onPort(null);
    }
    return readyAtMs === null ? 0 : clock.monotonicMs() - readyAtMs;
  }

  /** Since when it is ready; `null`: it never will be, and is killed. */
  async #becomeReady(child: RunningChild): Promise<number | null> {
    try {
      this.#port = await child.ready;
    } catch (thrown) {
      this.#lastFailure = messageOf(thrown);
      child.kill('SIGKILL');
      return null;
    }
    this.#state = 'ready';
    this.#options.onPort(this.#port);
    this.#settleWaiters(null);
    return this.#options.clock.monotonicMs();
  }

  #giveUp(life: Life, quickDeaths: number): void {
    life.wanted.abort();
    this.#state = 'failed';
    const tail = this.#options.logTail();
    const message = `${this.name} died ${quickDeaths} times in a row and was given up. Last: ${this.#lastFailure ?? 'no message'}.`;
    this.#settleWaiters(processFailed(tail === '' ? message : `${message}\nIts log ends with:\n${tail}`));
  }

  #settleWaiters(failure: PlatformError | null): void {
    for (const waiter of this.#readyWaiters.splice(0)) {
      if (failure) waiter.reject(failure);
      else waiter.resolve();
    }
  }

  async #goneWithin(child: RunningChild, ms: number): Promise<boolean> {
    const tooLate = new AbortController();
    const late = this.#options.clock.sleep(ms, tooLate.signal).then(
      () => false,
      () => true,
    );
    const gone = child.exited.then(() => true);
    const result = await Promise.race([gone, late]);
    tooLate.abort();
    return result;
  }

  #refused(action: ProcessAction | 'throttle', why: string): PlatformError {
    return invalid(`Can't ${action} ${this.name}: ${why}.`);
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
