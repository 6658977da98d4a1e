/** What a person types of modes, checked where it is typed: cells, levels, switches, and what a setting says of itself. */
import { userInfo } from 'node:os';
import { invalid } from '../core/errors.ts';
import type { CellId } from '../core/ids.ts';
import { LEVELS, type Level } from '../core/modes/ladder.ts';
import { OWNER_LENGTH_MAX, REASON_LENGTH_MAX, SETTING_MS_MAX, type Setting } from '../core/modes/modes-document.ts';
import { SWITCH_NAMES, type SwitchName } from '../core/modes/switches.ts';
import type { Topology } from '../core/topology.ts';
import { unknownName } from './nearest.ts';
import type { Call } from './shell.ts';

const ALL = 'all';

/** `null`: all cells. Throws `INVALID_INPUT` with the nearest name. */
export function cellOf(name: string, topology: Topology): CellId | null {
  if (name === ALL) return null;
  const ids = topology.cells.map(({ id }) => id);
  const cell = ids.find((id) => id === name);
  if (cell !== undefined) return cell;
  throw unknownName('cell', name, [...ids, ALL]);
}

export function levelNamed(text: string): Level {
  const level = LEVELS.find((known) => String(known) === text);
  if (level !== undefined) return level;
  throw unknownName('level', text, LEVELS.map(String));
}

export function switchNamed(text: string): SwitchName {
  const name = SWITCH_NAMES.find((known) => known === text);
  if (name !== undefined) return name;
  throw unknownName('switch', text, SWITCH_NAMES);
}

/** From `--why`, `--owner`, `--expires`. Throws `INVALID_INPUT`. */
export function settingOf(
  { options }: Pick<Call, 'options'>,
  { cell, nowMs }: { readonly cell: CellId | null; readonly nowMs: number },
): Setting {
  const lastsMs = Number(options.expires) * 1_000;
  if (lastsMs > SETTING_MS_MAX) {
    throw invalid(
      `It would stand for ${lastsMs / 3_600_000} hours. Allowed: up to ${SETTING_MS_MAX / 3_600_000} (30 days), with --expires.`,
    );
  }
  const owner = bounded(String(options.owner ?? userInfo().username), { flag: '--owner', lengthMax: OWNER_LENGTH_MAX });
  const reason = bounded(String(options.why), { flag: '--why', lengthMax: REASON_LENGTH_MAX });
  return { cell, owner, reason, sinceMs: nowMs, expiresAtMs: nowMs + lastsMs };
}

function bounded(text: string, { flag, lengthMax }: { readonly flag: string; readonly lengthMax: number }): string {
  const trimmed = text.trim();
  if (trimmed.length > 0 && trimmed.length <= lengthMax) return trimmed;
  throw invalid(`${flag} has ${trimmed.length} characters. Allowed: 1–${lengthMax}.`);
}
