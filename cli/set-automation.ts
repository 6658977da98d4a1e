/** Writes another setting of automation over whatever stands, and tells the timeline. Invariant: what is told was written. */
import { userInfo } from 'node:os';
import {
  type AutomationDocument,
  type AutomationSetting,
  unwritten,
  withSetting,
} from '../control/failover/automation/automation-document.ts';
import type { AutomationStore } from '../control/failover/automation/automation-store.ts';
import { ARBITER_MS_MAX } from '../control/failover/failover-limits.ts';
import { automationLine } from '../control/timeline/operator-lines.ts';
import type { TimelineLog } from '../control/timeline/timeline-log.ts';
import type { Clock } from '../core/clock.ts';
import { isPlatformError, PlatformError } from '../core/errors.ts';
import type { AutomationMode } from '../core/topology-automation.ts';
import type { AutomationOperator } from './services.ts';

const LIMIT = { withinMs: ARBITER_MS_MAX };
/** Control processes write the document too, when they reserve a move; more losses in a row than this mean something else. */
const SAVE_TRIES_MAX = 5;

export interface AutomationDesk {
  readonly store: Pick<AutomationStore, 'document' | 'save' | 'overwrite'>;
  readonly timeline: Pick<TimelineLog, 'tell'>;
  readonly clock: Clock;
  /** The topology's mode, which holds while nothing was ever written. */
  readonly otherwise: AutomationMode;
}

type Setting = Parameters<AutomationOperator['set']>[0];

/** Throws `INVALID_INPUT` without a reason, `VERSION_CONFLICT` when somebody else writes all the while, and what the arbiter throws. */
export async function setAutomation(desk: AutomationDesk, change: Setting): ReturnType<AutomationOperator['set']> {
  const { before, document } = await written(desk, change);
  const line = automationLine(before, document);
  return { document, told: line === null || (await desk.timeline.tell(line)) };
}

interface Written {
  /** `null`: nobody could read it. */
  readonly before: AutomationSetting | null;
  readonly document: AutomationDocument;
}

async function written({ store, clock, otherwise }: AutomationDesk, change: Setting): Promise<Written> {
  const stamped = { ...change, by: userInfo().username, atMs: clock.wallMs() };
  for (let attempt = 0; attempt < SAVE_TRIES_MAX; attempt++) {
    const present = await store.document(LIMIT).catch((thrown: unknown) => unreadable(thrown, change));
    if (present === 'unreadable') {
      const anew = withSetting(unwritten(otherwise), stamped);
      await store.overwrite(anew, LIMIT);
      return { before: null, document: anew };
    }
    const before = present ?? unwritten(otherwise);
    const next = withSetting(before, stamped);
    if (await store.save(next, LIMIT)) return { before, document: next };
  }
  throw new PlatformError({
    code: 'VERSION_CONFLICT',
    kind: 'dependency',
    effect: 'none',
    message: `Somebody else wrote the automation document ${SAVE_TRIES_MAX} times in between. Nothing was changed; look at "holdfast automation status" and try again.`,
  });
}

/** Only "off" may replace what can't be read: nobody knows what was reserved in it. */
function unreadable(thrown: unknown, change: Setting): 'unreadable' {
  if (change.enabled === false && (!isPlatformError(thrown) || thrown.code === 'INVALID_INPUT')) return 'unreadable';
  throw thrown;
}
