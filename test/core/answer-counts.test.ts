import { describe, expect, it } from '@jest/globals';
import { ANSWER_WINDOW_MS, AnswerCounts, answerKind } from '../../core/answer-counts.ts';
import { FakeClock } from '../../core/fake-clock.ts';

describe('answerKind', () => {
  it.each([
    [200, null, 'ok'],
    [304, null, 'ok'],
    [404, null, 'refused'],
    [421, 'NOT_ACTIVE', 'refused'],
    [503, 'FENCE_STALE_EPOCH', 'refused'],
    [503, 'LEASE_NOT_HELD', 'refused'],
    [503, 'DEGRADED', 'refused'],
    [503, 'OVERLOADED', 'failed'],
    [504, 'DEADLINE_EXCEEDED', 'failed'],
    [500, 'INTERNAL', 'failed'],
    [502, null, 'failed'],
    [503, 'OUTCOME_UNKNOWN', 'unknown'],
  ] as const)('calls %i with %s %s', (status, code, kind) => {
    expect(answerKind({ status, code })).toBe(kind);
  });
});

describe('AnswerCounts', () => {
  it('keeps totals, and forgets of the recent ones what is older than the window', async () => {
    const clock = new FakeClock();
    const counts = new AnswerCounts(clock);
    counts.count('ok');
    counts.count('failed', 'INTERNAL');
    await clock.advance(ANSWER_WINDOW_MS / 2);
    counts.count('ok');
    expect(counts.report().recent).toMatchObject({ ok: 2, failed: 1 });
    await clock.advance(ANSWER_WINDOW_MS / 2);
    expect(counts.report().recent).toMatchObject({ ok: 1, failed: 0 });
    await clock.advance(10 * ANSWER_WINDOW_MS);
    expect(counts.report()).toEqual({
      total: { ok: 2, refused: 0, failed: 1, unknown: 0 },
      failedByCode: { INTERNAL: 1 },
      recent: { ok: 0, refused: 0, failed: 0, unknown: 0, windowMs: ANSWER_WINDOW_MS },
    });
  });

  it('does not grow with codes that nobody foresaw', () => {
    const counts = new AnswerCounts(new FakeClock());
    for (let n = 0; n < 1_000; n++) counts.count('failed', `MADE_UP_${n}`);
    const codes = Object.values(counts.report().failedByCode);
    expect(codes.length).toBeLessThanOrEqual(65);
    expect(codes.reduce((sum, count) => sum + count, 0)).toBe(1_000);
  });
});
