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
  /** `null`: the arbiter does not answer. */
  readonly published: { readonly version: number; readonly body: ModesBody } | null;
  readonly staged: { readonly version: number; readonly cells: readonly string[] } | null;
  /** `null`: nobody can be asked from here. */
  readonly processes: readonly ProcessModes[] | null;
  readonly nowMs: number;
}

const columns = (...titles: readonly string[]) => titles.map((title) => ({ title }));

export function listText({ published, staged, processes, nowMs }: ModePage, colours: Colours): string {
  const set = publishedText(published, { nowMs, colours });
  // Nobody else can be asked then, so what the processes say has to do.
  const told =
    published === null ? settingTable(inProcesses(processes ?? []), { title: 'IN FORCE', nowMs, colours }) : null;
  const glass = settingTable(onHosts(processes ?? []), { title: 'BREAK-GLASS', nowMs, colours }) ?? '';
  const way = staged
    ? `modes@${staged.version} is on its way through the waves: ${staged.cells.join(', ')} has it.`
    : '';
  const running =
    processes === null ? 'What the processes run can not be seen from here.' : processText(processes, colours);
  return [set, told ?? '', glass, way, running].filter((part) => part !== '').join('\n\n');
}

function publishedText(published: ModePage['published'], page: Omit<Titled, 'title'>): string {
  if (published === null) return page.colours.red('What is published can not be read: the arbiter does not answer.');
  return settingTable(published.body, { title: 'SET', ...page }) ?? `Nothing is set (modes@${published.version}).`;
}

interface Titled {
  readonly title: string;
  readonly nowMs: number;
  readonly colours: Colours;
}

/** `null`: nothing is set that has not ended. */
function settingTable(body: ModesBody, { title, ...page }: Titled): string | null {
  const settings = settingsOf(body).filter(({ expiresAtMs }) => page.nowMs < expiresAtMs);
  if (settings.length === 0) return null;
  const rows = settings.map((each) => settingRow(each, page));
  return textTable(columns(title, 'FOR', 'SINCE', 'ENDS IN', 'OWNER', 'WHY'), rows);
}

/** What people have laid over the published modes, on any host. */
function onHosts(processes: readonly ProcessModes[]): ModesBody {
  return union(processes.flatMap(({ modes }) => (modes?.breakGlass.body ? [modes.breakGlass.body] : [])));
}

function inProcesses(processes: readonly ProcessModes[]): ModesBody {
  return union(processes.flatMap(({ modes }) => (modes === null ? [] : [modes])));
}

/** Each once, though many processes say so. */
function union(bodies: readonly ModesBody[]): ModesBody {
  const once = <Of>(settings: readonly Of[]) => [
    ...new Map(settings.map((each) => [JSON.stringify(each), each])).values(),
  ];
  return {
    levels: once(bodies.flatMap(({ levels }) => levels)),
    switches: once(bodies.flatMap(({ switches }) => switches)),
  };
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
