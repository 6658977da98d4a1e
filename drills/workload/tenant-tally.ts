/** How each tenant's calls ended over a stretch of a drill, counted while they happen; for promises about who is not hurt. */
import type { HistoryRecorder } from '../history/history-recorder.ts';
import type { OperationEvent } from '../history/operation.ts';
import { BUSINESS_CODES } from '../report/blast-radius.ts';

export interface TenantTally {
  readonly tenant: string;
  readonly cell: string;
  /** Calls through routers that began and ended in the stretch. */
  readonly calls: number;
  readonly succeeded: number;
}

/** Counts from now on; the returned function ends the count and says what came of it. */
export function tallyTenants(recorder: HistoryRecorder): () => readonly TenantTally[] {
  const begun = new Map<number, string>();
  const tallies = new Map<string, { tenant: string; cell: string; calls: number; succeeded: number }>();
  let counting = true;
  recorder.onEvent((event) => {
    if (!counting) return;
    if (event.type === 'invoke') {
      if (event.via === 'router') begun.set(event.client, event.id);
      return;
    }
    if (begun.get(event.client) !== event.id) return;
    begun.delete(event.client);
    const tenant = event.key.slice(0, event.key.indexOf('/'));
    const tally = tallies.get(tenant) ?? { tenant, cell: event.cell, calls: 0, succeeded: 0 };
    tallies.set(tenant, tally);
    tally.calls += 1;
    if (isSuccess(event)) tally.succeeded += 1;
  });
  return () => {
    counting = false;
    return [...tallies.values()].sort((a, b) => (a.tenant < b.tenant ? -1 : 1));
  };
}

function isSuccess(event: OperationEvent): boolean {
  return event.type === 'ok' || ('code' in event && BUSINESS_CODES.has(event.code));
}
