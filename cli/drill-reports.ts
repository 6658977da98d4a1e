/** Reports of drills on disk: `.holdfast/reports/<time>-<drill>-<seed>/report.json`, beside the page and the raw history. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { invalid } from '../core/errors.ts';
import type { DrillReport } from '../drills/report/drill-report.ts';
import type { DrillOutcome } from './services.ts';

const REPORTS_DIR = 'reports';
const REPORT_FILE = 'report.json';

export interface DrillRunName {
  readonly stateDir: string;
  readonly drill: string;
  readonly seed: number;
  /** Wall clock. */
  readonly atMs: number;
}

/** Sorts by time, and no two runs share one. */
export function reportDirOf({ stateDir, drill, seed, atMs }: DrillRunName): string {
  const time = new Date(atMs).toISOString().replace(/[-:]/g, '').replace('.', '-').replace('Z', '');
  return join(stateDir, REPORTS_DIR, `${time}-${drill}-${seed}`);
}

/** `dir: null`: the newest. Throws `INVALID_INPUT` when there is none, or none that can be read. */
export async function readDrillReport(of: { stateDir: string; dir: string | null }): Promise<DrillOutcome> {
  const found = of.dir === null ? await newestReport(of.stateDir) : resolve(of.dir);
  const path = join(found, REPORT_FILE);
  const text = await readFile(path, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    throw invalid(`There is no report in ${found} (${thrown.code}). Allowed: the folder that "drill run" printed.`);
  });
  return { report: parseReport(text, path), dir: found };
}

/** Throws `INVALID_INPUT` when there is none. */
export async function newestReport(stateDir: string): Promise<string> {
  const root = join(stateDir, REPORTS_DIR);
  const names = await readdir(root).catch(() => []);
  const dated = await Promise.all(
    names.map(async (name) => {
      const path = join(root, name);
      const seen = await stat(join(path, REPORT_FILE)).catch(() => null);
      return { path, atMs: seen?.mtimeMs ?? 0 };
    }),
  );
  const newest = dated.filter(({ atMs }) => atMs > 0).sort((a, b) => b.atMs - a.atMs)[0];
  if (newest) return newest.path;
  throw invalid(`No drill has left a report in ${root} yet. Run one: holdfast drill run region-lost`);
}

function parseReport(text: string, path: string): DrillReport {
  const given = parseJson(text, path) as Partial<DrillReport> | null;
  const known = ['pass', 'fail', 'unknown'];
  if (given && typeof given.drill === 'string' && known.includes(String(given.verdict))) return given as DrillReport;
  throw invalid(`${path} is no drill report: it lacks a drill or a verdict of ${known.join(', ')}.`);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw invalid(`${path} is not JSON (${thrown instanceof Error ? thrown.message : String(thrown)}).`);
  }
}
