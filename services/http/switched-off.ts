/**
 * The honest refusal: what is off, until when if that is known, what still works, when to try again. It says nothing of why or by
 * whom, which is for those who operate the platform, and it asks no store: it has to work when that is what failed.
 */
import type { Clock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import { DEGRADED_HEADER, degradedHeader, SWITCHED_OFF_HEADER } from '../../core/modes/degraded-header.ts';
import type { EffectiveModes, OperationMode } from '../../core/modes/effective-modes.ts';
import type { Rng } from '../../core/rng.ts';
import type { PublicDetails } from './problem-response.ts';

/** Somebody is at work, which takes minutes; and callers that were refused together must not come back together. */
const RETRY_AFTER_S = { from: 15, to: 45 };

/** Throws `DEGRADED` (effect none) when nothing is left of the operation. */
export function refuseSwitchedOff(of: {
  readonly mode: OperationMode;
  readonly modes: EffectiveModes;
  readonly clock: Clock;
  readonly rng: Rng;
}): void {
  const { mode, modes, clock, rng } = of;
  if (mode.grant.kind !== 'refused') return;
  const works = [...modes.operations.values()].filter(({ grant }) => grant.kind !== 'refused');
  const stillWorks = works.map(({ operation }) => operation.name);
  const until = mode.untilMs === null ? null : new Date(mode.untilMs).toISOString();
  const { from, to } = RETRY_AFTER_S;
  const againInS = Math.round(from + (to - from) * rng.next());
  const leftS = mode.untilMs === null ? againInS : Math.ceil((mode.untilMs - clock.wallMs()) / 1_000);
  const details: PublicDetails = {
    members: { off: mode.operation.name, by: mode.causes, until, stillWorks },
    headers: {
      'retry-after': String(Math.max(1, Math.min(againInS, leftS))),
      [DEGRADED_HEADER]: degradedHeader(mode.causes) ?? '',
      [SWITCHED_OFF_HEADER]: '1',
    },
  };
  throw new PlatformError({
    code: 'DEGRADED',
    kind: 'caller',
    effect: 'none',
    message: messageOf(mode, { until, stillWorks }),
    details: { ...details },
  });
}

function messageOf({ operation, causes }: OperationMode, say: { until: string | null; stillWorks: readonly string[] }) {
  const end = say.until === null ? '' : `, as things stand until ${say.until}`;
  const works =
    say.stillWorks.length === 0 ? 'Nothing else works either.' : `What works: ${say.stillWorks.join(', ')}.`;
  return `${operation.name} is switched off (${causes.join(', ')})${end}. Nothing was done. ${works}`;
}
