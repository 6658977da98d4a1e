/** Puts a report beside the history that it was made from, and makes it again from there. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HISTORY_LINES_MAX, type HistorySeal, type ReadResult, readHistory } from '../history/read-history.ts';
import { assembleReport } from './assemble-report.ts';
import type { DrillReport } from './drill-report.ts';
import type { DrillRun } from './drill-run.ts';
import { reportPage } from './report-page.ts';

export const HISTORY_FILE = 'history.jsonl';
export const REPORT_FILE = 'report.json';
export const PAGE_FILE = 'report.html';
export const END_STATE_FILE = 'end-state.json';

/** Judges what is on disk, not what is in memory: the file is the evidence that others get. */
export async function writeReport(options: { dir: string; run: DrillRun; seal: HistorySeal }): Promise<DrillReport> {
  const { dir, run, seal } = options;
  const read = await readBack(dir, seal);
  const endState = textOf(run.end);
  const report = { ...assembleReport({ run, read, seal }), endStateSha256: digestOf(endState) };
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, END_STATE_FILE), endState);
  await writeFile(join(dir, REPORT_FILE), textOf(report));
  const history = read.ok ? read.history : { calls: [], events: [] };
  await writeFile(join(dir, PAGE_FILE), reportPage(report, history));
  return report;
}

async function readBack(dir: string, seal: HistorySeal): Promise<ReadResult> {
  if (seal.lines > HISTORY_LINES_MAX) return { ok: false, line: HISTORY_LINES_MAX, reason: 'too long to be read' };
  try {
    return readHistory(await readFile(join(dir, HISTORY_FILE), 'utf8'), seal);
  } catch (thrown) {
    // A history that can't be read is a verdict (unknown), not a crash: the report must still be written.
    return { ok: false, line: 1, reason: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

function textOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The seal of a file of the evidence. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
