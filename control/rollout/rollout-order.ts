/**
 * The order of a rollout, pure: what comes after what. Cells one after the other, steps in the executor's order, a bake after each
 * wave; at the first trouble back, the cell that was reached last first. Invariant: no two cells are ever under way at once, and a
 * wave is only left through its bake.
 *
 *   step … step ─▶ bake ─▶ step … step ─▶ bake ─▶ settle ─▶ done
 *      └──── trouble ────┘                          └ can't: stopped
 *               ▼
 *        undo (latest first) ─▶ withdraw ─▶ rolled back | aborted
 *               └───────┴ can't: stopped ─▶ resume
 */
import type { CellId } from '../../core/ids.ts';
import type { Position, RolloutRecord, Trouble } from './rollout-record.ts';

export type Outcome = { readonly result: 'done' } | { readonly result: 'trouble'; readonly trouble: Trouble };
export type Standing = Pick<RolloutRecord, 'position' | 'state' | 'trouble'>;
type Plan = Pick<RolloutRecord, 'waves' | 'steps'>;

export const BEGIN = { at: 'step', wave: 0, cell: 0, step: 0 } as const satisfies Position;

/** Where the record stands after what it stood at has come out so. */
export function nextStanding(record: RolloutRecord, outcome: Outcome): Standing {
  const { position, trouble } = record;
  if (outcome.result === 'done') return afterDone(record);
  const goesBack = position.at === 'step' || position.at === 'bake';
  if (goesBack) return { state: 'rolling-back', position: backFrom(position, record), trouble: outcome.trouble };
  // The first trouble stays the reason; a later one, on the way back, stands in the log.
  return { state: 'stopped', position, trouble: trouble ?? outcome.trouble };
}

/** The way back from here: `null` when the change is settled or being settled, and can only be replaced by another change. */
export function wayBack(record: RolloutRecord): Position | null {
  const { position } = record;
  if (position.at === 'step' || position.at === 'bake') return backFrom(position, record);
  return position.at === 'undo' || position.at === 'withdraw' ? position : null;
}

/** Cells that the change may have touched, in the order in which it did: also the one that it is about to touch. */
export function reachedCells({ waves, position }: Pick<RolloutRecord, 'waves' | 'position'>): readonly CellId[] {
  switch (position.at) {
    case 'step':
      return [...waves.slice(0, position.wave).flat(), ...(waves[position.wave] ?? []).slice(0, position.cell + 1)];
    case 'bake':
      return waves.slice(0, position.wave + 1).flat();
    case 'settle':
    case 'end':
      return waves.flat();
    case 'undo':
      return position.left.toReversed();
    case 'withdraw':
      return [];
  }
}

/** Cells that already have the change, or a part of it: what gates look at. */
export function changedCells(record: Pick<RolloutRecord, 'waves' | 'position'>): readonly CellId[] {
  const reached = reachedCells(record);
  const { position } = record;
  return position.at === 'step' && position.step === 0 ? reached.slice(0, -1) : reached;
}

export function cellAt({ waves, position }: Pick<RolloutRecord, 'waves' | 'position'>): CellId | null {
  if (position.at === 'step') return waves[position.wave]?.[position.cell] ?? null;
  return position.at === 'undo' ? (position.left[0] ?? null) : null;
}

function afterDone(record: RolloutRecord): Standing {
  const { position, state, trouble, abort } = record;
  switch (position.at) {
    case 'step':
      return { state, trouble, position: afterStep(position, record) };
    case 'bake': {
      const wave = position.wave + 1;
      const next: Position = wave < record.waves.length ? { ...BEGIN, wave } : { at: 'settle' };
      return { state, trouble, position: next };
    }
    case 'settle':
      return { state: 'done', trouble, position: { at: 'end' } };
    case 'undo':
      return { state, trouble, position: undoOf(position.left.slice(1)) };
    case 'withdraw':
      return { state: abort === null ? 'rolled-back' : 'aborted', trouble, position: { at: 'end' } };
    case 'end':
      return { state, trouble, position };
  }
}

function afterStep(at: Extract<Position, { at: 'step' }>, { waves, steps }: Plan): Position {
  if (at.step + 1 < steps.length) return { ...at, step: at.step + 1 };
  if (at.cell + 1 < (waves[at.wave]?.length ?? 0)) return { ...at, cell: at.cell + 1, step: 0 };
  return { at: 'bake', wave: at.wave };
}

function backFrom(position: Position, { waves }: Plan): Position {
  return undoOf(reachedCells({ waves, position }).toReversed());
}

function undoOf(left: readonly CellId[]): Position {
  return left.length > 0 ? { at: 'undo', left } : { at: 'withdraw' };
}
