/**
 * One scheduled invocation of a cell's relay: what the outbox holds is handed on, and the quarantines are settled as far as no
 * person is needed. Only while this region is the owner. Nearly always nothing waits: then one look says so, and no lease is
 * asked for, which would be the dearest part of an idle minute. A provider that is down leaves messages waiting, never the
 * second half of the time.
 */
import type { CallBounds } from '../cell-store.ts';
import type { OnDemandCell } from '../on-demand-cell.ts';
import { JOURNAL_SHARDS, outboxPk, QUARANTINE } from '../store/table-layout.ts';
import type { Table } from '../table/table.ts';
import type { WiredCell } from '../wire-cell.ts';
import type { Invocation } from './invocation.ts';

const LOOK_MS_MAX = 2_000;
const NOTHING = { waiting: 0, settled: 0, left: 0 } as const;

/** Throws what the own store throws. */
export async function relayTurn(onDemand: OnDemandCell, invocation: Invocation) {
  return (await hasWork(onDemand.cell, invocation.signal)) ? workOn(onDemand, invocation) : NOTHING;
}

function workOn(onDemand: OnDemandCell, { endAtMs, signal }: Invocation) {
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

/** A region that stands by has copies of the owner's messages and may look twice for nothing; it hands on none of them. */
async function hasWork({ tables, config, clock }: WiredCell, signal: AbortSignal): Promise<boolean> {
  const bounds = { deadlineAtMs: clock.monotonicMs() + LOOK_MS_MAX, signal };
  const outbox = Array.from({ length: JOURNAL_SHARDS }, (_, shard) => holds(tables.own, outboxPk(shard), bounds));
  const settles = config.reconcile !== 'manual';
  // A peer that does not answer keeps its rows; they are settled when it is back.
  const quarantines = settles
    ? [holds(tables.own, QUARANTINE, bounds), holds(tables.peer, QUARANTINE, bounds).catch(() => false)]
    : [];
  return (await Promise.all([...outbox, ...quarantines])).some((found) => found);
}

async function holds(table: Table, pk: string, bounds: CallBounds): Promise<boolean> {
  const { items } = await table.query(pk, { ...bounds, limit: 1 });
  return items.length > 0;
}
