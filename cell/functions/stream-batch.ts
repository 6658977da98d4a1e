/**
 * A batch of the table's stream: only the doorbell of the journal. A record says that something was committed of an aggregate;
 * what is shipped is what the journal holds of it, in order. So a record that comes twice, late or out of order finds less
 * to do or nothing, and one that never comes is made good by the sweep.
 *
 * What is reported as failed, Lambda sends again a bounded number of times. Rule: report only what another try may bring
 * forward, a peer that does not answer or is throttled. An entry that fails by itself (poison) is told to a person and left
 * to the sweep, so that it holds up nobody; and when all tries are over the journal still has everything.
 */
import { type AggregateId, aggregateId } from '../../core/ids.ts';
import type { OnDemandCell } from '../on-demand-cell.ts';
import { drainAggregates, type Poisoned } from '../replication/drain-journal.ts';
import { JOURNAL_PREFIX } from '../store/table-layout.ts';
import type { Invocation } from './invocation.ts';

/** Aggregates that are read and shipped together: bounds the memory, and what is begun again after a failure. */
const AGGREGATES_AT_ONCE = 25;

/** The part of a DynamoDB stream record that is used; the stream has keys only. */
export interface StreamRecord {
  readonly eventName?: string;
  readonly dynamodb?: {
    readonly SequenceNumber?: string;
    readonly Keys?: Readonly<Record<string, { readonly S?: string }>>;
  };
}

export interface StreamAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export interface BatchShipped {
  readonly answer: StreamAnswer;
  readonly shipped: number;
  readonly poisoned: readonly Poisoned[];
}

export function isStreamEvent(event: unknown): event is { readonly Records: readonly StreamRecord[] } {
  return typeof event === 'object' && event !== null && 'Records' in event && Array.isArray(event.Records);
}

export async function shipBatch(
  { cell }: OnDemandCell,
  records: readonly StreamRecord[],
  { endAtMs, signal }: Invocation,
): Promise<BatchShipped> {
  // Each aggregate stands where the batch first names it: Lambda repeats everything from the reported record on.
  const firstOf = new Map<AggregateId, string>();
  for (const record of records) {
    const id = journaledAggregate(record);
    if (id !== null && !firstOf.has(id)) firstOf.set(id, record.dynamodb?.SequenceNumber ?? '');
  }
  const aggregates = [...firstOf.keys()];
  const poisoned: Poisoned[] = [];
  let shipped = 0;
  for (let from = 0; from < aggregates.length; from += AGGREGATES_AT_ONCE) {
    const some = aggregates.slice(from, from + AGGREGATES_AT_ONCE);
    const swept = await drainAggregates(cell.lane, some, { deadlineAtMs: endAtMs, signal }).catch(unread);
    poisoned.push(...swept.poisoned);
    shipped += swept.shipped + swept.quarantined;
    if (swept.failure === undefined) continue;
    const itemIdentifier = firstOf.get(some[0] as AggregateId) ?? '';
    return { answer: { batchItemFailures: [{ itemIdentifier }] }, shipped, poisoned };
  }
  return { answer: { batchItemFailures: [] }, shipped, poisoned };
}

/** Removals and everything that is no journal entry ring no bell; what the filter of the mapping lets through is no matter. */
function journaledAggregate({ eventName, dynamodb }: StreamRecord): AggregateId | null {
  const pk = dynamodb?.Keys?.pk?.S ?? '';
  const [id] = (dynamodb?.Keys?.sk?.S ?? '').split('#');
  return eventName !== 'REMOVE' && pk.startsWith(JOURNAL_PREFIX) && id ? aggregateId(id) : null;
}

/** The own store did not give the entries: as good as a peer that did not take them. */
const unread = (failure: unknown) => ({ shipped: 0, quarantined: 0, poisoned: [], failure });
