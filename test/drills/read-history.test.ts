import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readHistory, sealOf } from '../../drills/history/read-history.ts';
import { GOOD_FAILOVER, historyText, linesOf, type Row } from './sample-history.ts';

const text = historyText(GOOD_FAILOVER);
const lines = linesOf(GOOD_FAILOVER);

function reasonOf(candidate: string): string {
  const read = readHistory(candidate);
  return read.ok ? 'accepted' : `line ${read.line}: ${read.reason}`;
}

function edited(line: number, edit: (event: Record<string, unknown>) => void): string {
  return lines
    .map((original, index) => {
      if (index !== line - 1) return `${original}\n`;
      const event = JSON.parse(original);
      edit(event);
      return `${JSON.stringify(event)}\n`;
    })
    .join('');
}

describe('reading a history', () => {
  it('pairs each completion with its invocation', () => {
    const read = readHistory(text, sealOf(text));
    expect(read.ok && read.history.calls.map((call) => [call.line, call.outcome, call.asked])).toEqual([
      [1, 'ok', 1],
      [3, 'ok', 2],
      [5, 'info', 3],
      [7, 'fail', 30],
      [9, 'ok', 4],
    ]);
  });

  it('refuses what was cut short, inside a line and between two calls', () => {
    expect(reasonOf(text.slice(0, -20))).toMatch(/cut short/);
    expect(reasonOf(`${lines.slice(0, -1).join('\n')}\n`)).toMatch(/never completed/);
    const betweenCalls = `${lines.slice(0, -2).join('\n')}\n`;
    expect(readHistory(betweenCalls).ok).toBe(true);
    expect(readHistory(betweenCalls, sealOf(text))).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/8 lines/),
    });
    expect(reasonOf('')).toMatch(/empty/);
  });

  it('refuses reordered lines and edited ones', () => {
    expect(reasonOf(`${[lines[2], lines[3], lines[0], lines[1], ...lines.slice(4)].join('\n')}\n`)).toMatch(
      /reordered/,
    );
    const other = text.replace('"value":1', '"value":7').replace('"value":1', '"value":7');
    expect(readHistory(other, sealOf(text))).toMatchObject({ ok: false, reason: expect.stringMatching(/digest/) });
  });

  it.each<[string, string, RegExp]>([
    ['a negative time', edited(1, (e) => Object.assign(e, { t: -1 })), /line 1: t is -1/],
    ['an operation that does not exist', edited(1, (e) => Object.assign(e, { op: 'cart.steal' })), /line 1: op is/],
    ['a type that does not exist', edited(2, (e) => Object.assign(e, { type: 'maybe' })), /line 2: type is/],
    ['a completion of another key', edited(2, (e) => Object.assign(e, { key: 'acme/other' })), /does not match/],
    ['an acknowledgement of another value', edited(2, (e) => Object.assign(e, { value: 9 })), /asked was 1/],
    ['a write of no number', edited(1, (e) => Object.assign(e, { value: 'many' })), /line 1: value of stock.put is/],
    ['a write of less than nothing', edited(1, (e) => Object.assign(e, { value: -1 })), /line 1: value of stock.put/],
    [
      'a read that asks for something',
      edited(1, (e) => Object.assign(e, { op: 'stock.get' })),
      /line 1: value of stock.get is 1; allowed: null/,
    ],
    ['an age below zero', edited(2, (e) => Object.assign(e, { stalenessMs: -1 })), /line 2: stalenessMs is -1/],
    ['a failure without a code', edited(8, (e) => Reflect.deleteProperty(e, 'code')), /line 8: code is/],
    ['a value that is missing', edited(1, (e) => Reflect.deleteProperty(e, 'value')), /line 1: value/],
    ['a line that is no object', `${lines[0]}\n[]\n`, /line 2: not an object/],
    [
      'two calls of one client at a time',
      historyText(GOOD_FAILOVER.map((r, i) => ({ ...r, client: 1, at: [i, 900 + i] }) as Row)),
      /another is open/,
    ],
    ['an id used twice', historyText(GOOD_FAILOVER.map((r) => ({ ...r, id: 'same' }))), /was used by an earlier call/],
  ])('refuses %s', (_what, candidate, reason) => {
    expect(reasonOf(candidate)).toMatch(reason);
  });

  it('never throws, and never accepts a sealed file of which a byte was changed', () => {
    const seal = sealOf(text);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 3 }), (at, insert) => {
        const corrupted = text.slice(0, at) + insert + text.slice(at + insert.length);
        fc.pre(corrupted !== text);
        expect(readHistory(corrupted, seal).ok).toBe(false);
        expect(() => readHistory(corrupted)).not.toThrow();
      }),
    );
  });
});
