/**
 * What processes use, from /proc (Linux): processor time of all their threads, and memory. The parsers are pure. Times come
 * in ticks of 10 ms, so a window must be long against that.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { PlatformError } from '../core/errors.ts';

/** USER_HZ; Linux fixes it at 100 on every platform that Node runs on. */
export const TICK_MS = 10;

export interface ProcessStat {
  readonly parentPid: number;
  /** User and system time of all threads, those that have ended included. */
  readonly cpuMs: number;
}

/** Counted from behind the name, which may itself hold spaces and brackets: 0 = state (field 3 of proc(5)). */
export function parseStat(stat: string): ProcessStat {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { parentPid: Number(fields[1]), cpuMs: ticks * TICK_MS };
}

export interface Memory {
  readonly rssKb: number;
  /** Shared pages divided among those who share them: the one figure that may be summed over processes. */
  readonly pssKb: number;
}

export function parseSmapsRollup(rollup: string): Memory {
  const kb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? Number.NaN);
  return { rssKb: kb('Rss'), pssKb: kb('Pss') };
}

/** Processor time so far of these processes together. Throws when one of them is gone: its time would be missing. */
export function cpuMsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + parseStat(read(`/proc/${pid}/stat`)).cpuMs, 0);
}

export function memoryOf(pids: readonly number[]): Memory {
  const each = pids.map((pid) => parseSmapsRollup(read(`/proc/${pid}/smaps_rollup`)));
  const sum = (pick: (memory: Memory) => number) => each.reduce((total, memory) => total + pick(memory), 0);
  return { rssKb: sum((memory) => memory.rssKb), pssKb: sum((memory) => memory.pssKb) };
}

/** What a process of the platform is, by its command line. Pure. */
export function kindOf(commandLine: string): string {
  return KINDS.find(([part]) => commandLine.includes(part))?.[1] ?? 'other';
}

/** The guard's command line holds its child's, so it comes first. */
const KINDS: readonly (readonly [part: string, kind: string])[] = [
  ['holdfast-guard', 'guards'],
  ['cell-host', 'cells'],
  ['router/node', 'routers'],
  ['control/main', 'control'],
  ['payments/main', 'payments'],
  ['dynoxide', 'engines'],
  ['DynamoDBLocal', 'engines'],
  ['holdfast.mjs', 'supervisor'],
];

export function commandLineOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

/** A process and everything that descends from it. */
export function processTree(rootPid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parentPid = parentOf(Number(name));
    if (parentPid !== null) parents.set(Number(name), parentPid);
  }
  return treeOf(rootPid, parents);
}

/** `parents`: pid → pid of its parent. Pure. */
export function treeOf(rootPid: number, parents: ReadonlyMap<number, number>): readonly number[] {
  const tree = [rootPid];
  // The list grows while it is walked: children of children are found too.
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

function parentOf(pid: number): number | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8')).parentPid;
  } catch {
    // It ended while we looked.
    return null;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PlatformError({
      code: 'UNSUPPORTED',
      kind: 'dependency',
      effect: 'none',
      message: `${path} can't be read: the process has ended, or this is not Linux. The benches measure processes through /proc; run them on Linux.`,
      cause,
    });
  }
}
