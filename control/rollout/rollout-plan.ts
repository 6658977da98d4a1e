/** What is to be rolled out, as somebody asks for it; and the refusals that come before anything is written. */
import { invalid, invariant, PlatformError } from '../../core/errors.ts';
import type { CellId } from '../../core/ids.ts';
import type { GateLook } from './gate-keeper.ts';
import { BAKE_MS_MAX } from './rollout-limits.ts';
import { type Change, isTerminal, type RolloutRecord } from './rollout-record.ts';

export interface RolloutPlan extends Change {
  /** Of the topology: groups of cells, in order. */
  readonly waves: readonly (readonly CellId[])[];
  /** For how long each wave is looked at before the next. */
  readonly bakeMs: number;
  readonly by: string;
  readonly why: string;
  /** Gates to pass by; see `FORCEABLE_GATES`. */
  readonly forced: readonly string[];
}

/** Throws `INVALID_INPUT`. */
export function checkPlan({ waves, bakeMs }: RolloutPlan): void {
  const cells = waves.flat();
  invariant(new Set(cells).size === cells.length, 'a cell stands in one wave only');
  if (cells.length === 0 || waves.some((wave) => wave.length === 0)) {
    throw invalid(`Waves of ${JSON.stringify(waves)}. Allowed: at least one wave, and at least one cell in each.`);
  }
  if (Number.isFinite(bakeMs) && bakeMs >= 0 && bakeMs <= BAKE_MS_MAX) return;
  throw invalid(`A bake of ${bakeMs} ms. Allowed: 0–${BAKE_MS_MAX}.`);
}

export function refusedBy({ findings, reason }: GateLook): PlatformError {
  return refused(`A gate is not open: ${reason}. Nothing was changed.`, { findings });
}

/** For a wish that does not fit what is under way. `null`: there never was a rollout. */
export function refusedFor(present: RolloutRecord | null): PlatformError {
  if (!present || isTerminal(present)) {
    return refused(
      `No rollout is under way${present ? ` (the last one, ${present.what}, is ${present.state})` : ''}, so there is nothing to go on with.`,
    );
  }
  const { id, number, what, state, by } = present;
  const next =
    state === 'stopped'
      ? 'It waits for a person: "holdfast deploy resume" tries again.'
      : 'Wait for it; if its orchestrator is gone, "holdfast deploy resume" goes on with it and "holdfast deploy abort" takes it back.';
  return new PlatformError({
    code: 'ROLLOUT_IN_PROGRESS',
    kind: 'caller',
    effect: 'none',
    message: `Rollout ${number} (${what}, by ${by}) is ${state}, and only one staged change goes at a time. ${next}`,
    details: { id, number, state },
  });
}

/** Somebody else wrote between our look and our write. */
export function overtaken(present: RolloutRecord | null): PlatformError {
  if (present && !isTerminal(present)) return refusedFor(present);
  const other = present
    ? `rollout ${present.number} (${present.what}) came in between and is ${present.state}`
    : 'the record is gone';
  return refused(`Nothing was begun: ${other}. See whether what you want still fits, then ask again.`);
}

export function settledAlready({ number, what }: RolloutRecord): PlatformError {
  return refused(
    `Rollout ${number} (${what}) has reached every cell and is being settled: it can't be taken back any more, only replaced by another change.`,
  );
}

export function otherSteps({ number, steps }: RolloutRecord, mine: readonly string[]): PlatformError {
  return refused(
    `Rollout ${number} was begun with the steps ${steps.join(', ')}; this version takes ${mine.join(', ')}. Go on with the version of Holdfast that began it.`,
  );
}

function refused(message: string, details?: Readonly<Record<string, unknown>>): PlatformError {
  return new PlatformError({
    ...{ code: 'ROLLOUT_REFUSED', kind: 'caller', effect: 'none', message },
    ...(details ? { details } : {}),
  });
}
