/**
 * One scheduled invocation of a cell's relay: what the outbox holds is handed on, and the quarantines are settled as far as no
 * person is needed. Only while this region is the owner. A provider that is down leaves messages waiting, never the second half
 * of the time.
 */
import type { OnDemandCell } from '../on-demand-cell.ts';
import type { Invocation } from './invocation.ts';

export function relayTurn(onDemand: OnDemandCell, { endAtMs, signal }: Invocation) {
  return onDemand.serve(async () => {
    const { cell } = onDemand;
    const startedAtMs = cell.clock.monotonicMs();
    await handOn(onDemand, { signal, endAtMs: startedAtMs + (endAtMs - startedAtMs) / 2 });
    const automatic = cell.config.reconcile !== 'manual';
    const { settled, left } = automatic ? await cell.reconciler.turn(signal) : { settled: 0, left: 0 };
    return { waiting: cell.relay.waiting, settled, left };
  });
}

/** Polls until nothing is due any more: a message is left to the request that wrote it at first, so one look is not enough. */
async function handOn({ cell }: OnDemandCell, { endAtMs, signal }: Invocation): Promise<void> {
  const { relay, keeper, clock } = cell;
  while (keeper.standing().held && !signal.aborted) {
    await relay.poll(signal);
    const { dueInMs } = relay;
    if (dueInMs === null || clock.monotonicMs() + dueInMs >= endAtMs) return;
    await clock.sleep(dueInMs, signal);
  }
}
