/**
 * How a cell's process takes its leave: it refuses what is new in a way that sends routers to the other region, finishes what is
 * under way, and closes its door only when nothing has come for a moment, so that no request meets a closing connection.
 */
import type { Server } from 'node:http';
import type { Clock } from '../../core/clock.ts';

/** Routers learn with their next request; one that sends none for so long keeps no connection busy. */
const QUIET_MS = 150;
const LOOK_EVERY_MS = 10;

export class Drain {
  readonly #clock: Clock;
  #underWay = 0;
  #draining = false;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get draining(): boolean {
    return this.#draining;
  }

  get underWay(): number {
    return this.#underWay;
  }

  enter(): void {
    this.#underWay += 1;
    if (this.#draining) this.#lastMs = this.#clock.monotonicMs();
  }

  leave(): void {
    this.#underWay -= 1;
  }

  /** Resolves when the door is closed and nothing is under way, at the latest after `withinMs`. */
  async run(server: Server, { withinMs }: { readonly withinMs: number }): Promise<void> {
    this.#draining = true;
    const startedMs = this.#clock.monotonicMs();
    this.#lastMs = startedMs;
    const leftMs = () => startedMs + withinMs - this.#clock.monotonicMs();
    const quiet = () => this.#underWay === 0 && this.#clock.monotonicMs() - this.#lastMs >= QUIET_MS;
    while (!quiet() && leftMs() > 0) await this.#clock.sleep(Math.min(LOOK_EVERY_MS, leftMs()));
    server.close();
    server.closeIdleConnections();
  }
}
