/**
 * Virtual time: events in order of their time, then of their making. After an event that let a process run, the queue
 * waits for one turn of the machine's own event loop, so that every promise that the event settled has run its chain.
 */
import { Violation } from './violation.ts';

export interface Scheduled {
  readonly atMs: number;
  readonly order: number;
  run: () => void;
  cancelled: boolean;
}

/** It will not happen; what it held is let go of at once, not when its time comes. */
export function cancel(event: Scheduled): void {
  event.cancelled = true;
  event.run = nothing;
}

const nothing = () => undefined;

/** A schedule has about a thousand; one that has this many goes round in circles. */
const EVENTS_MAX = 150_000;

export class EventQueue {
  readonly #heap: Scheduled[] = [];
  #order = 0;
  nowMs = 0;
  events = 0;
  /** Set by whoever ran code of a process: its promises must settle before the next event. */
  dirty = false;
  /** Runs after each settled event. */
  afterEach: () => void = () => undefined;

  in(ms: number, run: () => void): Scheduled {
    const event = { atMs: this.nowMs + Math.max(0, ms), order: this.#order++, run, cancelled: false };
    this.#push(event);
    return event;
  }

  /** Runs events up to and including `endMs`, or until `stop` says so. */
  runUntil(endMs: number, stop: () => boolean = () => false): Promise<void> {
    return new Promise((resolve, reject) => {
      const settled = () => {
        this.afterEach();
        go();
      };
      // A tick runs once all promises are settled, but ticks run in a row: so each begins a round of promises of its own.
      const onTick = () => void SETTLED.then(settled);
      const go = () => {
        try {
          if (this.#runToDirty(endMs, stop)) process.nextTick(onTick);
          else resolve();
        } catch (error) {
          reject(error);
        }
      };
      go();
    });
  }

  /** `true`: an event let a process run, whose promises must settle before the next one. `false`: there is nothing more to do. */
  #runToDirty(endMs: number, stop: () => boolean): boolean {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > endMs || stop()) break;
      this.#pop();
      if (next.cancelled) continue;
      this.nowMs = next.atMs;
      if (++this.events > EVENTS_MAX) throw new Violation('stuck', `${EVENTS_MAX} events and no end`);
      next.run();
      if (!this.dirty) continue;
      this.dirty = false;
      return true;
    }
    if (!stop()) this.nowMs = Math.max(this.nowMs, endMs);
    return false;
  }

  #push(event: Scheduled): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || before(parent, event)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      let child = heap[down];
      if (child === undefined) break;
      const right = heap[down + 1];
      if (right !== undefined && before(right, child)) {
        child = right;
        down++;
      }
      if (before(last, child)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
  }
}

const SETTLED = Promise.resolve();

const before = (a: Scheduled, b: Scheduled) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
