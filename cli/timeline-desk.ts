/** The timeline in an operator's hands: read from the arbiter, wherever that is reached from. */
import { ARBITER_MS_MAX } from '../control/failover/failover-limits.ts';
import type { TimelinePage } from '../control/timeline/timeline-log.ts';
import type { TimelineEntry } from '../core/timeline/timeline.ts';
import type { Machine } from './failover-operator.ts';
import type { OperatorReach } from './operator-reach.ts';
import { reachArbiter } from './reach-arbiter.ts';

/** A page of a busy day is a few hundred kilobytes. */
const READ_MS_MAX = 5_000;

export interface TimelineDesk {
  read(window: { readonly fromMs: number; readonly toMs: number }): Promise<TimelinePage>;
  append(entry: TimelineEntry): Promise<void>;
  close(): void;
}

export async function openTimelineDesk(reach: OperatorReach, machine: Machine): Promise<TimelineDesk> {
  const nowMs = machine.clock.wallMs();
  const { timeline, close } = await reachArbiter(reach, {
    machine,
    without: 'Without it nobody can read what happened; the reports of drills and the logs of processes are on disk.',
    probe: (ports) => ports.timeline.read({ fromMs: nowMs, toMs: nowMs }, { withinMs: ARBITER_MS_MAX + reach.coldMs }),
  });
  return {
    read: (window) => timeline.read(window, { withinMs: READ_MS_MAX + reach.coldMs }),
    append: (entry) => timeline.append(entry),
    close,
  };
}
