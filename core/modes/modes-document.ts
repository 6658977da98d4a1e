/**
 * The document `modes`: which levels and switches are set, for which cells, by whom, why and until when. Every setting takes
 * function away, and everything that holds for a cell holds together, so no setting can undo another. Each ends by itself, by
 * the wall clock of whoever reads it: that is a convenience for people who forget, and nothing safe may rest on it.
 */
import { invalid } from '../errors.ts';
import { type CellId, cellId, shown } from '../ids.ts';
import { LEVELS, type Level, levelOf } from './ladder.ts';
import { SWITCH_NAMES, type SwitchName } from './switches.ts';

/** What every setting says of itself. */
export interface Setting {
  /** `null`: every cell. */
  readonly cell: CellId | null;
  /** Who answers for it. */
  readonly owner: string;
  /** For people who operate the platform; no caller is ever shown it. */
  readonly reason: string;
  /** Wall clock of who set it. */
  readonly sinceMs: number;
  /** From then on it is as if it were not there. */
  readonly expiresAtMs: number;
}

export interface LevelSetting extends Setting {
  /** Below 100: to have everything again is to have no setting. */
  readonly level: Level;
}

export interface SwitchSetting extends Setting {
  readonly name: SwitchName;
}

export interface ModesBody {
  /** One for each cell at most. */
  readonly levels: readonly LevelSetting[];
  /** One for each name and cell at most. */
  readonly switches: readonly SwitchSetting[];
}

/** Levels and switches together. What has more exceptions than this is governed by none of them; set a level for all cells. */
export const SETTINGS_MAX = 100;
export const OWNER_LENGTH_MAX = 64;
export const REASON_LENGTH_MAX = 200;
/** What is needed for longer is no degraded mode but how the shop is now: a release. */
export const SETTING_MS_MAX = 30 * 24 * 3_600_000;
/** A hundred settings with the longest texts in three bytes a character are 90 kB; in practice a tenth of it. */
export const MODES_BYTES_MAX = 96 * 1024;

export const NO_MODES: ModesBody = { levels: [], switches: [] };

/** Throws `INVALID_INPUT` with path, value seen and what is allowed. */
export function parseModes(value: unknown): ModesBody {
  const { levels, switches } = membersOf(value, 'modes', ['levels', 'switches']);
  const body: ModesBody = {
    levels: listOf(levels, 'levels').map(toLevel),
    switches: listOf(switches, 'switches').map(toSwitch),
  };
  const count = body.levels.length + body.switches.length;
  if (count > SETTINGS_MAX) throw invalid(`modes: ${count} settings. Allowed: at most ${SETTINGS_MAX} together.`);
  refuseTwice(body.levels.map(({ cell }) => `a level for ${whereText(cell)}`));
  refuseTwice(body.switches.map(({ name, cell }) => `the switch ${name} for ${whereText(cell)}`));
  return body;
}

/** `c01`, or `all cells`. */
export function whereText(cell: CellId | null): string {
  return cell ?? 'all cells';
}

export function settingsOf({ levels, switches }: ModesBody): readonly (LevelSetting | SwitchSetting)[] {
  return [...levels, ...switches];
}

const COMMON = ['cell', 'owner', 'reason', 'sinceMs', 'expiresAtMs'];

function toLevel(value: unknown, at: number): LevelSetting {
  const path = `levels[${at}]`;
  const members = membersOf(value, path, ['level', ...COMMON]);
  const level = levelOf(members.level);
  if (level === null || level === 100) {
    const allowed = LEVELS.filter((known) => known !== 100).join(', ');
    throw wrong(`${path}.level`, members.level, `${allowed}; for 100 leave the setting out`);
  }
  return { level, ...toSetting(members, path) };
}

function toSwitch(value: unknown, at: number): SwitchSetting {
  const path = `switches[${at}]`;
  const members = membersOf(value, path, ['name', ...COMMON]);
  const name = SWITCH_NAMES.find((known) => known === members.name);
  if (name === undefined) throw wrong(`${path}.name`, members.name, SWITCH_NAMES.join(', '));
  return { name, ...toSetting(members, path) };
}

function toSetting(members: Members, path: string): Setting {
  const { cell, owner, reason, sinceMs, expiresAtMs } = members;
  const setting = {
    cell: cell === null ? null : cellId(cell),
    owner: text(owner, { path: `${path}.owner`, lengthMax: OWNER_LENGTH_MAX }),
    reason: text(reason, { path: `${path}.reason`, lengthMax: REASON_LENGTH_MAX }),
    sinceMs: instant(sinceMs, `${path}.sinceMs`),
    expiresAtMs: instant(expiresAtMs, `${path}.expiresAtMs`),
  };
  const lastsMs = setting.expiresAtMs - setting.sinceMs;
  if (lastsMs <= 0 || lastsMs > SETTING_MS_MAX) {
    throw wrong(`${path}.expiresAtMs`, expiresAtMs, `up to ${SETTING_MS_MAX} ms (30 days) after sinceMs`);
  }
  return setting;
}

type Members = Readonly<Record<string, unknown>>;

function membersOf(value: unknown, path: string, names: readonly string[]): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, value, 'an object');
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined) throw invalid(`${path} has ${shown(unknown)}. Allowed: ${names.join(', ')}.`);
  // Own members only: whatever stands on a prototype was not in the document.
  return Object.fromEntries(names.map((name) => [name, Object.getOwnPropertyDescriptor(value, name)?.value]));
}

function listOf(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value) && value.length <= SETTINGS_MAX) return value;
  const seen = Array.isArray(value) ? `${value.length} entries` : value;
  throw wrong(path, seen, `a list of at most ${SETTINGS_MAX}`);
}

/** Printable, so that what is listed on a terminal is what was written. */
const PRINTABLE = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+$/u;

function text(value: unknown, { path, lengthMax }: { path: string; lengthMax: number }): string {
  const allowed = `1–${lengthMax} printable characters`;
  if (typeof value !== 'string' || value.length > lengthMax) throw wrong(path, value, allowed);
  if (value.trim() === '' || !PRINTABLE.test(value)) throw wrong(path, value, allowed);
  return value;
}

/** The last instant that a `Date` can show. */
const INSTANT_MS_MAX = 8_640_000_000_000_000;

function instant(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= INSTANT_MS_MAX) return value;
  throw wrong(path, value, 'whole milliseconds since 1970');
}

function refuseTwice(names: readonly string[]): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw invalid(`modes: ${twice} stands there twice. Allowed: once.`);
}

function wrong(path: string, value: unknown, allowed: string) {
  return invalid(`${path}: seen ${shown(value)}; allowed: ${allowed}.`);
}
