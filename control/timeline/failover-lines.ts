/** What a failover tells the timeline: that it was decided, that the new owner is open, how it ended. Ids follow from the record. */
import type { Clock } from '../../core/clock.ts';
import type { Timeline, TimelineEntry } from '../../core/timeline/timeline.ts';
import type { RecordPort } from '../failover/failover-ports.ts';
import { type FailoverRecord, isTerminal } from '../failover/failover-record.ts';

/** Records as before, told of as they are saved. A line that gets lost costs nothing but the line. */
export function toldRecords(
  records: RecordPort,
  { timeline, clock }: { timeline: Timeline; clock: Clock },
): RecordPort {
  return {
    current: records.current.bind(records),
    save: async (next, limit) => {
      const saved = await records.save(next, limit);
      const line = saved ? failoverLine(next, clock.wallMs()) : null;
      // Between two steps of a failover every millisecond is time away, so nobody waits; at its end the process may end, too.
      const told = line === null ? Promise.resolve() : timeline.append(line);
      if (isTerminal(next.step)) await told;
      return saved;
    },
  };
}

/** The line that the record in its present state is worth; `null`: a step in between. */
export function failoverLine(record: FailoverRecord, atMs: number): TimelineEntry | null {
  const { id, decision, step, log, newEpoch } = record;
  const { cell, kind, from, to, decidedBy, reason } = decision;
  const story = `failover ${id}`;
  const common = {
    ...{ story, kind: 'failover' as const, atMs, by: decidedBy, why: reason },
    scope: { cells: [cell], regions: [from, to], release: null, document: null },
  };
  if (log.length === 0)
    return { ...common, id: `${story} begins`, phase: 'begins', what: `${kind} of ${cell} from ${from} to ${to}` };
  if (!isTerminal(step)) return null;
  const how = step === 'done' ? `done, epoch ${newEpoch ?? '?'}` : step;
  return { ...common, id: `${story} ends`, phase: 'ends', what: `${kind} of ${cell} to ${to}: ${how}` };
}
