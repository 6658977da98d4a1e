/** The document itself: hostile values, semantics, the safe direction over random documents, and settings that end. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isPlatformError } from '../../core/errors.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { cellId } from '../../core/ids.ts';
import { degradedHeader, degradedTokens } from '../../core/modes/degraded-header.ts';
import { effectiveModes } from '../../core/modes/effective-modes.ts';
import { isAtMost } from '../../core/modes/grant.ts';
import { LEVELS, type Level } from '../../core/modes/ladder.ts';
import { ModeView } from '../../core/modes/mode-view.ts';
import { withoutEnded } from '../../core/modes/modes-checks.ts';
import { type ModesBody, NO_MODES, parseModes, SETTINGS_MAX } from '../../core/modes/modes-document.ts';
import { modesType } from '../../core/modes/modes-type.ts';
import { OPERATIONS } from '../../core/modes/operations.ts';
import { SWITCH_NAMES } from '../../core/modes/switches.ts';
import { validateTopology } from '../../core/topology.ts';
import config from '../../platform.config.ts';

const topology = validateTopology(config);
const cells = topology.cells.map(({ id }) => id);
const GOOD = { cell: 'c01', owner: 'ada', reason: 'maintenance', sinceMs: 1_000, expiresAtMs: 2_000 };
const level = (over: object = {}) => ({ levels: [{ level: 40, ...GOOD, ...over }], switches: [] });

describe('parse', () => {
  it('returns what it was given, and shares nothing with it', () => {
    const given = { levels: [{ level: 40, ...GOOD }], switches: [{ name: 'no-likes', ...GOOD, cell: null }] };
    expect(parseModes(given)).toEqual(given);
    expect(parseModes(given).levels[0]).not.toBe(given.levels[0]);
    expect(parseModes(modesType.bundled)).toEqual(NO_MODES);
  });

  it.each([
    ['no document', null],
    ['a list', []],
    ['a member that nobody knows', { ...NO_MODES, level: 40 }],
    ['a missing member', { levels: [] }],
    ['a level that is none', level({ level: 50 })],
    ['100, which is no setting', level({ level: 100 })],
    ['a level as text', level({ level: '40' })],
    ['no owner', level({ owner: '  ' })],
    ['a reason of two lines', level({ reason: 'a\nb' })],
    ['a reason that turns the line round', level({ reason: 'a\u202eb' })],
    ['a reason that is too long', level({ reason: 'x'.repeat(201) })],
    ['no end', level({ expiresAtMs: undefined })],
    ['an end that is no number', level({ expiresAtMs: Number.NaN })],
    ['an end before its beginning', level({ expiresAtMs: 1_000 })],
    ['an end after more than 30 days', level({ expiresAtMs: 1_001 + 30 * 24 * 3_600_000 })],
    ['a cell of another form', level({ cell: '../c01' })],
    ['two levels for one cell', { levels: [level().levels[0], level().levels[0]], switches: [] }],
    ['an unknown switch', { levels: [], switches: [{ name: 'no-gravity', ...GOOD }] }],
    [
      'too many settings',
      { levels: [], switches: Array.from({ length: SETTINGS_MAX + 1 }, () => ({ name: 'no-likes', ...GOOD })) },
    ],
  ])('refuses %s', (_, value) => {
    expect(() => parseModes(value)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });

  it('throws nothing but INVALID_INPUT, whatever it is given', () => {
    const noise = fc.oneof(
      fc.jsonValue(),
      fc.record({ levels: fc.array(fc.jsonValue()), switches: fc.array(fc.jsonValue()) }),
      fc.record({ levels: fc.array(fc.record({ level: fc.jsonValue(), ...constants() })), switches: fc.constant([]) }),
    );
    fc.assert(
      fc.property(noise, (value) => {
        try {
          return parseModes(value) !== undefined;
        } catch (thrown) {
          return isPlatformError(thrown) && thrown.code === 'INVALID_INPUT';
        }
      }),
    );
  });
});

describe('check', () => {
  const check = (body: ModesBody, before: ModesBody = NO_MODES, nowMs?: number) =>
    modesType.check(body, { topology, before, ...(nowMs === undefined ? {} : { nowMs }) });
  const everywhere = (to: Level): ModesBody => ({ levels: [{ level: to, ...GOOD, cell: null }], switches: [] });

  it('knows the cells of the topology', () => {
    expect(check(parseModes(level({ cell: 'c77' })))).toEqual([expect.objectContaining({ kind: 'semantic' })]);
    expect(check(parseModes(level()))).toEqual([]);
  });

  it('wants to hear that it is meant when no cell takes an order any more', () => {
    expect(check(everywhere(5))).toEqual([expect.objectContaining({ kind: 'delta' })]);
    expect(check(everywhere(20))).toEqual([]);
    expect(check(everywhere(0), everywhere(5))).toEqual([]);
  });

  it('refuses what has ended or begins in the future where it is published, and never where it was valid once', () => {
    const body = parseModes(level());
    expect(check(body, NO_MODES, 2_000)).toEqual([expect.objectContaining({ kind: 'semantic' })]);
    expect(check(body, NO_MODES, 1_500)).toEqual([]);
    expect(check(body, body, 2_000)).toEqual([]);
    expect(check(body)).toEqual([]);
    const later = parseModes(level({ sinceMs: 1_000_000, expiresAtMs: 1_001_000 }));
    expect(check(later, NO_MODES, 0)).toEqual([expect.objectContaining({ kind: 'semantic' })]);
  });
});

describe('the safe direction', () => {
  it('is never one in which any cell is granted more of anything at any time to come', () => {
    fc.assert(
      fc.property(bodies(), bodies(), fc.integer({ min: 0, max: 60 }), (before, after, nowMs) => {
        if (!modesType.isSafeDirection(before, after, nowMs)) return;
        for (let at = nowMs; at <= 60; at++) {
          for (const cell of [...cells, null]) expectAtMost(after, before, { cell, nowMs: at });
        }
      }),
    );
  });

  it('is every change that only adds settings', () => {
    fc.assert(
      fc.property(bodies(), bodies(), (before, more) => {
        const after = {
          levels: [...before.levels, ...more.levels],
          switches: [...before.switches, ...more.switches],
        };
        expect(modesType.isSafeDirection(before, after, 0)).toBe(true);
      }),
    );
  });

  it('is not taking back, raising or shortening; giving up what has ended is', () => {
    const [set, none] = [parseModes(level()), NO_MODES];
    expect(modesType.isSafeDirection(set, none, 1_500)).toBe(false);
    expect(modesType.isSafeDirection(set, none, 2_000)).toBe(true);
    expect(modesType.isSafeDirection(set, parseModes(level({ level: 60 })), 1_500)).toBe(false);
    expect(modesType.isSafeDirection(set, parseModes(level({ expiresAtMs: 1_900 })), 1_500)).toBe(false);
    expect(modesType.isSafeDirection(set, parseModes(level({ level: 20, expiresAtMs: 3_000 })), 1_500)).toBe(true);
    expect(withoutEnded(set, 2_000)).toEqual(NO_MODES);
    expect(withoutEnded(set, 1_999)).toEqual(set);
  });
});

describe('the view of a cell', () => {
  it('ends a setting by the wall clock, and takes another document at once', () => {
    const clock = new FakeClock();
    let body = parseModes(level({ sinceMs: clock.wallMs(), expiresAtMs: clock.wallMs() + 1_000 }));
    const documents = { current: () => ({ version: 1, body: body as never, source: 'published' as const }) };
    const view = new ModeView({ documents, clock, cell: cellId('c01') });
    expect(view.current.level).toBe(40);
    expect(view.current).toBe(view.current);
    clock.jump(1_000);
    expect(view.current.level).toBe(100);
    body = parseModes({ ...level({ level: 5, sinceMs: clock.wallMs(), expiresAtMs: clock.wallMs() + 9_000 }) });
    expect(view.current.level).toBe(5);
  });
});

describe('the header', () => {
  it('has one order, each token once, and reads back', () => {
    const header = degradedHeader(['no-likes', 'level-40', 'session-lost', 'no-likes', 'unreplicated', 'stale']);
    expect(header).toBe('unreplicated, stale, session-lost, level-40, no-likes');
    expect(degradedTokens(header)).toEqual(['unreplicated', 'stale', 'session-lost', 'level-40', 'no-likes']);
    expect([degradedHeader([]), degradedTokens(null)]).toEqual([null, []]);
  });
});

function constants() {
  return Object.fromEntries(Object.entries(GOOD).map(([name, value]) => [name, fc.constant(value)]));
}

/** Few cells and instants, so that documents meet each other. */
function bodies(): fc.Arbitrary<ModesBody> {
  const common = {
    cell: fc.constantFrom(...cells, null),
    ...{ owner: fc.constant('ada'), reason: fc.constant('why'), sinceMs: fc.constant(0) },
    expiresAtMs: fc.integer({ min: 1, max: 50 }),
  };
  const lowered = LEVELS.filter((each) => each !== 100);
  return fc.record({
    levels: fc.array(fc.record({ level: fc.constantFrom(...lowered), ...common }), { maxLength: 3 }),
    switches: fc.array(fc.record({ name: fc.constantFrom(...SWITCH_NAMES), ...common }), { maxLength: 3 }),
  });
}

function expectAtMost(after: ModesBody, before: ModesBody, at: Parameters<typeof effectiveModes>[1]): void {
  const [is, was] = [after, before].map((body) => effectiveModes(body, at).operations);
  for (const { name } of OPERATIONS) {
    const [next, old] = [is?.get(name)?.grant, was?.get(name)?.grant];
    expect(next !== undefined && old !== undefined && isAtMost(next, old)).toBe(true);
  }
}
