/**
 * One call over the simulated network, and the events of its way: it arrives at the store, its answer arrives at the process,
 * its deadline strikes. The deadline becomes an event only once the next step of the way would come after it or may never come,
 * which of a healthy link's calls is true of none.
 */
import { type ErrorCode, PlatformError } from '../../core/errors.ts';
import type { EventQueue } from './event-queue.ts';
import { Delivery, type Held, type SimProcess } from './sim-process.ts';
import type { SimStore } from './sim-store.ts';

export type Target = SimStore['table'];

export type CallKind = 'read' | 'write' | 'probe' | 'delete';

/** Requests on their way to a store or waiting in it. */
export interface UnderWay {
  underWay: number;
}

export interface CallAnswer {
  readonly result: unknown;
  /** Instead of the result. */
  readonly failure: ErrorCode | null;
}

/** What becomes of a call at each event of its way. */
export interface CallPath {
  arrive(call: Call, count: UnderWay): void;
  answered(call: Call): void;
  timeOut(call: Call): void;
}

export interface CallOptions {
  readonly kind: CallKind;
  /** What it does at the store, and what the caller gets. */
  readonly op: (rows: Target) => unknown;
  /** What happens at the store a little before. */
  readonly early: ((rows: Target) => void) | undefined;
  readonly path: CallPath;
  readonly process: SimProcess;
  readonly queue: EventQueue;
  /** By true time. */
  readonly deadlineMs: number;
}

export class Call {
  readonly kind: CallKind;
  readonly op: (rows: Target) => unknown;
  readonly early: ((rows: Target) => void) | undefined;
  readonly path: CallPath;
  readonly process: SimProcess;
  readonly queue: EventQueue;
  readonly deadlineMs: number;
  readonly deadlineOrder: number;
  deadline: CallStep | null = null;
  settled = false;
  effect: 'none yet' | 'done' | 'lost' = 'none yet';
  /** How often it took effect. */
  copies = 0;
  /** On its link, of the newest time that it was sent. */
  order = 0;
  resolve: (value: unknown) => void = nothing;
  reject: (error: unknown) => void = nothing;

  constructor(options: CallOptions) {
    this.kind = options.kind;
    this.op = options.op;
    this.early = options.early;
    this.path = options.path;
    this.process = options.process;
    this.queue = options.queue;
    this.deadlineMs = options.deadlineMs;
    this.deadlineOrder = options.queue.reserve();
  }

  /** The caller has what it gets, or is about to: the deadline means nothing any more. */
  settle(): void {
    this.settled = true;
    if (this.deadline === null) return;
    this.deadline.cancelled = true;
    this.deadline.call = null;
  }

  /** Its next step comes in so many ms; `Infinity`: perhaps never. */
  awaits(ms: number): void {
    if (this.deadline !== null || this.settled || this.queue.nowMs + ms < this.deadlineMs) return;
    if (this.deadlineMs === Number.POSITIVE_INFINITY) return;
    this.deadline = new CallStep('deadline', { call: this, count: null, answer: null });
    this.queue.at({ atMs: this.deadlineMs, order: this.deadlineOrder }, this.deadline);
  }

  arrivesIn(ms: number, count: UnderWay): void {
    this.awaits(ms);
    this.queue.after(ms, new CallStep('arrives', { call: this, count, answer: null }));
  }

  answersIn(ms: number, answer: CallAnswer): void {
    this.awaits(ms);
    this.queue.after(ms, new CallStep('answer', { call: this, count: null, answer }));
  }
}

/** One class for all three, and few of events altogether: the queue finds its way through objects of few shapes. */
class CallStep extends Delivery {
  readonly kind: Held['kind'];
  readonly what: 'arrives' | 'answer' | 'deadline';
  /** A deadline that will not strike has none: what it held is let go of at once, not when its time comes. */
  call: Call | null;
  /** Of an arrival. */
  readonly count: UnderWay | null;
  /** Of an answer. */
  readonly answer: CallAnswer | null;

  constructor(
    what: CallStep['what'],
    of: { readonly call: Call; readonly count: UnderWay | null; readonly answer: CallAnswer | null },
  ) {
    super(of.call.process);
    this.kind = what === 'answer' ? 'answer' : 'timer';
    this.what = what;
    this.call = of.call;
    this.count = of.count;
    this.answer = of.answer;
  }

  override run(): void {
    const { call, count } = this;
    if (call !== null && count !== null) {
      // At a store, whatever the process does.
      call.path.arrive(call, count);
      return;
    }
    // What is held by a stopped process may be overtaken by its deadline.
    if (this.what === 'answer' && !this.process.running) call?.awaits(Number.POSITIVE_INFINITY);
    super.run();
  }

  act(): void {
    const { call, answer } = this;
    if (call === null || call.settled) return;
    if (answer === null) {
      call.path.timeOut(call);
      return;
    }
    call.settle();
    if (answer.failure !== null) {
      call.reject(failure(answer.failure, 'none'));
      return;
    }
    call.path.answered(call);
    call.resolve(answer.result);
  }
}

export function failure(code: ErrorCode, effect: 'none' | 'unknown'): PlatformError {
  return new PlatformError({ code, kind: 'dependency', effect, message: `simulated ${code}` });
}

const nothing = () => undefined;
