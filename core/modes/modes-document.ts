/**
 * The document `modes`: which levels and switches are set, for which cells, by whom, why and until when. Every setting takes
 * function away, and everything that holds for a cell holds together, so no setting can undo another. Each ends by itself, by
 * the wall clock of whoever reads it: that is a convenience for people who forget, and nothing safe may rest on it.
 */
import { readInteger, readList, readMembers, readText } from '../documents/read-body.ts';
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

/** The last instant that a `Date` can show. */
const INSTANT_MS = { min: 0, max: 8_640_000_000_000_000 };
/** Printable, so that what is listed on a terminal is what was written. */
const PRINTABLE = String.raw`[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]`;

/** Throws `INVALID_INPUT` with path, value seen and what is allowed. */
export function parseModes(value: unknown): ModesBody {
  const members = readMembers(value, { path: '$', required: ['levels', 'switches'] });
  const list = (name: string) => readList(members.get(name), { path: `$.${name}`, lengthMax: SETTINGS_MAX });
  const body: ModesBody = { levels: list('levels').map(toLevel), switches: list('switches').map(toSwitch) };
  const count = body.levels.length + body.switches.length;
  if (count > SETTINGS_MAX) throw invalid(`$ has ${count} settings. Allowed: at most ${SETTINGS_MAX} together.`);
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
  const path = `$.levels[${at}]`;
  const members = readMembers(value, { path, required: ['level', ...COMMON] });
  const level = levelOf(members.get('level'));
  if (level !== null && level !== 100) return { level, ...toSetting(members, path) };
  const allowed = LEVELS.filter((known) => known !== 100).join(', ');
  throw wrong(`${path}.level`, members.get('level'), `${allowed}; for 100 leave the setting out`);
}

function toSwitch(value: unknown, at: number): SwitchSetting {
  const path = `$.switches[${at}]`;
  const members = readMembers(value, { path, required: ['name', ...COMMON] });
  const name = SWITCH_NAMES.find((known) => known === members.get('name'));
  if (name !== undefined) return { name, ...toSetting(members, path) };
  throw wrong(`${path}.name`, members.get('name'), SWITCH_NAMES.join(', '));
}

function toSetting(members: ReadonlyMap<string, unknown>, path: string): Setting {
  const text = (name: string, lengthMax: number) =>
    readPrintable(members.get(name), { path: `${path}.${name}`, lengthMax });
  const instant = (name: string) => readInteger(members.get(name), { path: `${path}.${name}`, ...INSTANT_MS });
  const cell = members.get('cell');
  const setting = {
    cell: cell === null ? null : cellId(cell),
    owner: text('owner', OWNER_LENGTH_MAX),
    reason: text('reason', REASON_LENGTH_MAX),
    sinceMs: instant('sinceMs'),
    expiresAtMs: instant('expiresAtMs'),
  };
  const lastsMs = setting.expiresAtMs - setting.sinceMs;
  if (lastsMs > 0 && lastsMs <= SETTING_MS_MAX) return setting;
  const allowed = `up to ${SETTING_MS_MAX} ms (30 days) after sinceMs`;
  throw wrong(`${path}.expiresAtMs`, setting.expiresAtMs, allowed);
}

function readPrintable(value: unknown, { path, lengthMax }: { path: string; lengthMax: number }): string {
  const form = new RegExp(`^(?=.*[^\\p{Z}])${PRINTABLE}{1,${lengthMax}}$`, 'u');
  return readText(value, { path, form, allowed: `1–${lengthMax} printable characters` });
}

function refuseTwice(names: readonly string[]): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw invalid(`$ has ${twice} twice. Allowed: once.`);
}

function wrong(path: string, value: unknown, allowed: string) {
  return invalid(`${path} is ${shown(value)}. Allowed: ${allowed}.`);
}
