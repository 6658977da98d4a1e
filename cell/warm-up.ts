/**
 * Runs the write path before a customer does. V8 compiles what is used, and a region that has just taken a cell over is
 * asked for everything at once: measured here, its first few hundred writes cost twice the CPU of the later ones. The
 * commits go to a lane of this region's own, so they need no lease and meet nobody; they replicate like any other.
 */
import type { Clock } from '../core/clock.ts';
import { aggregateId, type RegionName } from '../core/ids.ts';
import type { CellStore } from './cell-store.ts';

/** Enough for the optimising compiler to have seen the path, paced so that a start of many cells is not slowed by it. */
const ROUNDS = 40;
const PAUSE_MS = 50;
const CALL_MS_MAX = 1_000;

export async function warmUp(options: {
  readonly store: CellStore;
  readonly region: RegionName;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { store, region, clock, signal } = options;
  const aggregate = aggregateId(`warm-up@${region}`);
  for (let round = 0; round < ROUNDS && !signal.aborted; round++) {
    const bounds = { deadlineAtMs: clock.monotonicMs() + CALL_MS_MAX, signal };
    const { head } = await store.read(aggregate, bounds);
    const changes = [{ kind: 'put', item: 'round', data: { round } }] as const;
    await store.commit({ aggregate, class: 'mergeable', expected: head, changes }, { ...bounds, ack: 'replicated' });
    await clock.sleep(PAUSE_MS, signal);
  }
}
