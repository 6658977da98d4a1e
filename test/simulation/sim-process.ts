/**
 * One process: its own clock (offset and rate), and the gate through which timers and answers reach it. Stopped, it gets
 * nothing until it goes on while its monotonic clock runs on; crashed, it never gets anything again. A restarted process
 * is a new one.
 */
import type { Clock } from '../../core/clock.ts';
import type { Rng } from '../../core/rng.ts';
import { cancel, type EventQueue } from './event-queue.ts';

export interface SimProcessOptions {
  readonly queue: EventQueue;
  readonly name: string;
  readonly offsetMs: number;
  /** Own milliseconds per true millisecond. */
  readonly rate: number;
  readonly rng: Rng;
}

/** Stops the process at its next write over a link: in the worst moment, between its last look and the effect, or the answer. */
export interface Trap {
  readonly when: 'before' | 'after';
  readonly link: string;
  readonly spring: () => void;
}

interface Held {
  readonly kind: 'timer' | 'answer';
  readonly run: () => void;
}

export class SimProcess implements Clock {
  readonly name: string;
  readonly #queue: EventQueue;
  readonly #offsetMs: number;
  readonly #rate: number;
  readonly #rng: Rng;
  #state: 'running' | 'paused' | 'crashed' = 'running';
  #held: Held[] = [];
  readonly #sleepers = new WeakMap<AbortSignal, Set<() => void>>();
  trap: Trap | null = null;
  /** Crashed with its machine: what it had sent and had not arrived yet is gone, too. */
  losesWhatItSent = false;

  constructor(options: SimProcessOptions) {
    this.name = options.name;
    this.#queue = options.queue;
    this.#offsetMs = options.offsetMs;
    this.#rate = options.rate;
    this.#rng = options.rng;
  }

  get rate(): number {
    return this.#rate;
  }

  get running(): boolean {
    return this.#state === 'running';
  }

  get crashed(): boolean {
    return this.#state === 'crashed';
  }

  monotonicMs(): number {
    return this.#offsetMs + this.#rate * this.#queue.nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + Math.round(this.monotonicMs());
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleepers = signal ? this.#sleepersOf(signal) : null;
      const timer = this.after(ms, () => {
        sleepers?.delete(onAbort);
        resolve();
      });
      const onAbort = () => {
        cancel(timer);
        reject(signal?.reason);
      };
      sleepers?.add(onAbort);
    });
  }

  /** One listener for all sleeps under a signal: a process sleeps a thousand times and is stopped once. */
  #sleepersOf(signal: AbortSignal): Set<() => void> {
    const known = this.#sleepers.get(signal);
    if (known) return known;
    const sleepers = new Set<() => void>();
    this.#sleepers.set(signal, sleepers);
    const wakeAll = () => {
      for (const wake of sleepers) wake();
    };
    signal.addEventListener('abort', wakeAll, { once: true });
    return sleepers;
  }

  /** A timer of this process: `ms` on its own clock. */
  after(ms: number, run: () => void) {
    const due = () => {
      if (!timer.cancelled) run();
    };
    const timer = this.#queue.in(ms / this.#rate, () => this.deliver('timer', due));
    return timer;
  }

  /** Runs code of this process: now, or when it goes on, or never. */
  deliver(kind: Held['kind'], run: () => void): void {
    if (this.#state === 'crashed') return;
    if (this.#state === 'paused') {
      this.#held.push({ kind, run });
      return;
    }
    this.#queue.dirty = true;
    run();
  }

  springTrap(when: Trap['when'], link: string): void {
    const { trap } = this;
    if (trap?.when !== when || trap.link !== link) return;
    this.trap = null;
    trap.spring();
  }

  pause(): void {
    if (this.#state === 'running') this.#state = 'paused';
  }

  /** What waited is delivered in one of the orders that a machine may choose: as it came, or timers first. */
  goOn(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    const held = this.#held;
    this.#held = [];
    if (this.#rng.next() < 0.5) held.sort((a, b) => Number(a.kind === 'answer') - Number(b.kind === 'answer'));
    for (const [index, { kind, run }] of held.entries()) this.#queue.in(index * 0.01, () => this.deliver(kind, run));
  }

  crash(): void {
    this.#state = 'crashed';
    this.losesWhatItSent = this.#rng.next() < 0.5;
    this.#held = [];
  }
}
