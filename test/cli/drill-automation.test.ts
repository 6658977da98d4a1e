/** What a drill reads from automation's reservations and the coordinator's records. */
import { describe, expect, it } from '@jest/globals';
import { toMove } from '../../cli/drill-automation.ts';
import { cellId, regionName } from '../../core/ids.ts';
import { fakeRecord } from './fake-cli.ts';

const DECIDED_AT_MS = 1_000_000;
const move = {
  id: 'm1',
  cell: cellId('c01'),
  from: regionName('us-east-1'),
  to: regionName('us-west-2'),
  atMs: DECIDED_AT_MS,
};
const outcome = (record: ReturnType<typeof fakeRecord> | undefined, afterMs: number) =>
  toMove(move, { nowMs: DECIDED_AT_MS + afterMs, record }).outcome;

describe('a move of automation', () => {
  it('ends as its record says', () => {
    expect((['done', 'failed', 'running'] as const).map((state) => outcome(fakeRecord({ state }), 60_000))).toEqual([
      'done',
      'failed',
      'running',
    ]);
  });

  it('without a record is about to begin, and later was called off: its cell was well again at the last moment', () => {
    expect([outcome(undefined, 500), outcome(undefined, 11_000)]).toEqual(['running', 'called-off']);
  });
});
