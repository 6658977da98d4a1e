/**
 * One scheduled invocation of a cell's replicator: a heartbeat (which fences the peer's store while this region is the owner),
 * and the sweep of the journal behind the doorbells, turn after turn while there is work and time. Whatever stays in the journal
 * is safe there; that it stays is told at the end, by failing: so one alarm finds a replicator that can't ship, one that
 * breaks and one that is not called, and a cell in order needs no metric.
 */
import { PlatformError, toPlatformError } from '../../core/errors.ts';
import type { OnDemandCell } from '../on-demand-cell.ts';
import type { Invocation } from './invocation.ts';

/** What is older than the sweep before this one should have gone with it. */
const LAG_MS_MAX = 60_000;

export function replicatorTurn(onDemand: OnDemandCell, { endAtMs, signal }: Invocation) {
  return onDemand.serve(async () => {
    const { replicator, heartbeat, clock } = onDemand.cell;
    const startedAtMs = clock.monotonicMs();
    let failure: string | null = null;
    await heartbeat.turn();
    const { lagMs } = heartbeat;
    const hadNothing = lagMs !== null && clock.monotonicMs() - lagMs >= startedAtMs;
    try {
      do await replicator.turn(signal);
      while (replicator.isPaused && clock.monotonicMs() < endAtMs);
    } catch (error) {
      failure = toPlatformError(error).message;
    }
    // What has arrived meanwhile should be known at the peer, and here, before a minute is over.
    if (!hadNothing) await heartbeat.turn();
    return { ...replicator.status, lagMs: heartbeat.lagMs, poisoned: replicator.poisoned, failure };
  });
}

/** Why the peer may lack commits of this region after the turn; `null`: it has them, or they are too new to tell. */
export function replicationTrouble(of: {
  readonly lagMs: number | null;
  readonly poisoned: readonly unknown[];
  readonly failure: string | null;
}): PlatformError | null {
  const { lagMs, poisoned, failure } = of;
  if (failure !== null) return behind(`the sweep broke off (${failure})`);
  if (poisoned.length > 0) return behind(`${poisoned.length} entries are refused each time; the log names them`);
  if (lagMs !== null && lagMs > LAG_MS_MAX) return behind(`commits wait for ${lagMs} ms, allowed are ${LAG_MS_MAX}`);
  return null;
}

function behind(why: string): PlatformError {
  const message = `The peer lacks commits of this region: ${why}. The journal keeps them, and the next sweep goes on.`;
  return new PlatformError({ code: 'PEER_UNREPLICATED', kind: 'dependency', effect: 'none', message });
}
