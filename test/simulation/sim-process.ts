/**
 * One process: its own clock (offset and rate), and the gate through which timers and answers reach it. Stopped, it gets
 * nothing until it goes on while its monotonic clock runs on; crashed, it never gets anything again. A restarted process
 * is a new one.
 */
import type { Clock, SleepSignal } from '../../core/clock.ts';
import type { Rng } from '../../core/rng.ts';
import { type EventQueue, Scheduled } from './event-queue.ts';

export interface SimProcessOptions {
  readonly queue: EventQueue;
  readonly name: string;
  readonly offsetMs: number;
  /** Own milliseconds per true millisecond. */
  readonly rate: number;
  readonly rng: Rng;
  /** Whether its code keeps a lease: then its standing is judged after each of its turns. */
  readonly mayHold: boolean;
}

/** Stops the process at its next write over a link: in the worst moment, between its last look and the effect, or the answer. */
export interface Trap {
  readonly when: 'before' | 'after';
  readonly link: string;
  readonly spring: () => void;
}

/** What a process does next; stopped, it does so when it goes on. */
export interface Held {
  readonly kind: 'timer' | 'answer';
  /** Code of the process. */
  act(): void;
}

class Action implements Held {
  readonly kind: Held['kind'];
  readonly act: () => void;

  constructor(kind: Held['kind'], act: () => void) {
    this.kind = kind;
    this.act = act;
  }
}

/** An event that reaches the process through its gate. Cancelled while the process was stopped, it does nothing. */
export abstract class Delivery extends Scheduled implements Held {
  readonly process: SimProcess;
  abstract readonly kind: Held['kind'];

  constructor(process: SimProcess) {
    super();
    this.process = process;
  }

  abstract act(): void;

  run(): void {
    this.process.receive(this);
  }
}

class Sleep extends Delivery {
  readonly kind = 'timer';
  readonly sleepers: Set<Sleep> | null;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;

  constructor(options: {
    process: SimProcess;
    sleepers: Set<Sleep> | null;
    resolve: () => void;
    reject: (reason: unknown) => void;
  }) {
    super(options.process);
    this.sleepers = options.sleepers;
    this.resolve = options.resolve;
    this.reject = options.reject;
    this.sleepers?.add(this);
  }

  act(): void {
    if (this.cancelled) return;
    this.sleepers?.delete(this);
    this.resolve();
  }

  cut(reason: unknown): void {
    this.cancelled = true;
    this.sleepers?.delete(this);
    this.reject(reason);
  }
}

export class SimProcess implements Clock {
  readonly name: string;
  readonly #queue: EventQueue;
  readonly #offsetMs: number;
  readonly #rate: number;
  readonly #rng: Rng;
  readonly #mayHold: boolean;
  #state: 'running' | 'paused' | 'crashed' = 'running';
  #held: Held[] = [];
  readonly #sleepers = new Map<SleepSignal, Set<Sleep>>();
  trap: Trap | null = null;
  /** Crashed with its machine: what it had sent and had not arrived yet is gone, too. */
  losesWhatItSent = false;

  constructor(options: SimProcessOptions) {
    this.name = options.name;
    this.#queue = options.queue;
    this.#offsetMs = options.offsetMs;
    this.#rate = options.rate;
    this.#rng = options.rng;
    this.#mayHold = options.mayHold;
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

  sleep(ms: number, signal?: SleepSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleepers = signal ? this.#sleepersOf(signal) : null;
      this.after(ms, new Sleep({ process: this, sleepers, resolve, reject }));
    });
  }

  /** One listener for all sleeps under a signal: a process sleeps a thousand times and is stopped once. */
  #sleepersOf(signal: SleepSignal): Set<Sleep> {
    const known = this.#sleepers.get(signal);
    if (known) return known;
    const sleepers = new Set<Sleep>();
    this.#sleepers.set(signal, sleepers);
    signal.addEventListener('abort', () => {
      for (const sleep of sleepers) sleep.cut(signal.reason);
    });
    return sleepers;
  }

  /** A timer of this process: `ms` on its own clock. */
  after(ms: number, timer: Delivery): void {
    this.#queue.after(ms / this.#rate, timer);
  }

  /** When, by true time, this clock will have gone on by `ms`. */
  trueMsAfter(ms: number): number {
    return this.#queue.nowMs + Math.max(0, ms / this.#rate);
  }

  /** Runs code of this process: now, or when it goes on, or never. */
  deliver(kind: Held['kind'], act: () => void): void {
    if (this.#state === 'running') {
      this.#runs();
      act();
    } else this.receive(new Action(kind, act));
  }

  receive(held: Held): void {
    if (this.#state === 'crashed') return;
    if (this.#state === 'paused') {
      this.#held.push(held);
      return;
    }
    this.#runs();
    held.act();
  }

  #runs(): void {
    this.#queue.dirty = true;
    if (this.#mayHold) this.#queue.toJudge = true;
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
    for (const [index, each] of held.entries()) this.#queue.in(index * 0.01, () => this.receive(each));
  }

  crash(): void {
    this.#state = 'crashed';
    this.losesWhatItSent = this.#rng.next() < 0.5;
    this.#held = [];
  }
}
