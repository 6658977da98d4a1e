/** Modes for people: what is set and for how long yet, what each process makes of it, and the ladder itself. */
import type { ModesStatus } from '../cell/modes/modes-status.ts';
import { LEVEL_PROMISES, LEVELS, promised } from '../core/modes/ladder.ts';
import {
  type LevelSetting,
  type ModesBody,
  type SwitchSetting,
  settingsOf,
  whereText,
} from '../core/modes/modes-document.ts';
import { OPERATIONS } from '../core/modes/operations.ts';
import { SWITCH_NAMES, SWITCHES } from '../core/modes/switches.ts';
import type { Colours } from './terminal.ts';
import { duration, textTable } from './text-table.ts';

export interface ProcessModes {
  readonly cell: string;
  readonly region: string;
  readonly role: 'active' | 'standby' | 'unknown';
  /** `null`: it does not say. */
  readonly modes: ModesStatus | null;
}

export interface ModePage {
  readonly published: { readonly version: number; readonly body: ModesBody };
  readonly staged: { readonly version: number; readonly cells: readonly string[] } | null;
  /** `null`: nobody can be asked from here. */
  readonly processes: readonly ProcessModes[] | null;
  readonly nowMs: number;
}

const columns = (...titles: readonly string[]) => titles.map((title) => ({ title }));

export function listText({ published, staged, processes, nowMs }: ModePage, colours: Colours): string {
  const settings = settingsOf(published.body).filter(({ expiresAtMs }) => nowMs < expiresAtMs);
  const rows = settings.map((each) => settingRow(each, { nowMs, colours }));
  const set =
    rows.length === 0
      ? `Nothing is set (modes@${published.version}).`
      : textTable(columns('SET', 'FOR', 'SINCE', 'ENDS IN', 'OWNER', 'WHY'), rows);
  const way = staged
    ? `modes@${staged.version} is on its way through the waves: ${staged.cells.join(', ')} has it.`
    : '';
  const running =
    processes === null ? 'What the processes run can not be seen from here.' : processText(processes, colours);
  return [set, way, running].filter((part) => part !== '').join('\n\n');
}

function settingRow(
  setting: LevelSetting | SwitchSetting,
  { nowMs, colours }: { readonly nowMs: number; readonly colours: Colours },
): readonly string[] {
  const { cell, owner, reason, sinceMs, expiresAtMs } = setting;
  const what = 'level' in setting ? `level ${setting.level}` : setting.name;
  const since = `${duration(Math.max(0, nowMs - sinceMs))} ago`;
  return [colours.yellow(what), whereText(cell), since, duration(expiresAtMs - nowMs), owner, reason];
}

function processText(processes: readonly ProcessModes[], { yellow, red }: Colours): string {
  const rows = processes.map(({ cell, region, modes }) => {
    const place = `${cell}@${region}`;
    if (modes === null) return [place, red('does not say')];
    const { level, switches, version, source, breakGlass, operations } = modes;
    const names = switches.map(({ name }) => name).join(', ');
    const glass = breakGlass.refused === null ? '' : red(`  break-glass refused: ${breakGlass.refused}`);
    const shown = level === 100 ? '100' : yellow(String(level));
    const less = Object.keys(operations).length;
    return [
      place,
      shown,
      names || '–',
      `${version} (${source})`,
      `${less} of ${OPERATIONS.length} operations less${glass}`,
    ];
  });
  return textTable(columns('PROCESS', 'LEVEL', 'SWITCHES', 'RUNS', ''), rows);
}

/** Operation by operation; cells beside each other, each as its owner sees it. */
export function levelText(processes: readonly ProcessModes[], { green, yellow, red }: Colours): string {
  const shown = processes.filter(({ role, modes }) => role !== 'standby' || (modes?.level ?? 100) < 100);
  const places = shown.map(({ cell, region }) => `${cell}@${region}`);
  const colour = (text: string) => (text === 'full' ? green(text) : text === 'refused' ? red(text) : yellow(text));
  const rows = OPERATIONS.map(({ name, tier }) => [
    name,
    tier,
    ...shown.map(({ modes }) => (modes === null ? '?' : colour(modes.operations[name] ?? 'full'))),
  ]);
  const level = ['level', '', ...shown.map(({ modes }) => (modes === null ? '?' : String(modes.level)))];
  return textTable(columns('OPERATION', 'TIER', ...places), [level, ...rows]);
}

export function ladderText({ bold, green, yellow, dim }: Colours): string {
  const promises = LEVELS.map((level) => [bold(String(level)), LEVEL_PROMISES[level]]);
  const rows = OPERATIONS.map(({ name, tier }) => [
    name,
    tier,
    ...LEVELS.map((level) => {
      const grant = promised(level, name);
      if (grant.kind === 'full') return green('full');
      return grant.kind === 'refused' ? dim('–') : yellow(grant.how.join('+'));
    }),
  ]);
  const switches = SWITCH_NAMES.map((name) => [name, SWITCHES[name].reach, SWITCHES[name].summary]);
  return [
    textTable(columns('LEVEL', 'PROMISE'), promises),
    textTable(columns('OPERATION', 'TIER', ...LEVELS.map(String)), rows),
    textTable(columns('SWITCH', 'OF A', 'WHILE IT IS ON'), switches),
  ].join('\n\n');
}
