/**
 * What the settings come to for one cell at one instant. Pure: the same everywhere, whoever asks. Everything that holds for
 * the cell holds together, so an operation is left what *all* of it leaves.
 */
import type { CellId } from '../ids.ts';
import { both, FULL, type Grant } from './grant.ts';
import { LEVELS, type Level, promised } from './ladder.ts';
import type { LevelSetting, ModesBody, Setting, SwitchSetting } from './modes-document.ts';
import { OPERATIONS, type Operation, type OperationName } from './operations.ts';
import { SWITCHES } from './switches.ts';

/** One operation now, and what it is due to. */
export interface OperationMode {
  readonly operation: Operation;
  readonly grant: Grant;
  /** `level-40`, or the name of a switch: only what takes something of this operation; as in `x-degraded`. */
  readonly causes: readonly string[];
  /** Wall clock: until then it stays as it is, unless somebody changes it; `null` for what is granted in full. */
  readonly untilMs: number | null;
}

export interface EffectiveModes {
  readonly level: Level;
  /** Of the cell and of all cells, which have not ended. */
  readonly levels: readonly LevelSetting[];
  readonly switches: readonly SwitchSetting[];
  readonly operations: ReadonlyMap<OperationName, OperationMode>;
  /** Wall clock: the next setting ends then; `null`: none is set. */
  readonly changesAtMs: number | null;
}

/** `cell` `null`: a cell that no setting names. */
export function effectiveModes(body: ModesBody, at: { cell: CellId | null; nowMs: number }): EffectiveModes {
  const holds = ({ cell, expiresAtMs }: Setting) => (cell === null || cell === at.cell) && at.nowMs < expiresAtMs;
  const levels = body.levels.filter(holds);
  const switches = body.switches.filter(holds);
  const ends = [...levels, ...switches].map(({ expiresAtMs }) => expiresAtMs);
  return {
    level: LEVELS.findLast((level) => levels.some((each) => each.level === level)) ?? 100,
    levels,
    switches,
    operations: new Map(OPERATIONS.map((each) => [each.name, modeOf(each, { levels, switches })])),
    changesAtMs: ends.length === 0 ? null : Math.min(...ends),
  };
}

interface Taking {
  readonly cause: string;
  readonly grant: Grant;
  readonly untilMs: number;
}

function modeOf(operation: Operation, { levels, switches }: Pick<ModesBody, 'levels' | 'switches'>): OperationMode {
  const all: readonly Taking[] = [
    ...levels.map(({ level, expiresAtMs }) => ({
      ...{ cause: `level-${level}`, grant: promised(level, operation.name), untilMs: expiresAtMs },
    })),
    ...switches.map(({ name, expiresAtMs }) => ({
      ...{ cause: name, grant: SWITCHES[name].leaves(operation), untilMs: expiresAtMs },
    })),
  ];
  const taking = all.filter(({ grant }) => grant.kind !== 'full');
  const grant = taking.reduce<Grant>((left, { grant: next }) => both(left, next), FULL);
  // Of two that refuse, the operation comes back when the later one ends; of what only reduces, the first end changes something.
  const refusing = taking.filter((each) => each.grant.kind === 'refused').map(({ untilMs }) => untilMs);
  const ends = taking.map(({ untilMs }) => untilMs);
  const untilMs = ends.length === 0 ? null : refusing.length > 0 ? Math.max(...refusing) : Math.min(...ends);
  return { operation, grant, causes: [...new Set(taking.map(({ cause }) => cause))], untilMs };
}
