/**
 * Judges the folder of a drill again from what lies in it, without a platform: `history.jsonl` and `end-state.json`, against the
 * seals in `report.json`. Invariant: evidence that is missing, damaged or unsealed is unknown, with the line where there is
 * one; without its seal a file that was cut between two calls looks whole, so it can't pass.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { judgeHistory } from '../checkers/judge.ts';
import { type CheckResult, type Verdict, worstOf } from '../checkers/verdict.ts';
import type { EndState } from '../history/end-state.ts';
import { type HistorySeal, type ReadResult, readHistory } from '../history/read-history.ts';
import type { DrillReport } from './drill-report.ts';
import { digestOf, END_STATE_FILE, HISTORY_FILE, REPORT_FILE } from './write-report.ts';

export interface EvidenceCheck {
  readonly verdict: Verdict;
  /** Empty when the evidence can't be judged. */
  readonly checkers: readonly CheckResult[];
  /** What is wrong with the evidence itself. */
  readonly problems: readonly string[];
}

/** Never throws: what can't be read is unknown. */
export async function checkEvidence(dir: string): Promise<EvidenceCheck> {
  const seals = await sealsOf(dir);
  const [history, end] = await Promise.all([historyIn(dir, seals?.history), endStateIn(dir, seals?.endStateSha256)]);
  const problems = [
    ...(seals ? [] : [`${REPORT_FILE} is missing or holds no seal: nobody can say whether the history is whole.`]),
    ...(history.ok ? [] : [`${HISTORY_FILE}, line ${history.line}: ${history.reason}.`]),
    ...('problem' in end ? [end.problem] : []),
  ];
  if (!history.ok || 'problem' in end) return { verdict: 'unknown', checkers: [], problems };
  const checkers = judgeHistory({ history: history.history, end: end.end, faultAtMs: seals?.faultAtMs ?? null });
  const verdicts = checkers.map((result) => result.verdict);
  return { verdict: worstOf([...verdicts, ...problems.map(() => 'unknown' as const)]), checkers, problems };
}

interface Seals {
  readonly history: HistorySeal;
  readonly endStateSha256: string;
  readonly faultAtMs: number | null;
}

async function sealsOf(dir: string): Promise<Seals | null> {
  const report = parsed((await textOf(dir, REPORT_FILE)) ?? '').value as Partial<DrillReport> | null | undefined;
  const { history, endStateSha256, faults } = report ?? {};
  if (typeof history?.lines !== 'number' || typeof history.sha256 !== 'string') return null;
  if (typeof endStateSha256 !== 'string') return null;
  const injectedAtMs = (Array.isArray(faults) ? faults : []).map((fault) => Number(fault.injectedAtMs));
  return { history, endStateSha256, faultAtMs: injectedAtMs.length === 0 ? null : Math.min(...injectedAtMs) };
}

async function historyIn(dir: string, seal: HistorySeal | undefined): Promise<ReadResult> {
  const text = await textOf(dir, HISTORY_FILE);
  return text === null
    ? { ok: false, line: 1, reason: 'the file is not there, or can not be read' }
    : readHistory(text, seal);
}

async function endStateIn(dir: string, sha256: string | undefined): Promise<{ end: EndState } | { problem: string }> {
  const text = await textOf(dir, END_STATE_FILE);
  if (text === null) return { problem: `${END_STATE_FILE} is not there, or can not be read.` };
  const { value, line } = parsed(text);
  if (value === undefined) return { problem: `${END_STATE_FILE}, line ${line}: not JSON, the file was cut or edited.` };
  if (value === null) return { problem: `${END_STATE_FILE}: the drill could not read the end state.` };
  if (sha256 !== undefined && digestOf(text) !== sha256) {
    return { problem: `${END_STATE_FILE}, line 1: the digest differs: the file was edited after the drill.` };
  }
  // The checkers say unknown when a member is not what it should be: they run guarded.
  return { end: value as EndState };
}

async function textOf(dir: string, file: string): Promise<string | null> {
  // Why it can't be read (missing, a folder, no right) changes nothing: there is no evidence.
  return readFile(join(dir, file), 'utf8').catch(() => null);
}

/** `value: undefined` when it is no JSON; then the line of the first character that is wrong, as far as the runtime says. */
function parsed(text: string): { readonly value: unknown; readonly line: number } {
  try {
    return { value: JSON.parse(text), line: 1 };
  } catch (thrown) {
    const at = Number(/position (\d+)/.exec(String(thrown))?.[1] ?? text.length);
    return { value: undefined, line: text.slice(0, at).split('\n').length };
  }
}
