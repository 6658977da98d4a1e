/**
 * The events that are to come, the earliest first; of the same time in order of their making. Times and orders lie in arrays
 * of their own: they are compared ten times for each event, and reading them from events of several classes costs more than
 * all the rest.
 */
import type { Scheduled } from './event-queue.ts';

/** A schedule has some two hundred at once; the arrays grow when one has more. */
const CAPACITY_AT_FIRST = 512;

export class EventHeap {
  #atMs = new Float64Array(CAPACITY_AT_FIRST);
  #orders = new Int32Array(CAPACITY_AT_FIRST);
  readonly #events: Scheduled[] = [];

  push(event: Scheduled): void {
    const { atMs, order } = event;
    const events = this.#events;
    let at = events.length;
    if (at === this.#orders.length) this.#grow();
    const [times, orders] = [this.#atMs, this.#orders];
    events.push(event);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const upMs = times[up] ?? 0;
      if (upMs < atMs || (upMs === atMs && (orders[up] ?? 0) < order)) break;
      times[at] = upMs;
      orders[at] = orders[up] ?? 0;
      events[at] = events[up] as Scheduled;
      at = up;
    }
    times[at] = atMs;
    orders[at] = order;
    events[at] = event;
  }

  /** Takes the next one that is due by then; `undefined`: there is none. */
  pop(endMs: number): Scheduled | undefined {
    const events = this.#events;
    const first = events[0];
    if (first === undefined || (this.#atMs[0] ?? 0) > endMs) return undefined;
    const last = events.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first;
  }

  /** Puts what was the last one in the place of the first, and then down to where it belongs. */
  #sink(last: Scheduled): void {
    const [times, orders, events] = [this.#atMs, this.#orders, this.#events];
    const count = events.length;
    const atMs = times[count] ?? 0;
    const order = orders[count] ?? 0;
    let at = 0;
    for (let down = 1; down < count; down = 2 * at + 1) {
      let downMs = times[down] ?? 0;
      const right = down + 1;
      if (right < count) {
        const rightMs = times[right] ?? 0;
        if (rightMs < downMs || (rightMs === downMs && (orders[right] ?? 0) < (orders[down] ?? 0))) {
          down = right;
          downMs = rightMs;
        }
      }
      if (atMs < downMs || (atMs === downMs && order < (orders[down] ?? 0))) break;
      times[at] = downMs;
      orders[at] = orders[down] ?? 0;
      events[at] = events[down] as Scheduled;
      at = down;
    }
    times[at] = atMs;
    orders[at] = order;
    events[at] = last;
  }

  #grow(): void {
    const [times, orders] = [this.#atMs, this.#orders];
    this.#atMs = new Float64Array(2 * times.length);
    this.#atMs.set(times);
    this.#orders = new Int32Array(2 * orders.length);
    this.#orders.set(orders);
  }
}
