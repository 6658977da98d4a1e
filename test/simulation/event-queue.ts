/**
 * Virtual time: events in order of their time, then of their making. After an event that let a process run, the queue
 * waits for one turn of the machine's own event loop, so that every promise that the event settled has run its chain.
 */
import { Violation } from './violation.ts';

export interface Scheduled {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

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
  async runUntil(endMs: number, stop: () => boolean = () => false): Promise<void> {
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
      await turn();
      this.afterEach();
    }
    if (!stop()) this.nowMs = Math.max(this.nowMs, endMs);
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

const before = (a: Scheduled, b: Scheduled) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

const turn = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
