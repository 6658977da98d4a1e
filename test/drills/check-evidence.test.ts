import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { judgeHistory } from '../../drills/checkers/judge.ts';
import { worstOf } from '../../drills/checkers/verdict.ts';
import type { EndState } from '../../drills/history/end-state.ts';
import { readHistory, sealOf } from '../../drills/history/read-history.ts';
import { checkEvidence } from '../../drills/report/check-evidence.ts';
import { digestOf } from '../../drills/report/write-report.ts';
import { cellEnd, endOf, GOOD_FAILOVER, historyText, stockFinal } from './sample-history.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const HISTORY = historyText(GOOD_FAILOVER);
const END = `${JSON.stringify(endOf({ finals: [stockFinal(4)] }), null, 2)}\n`;

interface Files {
  readonly history?: string | null;
  readonly end?: string | null;
  readonly report?: string | null;
}

/** A folder whose seals are those of the whole files; `null`: the file is not there. */
async function checked(files: Files = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-evidence-'));
  folders.push(dir);
  const seals = { history: sealOf(HISTORY), endStateSha256: digestOf(END), faults: [{ injectedAtMs: 30 }] };
  const { history = HISTORY, end = END, report = JSON.stringify(seals) } = files;
  const written = { 'history.jsonl': history, 'end-state.json': end, 'report.json': report };
  for (const [name, text] of Object.entries(written)) if (text !== null) await writeFile(join(dir, name), text);
  return checkEvidence(dir);
}

describe('checking a folder', () => {
  it('passes evidence that is whole and good', async () => {
    const { verdict, checkers, problems } = await checked();
    expect([verdict, problems]).toEqual(['pass', []]);
    expect(checkers.length).toBeGreaterThan(6);
  });

  it('fails evidence that is whole and bad', async () => {
    const end = `${JSON.stringify(endOf({ finals: [stockFinal(1)] }))}\n`;
    const report = JSON.stringify({ history: sealOf(HISTORY), endStateSha256: digestOf(end) });
    expect((await checked({ end, report })).verdict).toBe('fail');
  });

  const lines = HISTORY.split('\n').slice(0, -1);
  const joined = (some: readonly string[]) => some.map((line) => `${line}\n`).join('');

  it.each<[string, Files, RegExp]>([
    ['cut in a line', { history: HISTORY.slice(0, -9) }, /line 10: the last line has no end/],
    [
      'cut between two calls',
      { history: joined(lines.slice(0, -2)) },
      /line 8: the file has 8 lines, its writer wrote 10/,
    ],
    [
      'reordered',
      { history: joined([...lines.slice(2, 4), ...lines.slice(0, 2), ...lines.slice(4)]) },
      /history.jsonl, line/,
    ],
    ['missing', { history: null }, /history.jsonl, line 1/],
    ['without a report', { report: null }, /holds no seal/],
    ['without an end state', { end: null }, /end-state.json is not there/],
    ['with half an end state', { end: END.slice(0, 60) }, /end-state.json, line \d+: not JSON/],
    ['with an edited end state', { end: END.replace('4', '5') }, /digest differs/],
    ['with no end state read', { end: 'null\n' }, /could not read the end state/],
  ])('is unknown of a folder %s', async (_what, files, problem) => {
    const { verdict, problems } = await checked(files);
    expect([verdict, problems.join()]).toEqual(['unknown', expect.stringMatching(problem)]);
  });

  it('is unknown, and does not crash, of an end state of another shape', async () => {
    for (const end of ['[]', '{}', '{"cells":{},"finals":[],"carts":[],"ledger":[]}', '7']) {
      const report = JSON.stringify({ history: sealOf(HISTORY), endStateSha256: digestOf(end) });
      expect((await checked({ end, report })).verdict).toBe('unknown');
    }
  });
});

/** Every way to damage lines that needs no knowledge of what they say. */
const DAMAGE: Readonly<Record<string, (lines: readonly string[], at: number, to: number) => readonly string[]>> = {
  deletion: (lines, at) => lines.filter((_, index) => index !== at),
  repetition: (lines, at) => lines.flatMap((line, index) => (index === at ? [line, line] : [line])),
  swap: (lines, at, to) =>
    lines.map((line, index) => (index === at ? lines[to] : index === to ? lines[at] : line) ?? line),
  'cut at the end': (lines, at) => lines.slice(0, at),
  'cut in the middle': (lines, at, to) => [...lines.slice(0, Math.min(at, to)), ...lines.slice(Math.max(at, to) + 1)],
};

describe('a history with damaged lines', () => {
  const lines = HISTORY.split('\n').slice(0, -1);
  const end: EndState = endOf({ finals: [stockFinal(4)], cells: [cellEnd()] });

  it.each(Object.entries(DAMAGE))('is refused under its seal, and crashes nothing without it: %s', (_what, damage) => {
    fc.assert(
      fc.property(fc.nat(lines.length - 1), fc.nat(lines.length - 1), (at, to) => {
        const text = damage(lines, at, to)
          .map((line) => `${line}\n`)
          .join('');
        fc.pre(text !== HISTORY);
        expect(readHistory(text, sealOf(HISTORY))).toMatchObject({ ok: false, line: expect.any(Number) });
        // What is left of it without a seal is a history of other calls: it is judged, or refused, and nothing is thrown.
        const read = readHistory(text);
        if (!read.ok) return;
        const results = judgeHistory({ history: read.history, end, faultAtMs: null });
        expect(results.flatMap((result) => result.findings.map((finding) => finding.rule))).not.toContain(
          'checker-crashed',
        );
        expect(['pass', 'fail', 'unknown']).toContain(worstOf(results.map((result) => result.verdict)));
      }),
    );
  });

  const MEMBERS = [
    't',
    'client',
    'op',
    'key',
    'cell',
    'id',
    'value',
    'region',
    'epoch',
    'type',
    'via',
    'code',
  ] as const;

  it('never throws, whatever a member is altered to', () => {
    fc.assert(
      fc.property(fc.nat(lines.length - 1), fc.constantFrom(...MEMBERS), fc.jsonValue(), (at, member, value) => {
        const text = lines
          .map((line, index) => (index === at ? JSON.stringify({ ...JSON.parse(line), [member]: value }) : line))
          .map((line) => `${line}\n`)
          .join('');
        const read = readHistory(text);
        if (!read.ok) return expect(read.line).toBeGreaterThan(0);
        const results = judgeHistory({ history: read.history, end, faultAtMs: null });
        expect(results.flatMap((result) => result.findings.map((finding) => finding.rule))).not.toContain(
          'checker-crashed',
        );
      }),
      { numRuns: 500 },
    );
  });
});
