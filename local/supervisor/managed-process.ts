/**
 * One process of the platform through all its lives. Invariants: at most one child of this name lives at a time (the next
 * is started only after the last one's exit was seen), and one that was taken down on request stays down until `start`.
 */
import type { Clock } from '../../core/clock.ts';
import { invalid, type PlatformError } from '../../core/errors.ts';
import type { ProcessAction, ProcessState, ProcessView } from '../platform-control.ts';
import type { PlannedProcess } from './platform-plan.ts';
import { afterDeath, type DeathRecord, NO_DEATHS, type RestartPolicy } from './restart-policy.ts';
import { type ChildExit, describeExit, processFailed, type RunningChild } from './running-child.ts';

/** A graceful end: first the message, then SIGTERM, then SIGKILL, each after this long. */
export const SHUTDOWN_STEP_MS = 1_500;

export interface ManagedProcessOptions {
  readonly planned: PlannedProcess;
  readonly clock: Clock;
  readonly policy: RestartPolicy;
  readonly launch: () => Promise<RunningChild>;
  /** Called with the port whenever it is ready, and with `null` whenever it has gone. */
  readonly onPort: (port: number | null) => void;
  /** The end of the process's log, for the message of a failure. */
  readonly logTail: () => string;
}

/** What the last request wants of it. */
type Intent = 'up' | 'crashed' | 'ended';

export class ManagedProcess {
  readonly #options: ManagedProcessOptions;
  #intent: Intent = 'ended';
  #state: ProcessState = 'crashed';
  #paused = false;
  #child: RunningChild | null = null;
  #port: number | null = null;
  #restarts = 0;
  #lastFailure: string | null = null;
  #life: Promise<void> = Promise.resolve();
  #waitForRestart = new AbortController();
  #readyWaiters: { resolve: () => void; reject: (reason: unknown) => void }[] = [];

  constructor(options: ManagedProcessOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.planned.name;
  }

  /** Resolves when it is ready; rejects with `PROCESS_FAILED` when it died too often or was taken down meanwhile. */
  async start(): Promise<void> {
    if (this.#state === 'ready') return;
    const ready = new Promise<void>((resolve, reject) => this.#readyWaiters.push({ resolve, reject }));
    if (this.#intent !== 'up') {
      this.#intent = 'up';
      this.#state = 'starting';
      this.#life = this.#life.then(() => this.#live());
    }
    await ready;
  }

  async act(action: ProcessAction): Promise<void> {
    switch (action) {
      case 'start':
        if (this.#paused) throw this.#refused('start', 'it is stopped (SIGSTOP); use continue');
        return await this.start();
      case 'crash':
        return await this.#takeDown('crashed');
      case 'stop':
        if (!this.#child) throw this.#refused('stop', `it is ${this.#state}; only a living process can be stopped`);
        this.#paused = true;
        return this.#child.kill('SIGSTOP');
      case 'continue':
        this.#paused = false;
        return this.#child?.kill('SIGCONT');
    }
  }

  /** Ends it for good, gracefully where it lets us. Never rejects. */
  async end(): Promise<void> {
    const child = this.#child;
    this.#intent = 'ended';
    this.#waitForRestart.abort();
    if (child && !this.#paused) {
      child.requestShutdown();
      if (!(await this.#goneWithin(child, SHUTDOWN_STEP_MS))) child.kill('SIGTERM');
      if (!(await this.#goneWithin(child, SHUTDOWN_STEP_MS))) child.kill('SIGKILL');
    } else if (child) child.kill('SIGKILL');
    await this.#life;
  }

  /** At the supervisor's own sudden exit: no waiting. */
  killNow(): void {
    this.#child?.kill('SIGKILL');
  }

  view(): ProcessView {
    return {
      ...this.#options.planned,
      pid: this.#child?.pid ?? null,
      state: this.#paused ? 'stopped' : this.#state,
      port: this.#port,
      url: this.#port === null ? null : `http://127.0.0.1:${this.#port}`,
      restarts: this.#restarts,
      ...(this.#lastFailure === null ? {} : { lastFailure: this.#lastFailure }),
    };
  }

  async #takeDown(intent: 'crashed'): Promise<void> {
    this.#intent = intent;
    this.#waitForRestart.abort();
    this.#child?.kill('SIGKILL');
    await this.#life;
    this.#state = intent;
  }

  /** From one `start` until it is taken down or given up; as many children as it takes. */
  async #live(): Promise<void> {
    let deaths: DeathRecord = NO_DEATHS;
    this.#waitForRestart = new AbortController();
    while (this.#intent === 'up') {
      const readyForMs = await this.#oneChild();
      if (this.#intent !== 'up') break;
      const verdict = afterDeath(this.#options.policy, deaths, readyForMs);
      deaths = verdict.record;
      if (verdict.kind === 'give-up') return this.#giveUp(verdict.record.quickDeaths);
      this.#state = 'starting';
      this.#restarts += 1;
      await this.#options.clock.sleep(verdict.waitMs, this.#waitForRestart.signal).catch(() => undefined);
    }
    this.#state = 'crashed';
    this.#settleWaiters(processFailed(`${this.name} was taken down before it was ready`));
  }

  /** Runs one child to its end; returns how long it had been ready, ms. */
  async #oneChild(): Promise<number> {
    const { clock, launch, onPort } = this.#options;
    let readyAtMs: number | null = null;
    let exit: ChildExit = { code: null, signal: null };
    try {
      const child = await launch();
      this.#child = child;
      // Taken down while it was launched: the request saw no child that it could kill.
      if (this.#intent !== 'up') child.kill('SIGKILL');
      try {
        this.#port = await child.ready;
        readyAtMs = clock.monotonicMs();
        this.#state = 'ready';
        onPort(this.#port);
        this.#settleWaiters(null);
      } catch (thrown) {
        this.#lastFailure = thrown instanceof Error ? thrown.message : String(thrown);
        child.kill('SIGKILL');
      }
      exit = await child.exited;
      if (readyAtMs !== null && this.#intent === 'up') this.#lastFailure = `${this.name} ${describeExit(exit)}`;
    } catch (thrown) {
      this.#lastFailure = thrown instanceof Error ? thrown.message : String(thrown);
    } finally {
      this.#child = null;
      this.#port = null;
      this.#paused = false;
      onPort(null);
    }
    return readyAtMs === null ? 0 : clock.monotonicMs() - readyAtMs;
  }

  #giveUp(quickDeaths: number): void {
    this.#intent = 'ended';
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

  #refused(action: ProcessAction, why: string): PlatformError {
    return invalid(`Can't ${action} ${this.name}: ${why}.`);
  }
}
