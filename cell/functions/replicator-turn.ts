/**
 * One scheduled invocation of a cell's replicator: a heartbeat (which fences the peer's store while this region is the owner),
 * and the sweep of the journal behind the doorbells, turn after turn while there is work and time. A peer that does not
 * answer is no failure of the function: the journal keeps everything, and the lag is what an alarm looks at.
 */
import { toPlatformError } from '../../core/errors.ts';
import type { OnDemandCell } from '../on-demand-cell.ts';
import type { Invocation } from './invocation.ts';

export function replicatorTurn(onDemand: OnDemandCell, { endAtMs, signal }: Invocation) {
  return onDemand.serve(async () => {
    const { replicator, heartbeat, clock } = onDemand.cell;
    let failure: string | null = null;
    await heartbeat.turn();
    try {
      do await replicator.turn(signal);
      while (replicator.isPaused && clock.monotonicMs() < endAtMs);
    } catch (error) {
      failure = toPlatformError(error).message;
    }
    // What has arrived meanwhile should be known at the peer, and here, before a minute is over.
    await heartbeat.turn();
    return { ...replicator.status, lagMs: heartbeat.lagMs, poisoned: replicator.poisoned, failure };
  });
}
