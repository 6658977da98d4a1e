import { describe, expect, it } from '@jest/globals';
import { GAP_MS_MAX, judgeCells } from '../../control/failover/automation/judge-cells.ts';
import type { Observation } from '../../control/failover/automation/observation.ts';
import type { Verdict } from '../../control/failover/automation/verdict.ts';
import { cellId } from '../../core/ids.ts';
import { seededRng } from '../../core/rng.ts';
import { BAD, EAST, GOOD, lost, ROOMY, seen, UNKNOWN, WEST } from './automation-samples.ts';

/** Looks every 100 ms at what does not change, until the agreement is long over. */
function verdictsOf(observation: Partial<Observation>, settings = ROOMY) {
  let judged = judgeCells(new Map(), seen({ ...observation, atMs: 0 }), { settings, rng: seededRng(1) });
  for (let atMs = 100; atMs <= 2_000; atMs += 100) {
    judged = judgeCells(judged.agreement, seen({ ...observation, atMs }), { settings, rng: seededRng(1) });
  }
  return judged.verdicts;
}

const verdictOf = (observation: Partial<Observation>, settings = ROOMY) =>
  verdictsOf(observation, settings).get(cellId('c01')) as Verdict;

const past = (change: { cell?: string; from?: typeof EAST; ageMs?: number; planned?: boolean }) => [
  {
    cell: cellId(change.cell ?? 'c09'),
    from: change.from ?? EAST,
    ageMs: change.ageMs ?? 1_000,
    planned: change.planned ?? false,
  },
];

describe('an automatic decision', () => {
  it('moves a cell when both signals agree, the switch is on, and nothing speaks against it', () => {
    expect(verdictOf({ cells: [lost('c01')] })).toEqual({ kind: 'move' });
  });

  it.each([
    ['clients alone see it fail: the fault may lie between', { inside: GOOD }],
    ['the inside alone is ill: nobody is hurt', { client: GOOD }],
    ['nobody asked: absent is not bad', { client: UNKNOWN }],
    ['the arbiter does not tell: absent is not bad', { inside: UNKNOWN }],
  ])('leaves a cell alone when %s', (_, change) => {
    expect(verdictOf({ cells: [lost('c01', change)] }).kind).toMatch(/healthy|suspect/);
  });

  it('waits until both have agreed for the whole time, without a break', () => {
    const rng = seededRng(1);
    const settings = { ...ROOMY, agreementMs: 500, jitterMs: 0 };
    let judged = judgeCells(new Map(), seen({ atMs: 0, cells: [lost('c01')] }), { settings, rng });
    const look = (atMs: number, cells = [lost('c01')]) => {
      judged = judgeCells(judged.agreement, seen({ atMs, cells }), { settings, rng });
      return judged.verdicts.get(cellId('c01'))?.kind;
    };
    expect(look(499)).toBe('suspect');
    expect(look(500)).toBe('move');
    expect(look(600, [lost('c01', { client: GOOD })])).toBe('suspect');
    expect(look(1_000)).toBe('suspect');
    expect(look(1_499)).toBe('suspect');
    expect(look(1_500)).toBe('move');
  });

  it('does not count a time in which it stood still itself', () => {
    const by = { settings: ROOMY, rng: seededRng(1) };
    const first = judgeCells(new Map(), seen({ atMs: 0, cells: [lost('c01')] }), by);
    const after = seen({ atMs: 60_000, sinceLastMs: GAP_MS_MAX + 1, cells: [lost('c01')] });
    expect(judgeCells(first.agreement, after, by).verdicts.get(cellId('c01'))?.kind).toBe('suspect');
  });

  it('waits for a random part of the jitter, the same for all its looks', () => {
    const settings = { ...ROOMY, agreementMs: 100, jitterMs: 1_000 };
    const actAt = (seed: number) => {
      const first = judgeCells(new Map(), seen({ atMs: 0, cells: [lost('c01')] }), { settings, rng: seededRng(seed) });
      const later = judgeCells(first.agreement, seen({ atMs: 50, cells: [lost('c01')] }), {
        settings,
        rng: seededRng(9),
      });
      expect(later.agreement).toEqual(first.agreement);
      return first.agreement.get(cellId('c01'))?.actAtMs ?? 0;
    };
    const drawn = [1, 2, 3, 4].map(actAt);
    expect(new Set(drawn).size).toBe(4);
    for (const atMs of drawn) expect(atMs >= 100 && atMs < 1_100).toBe(true);
  });

  it('leaves the cells that another region would receive to that region', () => {
    expect(verdictOf({ region: EAST, cells: [lost('c01')] }).kind).toBe('suspect');
  });
});

describe('the guard rails that leave a cell alone', () => {
  it.each<[string, Partial<Observation>, RegExp]>([
    ['the switch is off', { setting: { mode: 'automatic', enabled: false } }, /off/],
    ['the switch can not be read', { setting: 'unreadable' }, /can not be read/],
    ['the mode is manual', { setting: { mode: 'manual', enabled: true } }, /manual/],
    ['most stores do not answer here, so it is we who are cut off', { stores: { asked: 6, answered: 2 } }, /4 of 6/],
    ['nobody asked the stores', { stores: null }, /not asked/],
    ['the receiver can not serve', { cells: [lost('c01', { receiverAnswers: false })] }, /do not answer/],
    ['a failover of it is under way', { cells: [lost('c01', { changing: true })] }, /under way/],
    ['its record can not be read', { cells: [lost('c01', { changing: null })] }, /can not be read/],
    ['what was moved lately is not known', { moves: null }, /can not be read/],
  ])('hold when %s', (_, change, why) => {
    expect(verdictOf({ cells: [lost('c01')], ...change })).toEqual({ kind: 'hold', why: expect.stringMatching(why) });
  });

  it('hold when every region looks dead, even where both signals agree on each', () => {
    const cells = [lost('c01'), lost('c02', { home: WEST, standby: EAST, holder: WEST })];
    expect(verdictOf({ cells })).toEqual({ kind: 'hold', why: 'east and west look dead from here' });
  });

  it('hold when the own router reaches nobody at all', () => {
    const ours = { home: WEST, standby: EAST, holder: WEST, inside: GOOD, late: false, answers: false };
    expect(verdictOf({ cells: [lost('c01'), lost('c02', ours)] }).kind).toBe('hold');
  });

  it('hold as soon as the own cells are late, long before they would count as dead', () => {
    const ours = { home: WEST, standby: EAST, holder: WEST, client: GOOD, inside: UNKNOWN, late: true, answers: true };
    expect(verdictOf({ cells: [lost('c01'), lost('c02', ours)] }).kind).toBe('hold');
  });

  it('hold when most cells look dead and not all of them in one region', () => {
    const west = { home: WEST, standby: EAST, holder: WEST };
    const well = { ...west, client: GOOD, inside: GOOD, late: false, answers: true };
    const cells = [lost('c01'), lost('c03'), lost('c02', west), lost('c04', well)];
    expect(verdictOf({ cells })).toEqual({ kind: 'hold', why: '3 of 4 cells, in 2 regions, look dead from here' });
  });

  it('do not take the loss of one of two regions for the loss of everything', () => {
    const west = { home: WEST, standby: EAST, holder: WEST, client: GOOD, inside: GOOD, late: false, answers: true };
    const cells = [lost('c01'), lost('c03'), lost('c02', west)];
    expect(verdictOf({ cells, stores: { asked: 6, answered: 3 } })).toEqual({ kind: 'move' });
  });

  it('do not take a cell that refuses, because its peer is gone, for a dead one', () => {
    const refuses = { home: WEST, standby: EAST, holder: WEST, client: BAD, inside: GOOD, late: false, answers: true };
    expect(verdictOf({ cells: [lost('c01'), lost('c02', refuses)] })).toEqual({ kind: 'move' });
  });
});

describe('the guard rails that leave a cell to a person', () => {
  it.each<[string, Partial<Observation>, RegExp]>([
    ['the mode is assisted', { setting: { mode: 'assisted', enabled: true } }, /assisted/],
    [
      'it stands in its standby region: back is a decision',
      { cells: [lost('c01', { home: WEST, standby: EAST, holder: EAST })], region: WEST },
      /only a person/,
    ],
    ['it was moved a while ago', { moves: past({ cell: 'c01', ageMs: 599_000 }) }, /599 s ago/],
    ['a person moved it back a while ago', { moves: past({ cell: 'c01', ageMs: 1_000, planned: true }) }, /cooldown/],
    ['the receiver was itself left a while ago', { moves: past({ from: WEST }) }, /moved away from west/],
    ['as many as allowed were moved', { moves: [...past({ cell: 'c08' }), ...past({ cell: 'c09' })] }, /allowed: 2/],
  ])('propose when %s', (_, change, why) => {
    const verdict = verdictOf({ cells: [lost('c01')], ...change });
    expect(verdict).toEqual({ kind: 'propose', why: expect.stringMatching(why) });
  });

  it('let go of what is older than cooldown and window', () => {
    const moves = [
      ...past({ cell: 'c01', ageMs: 600_001 }),
      ...past({ from: WEST, ageMs: 600_001 }),
      ...past({ ageMs: 300_001 }),
    ];
    expect(verdictOf({ cells: [lost('c01')], moves })).toEqual({ kind: 'move' });
  });

  it('count the moves of one look together', () => {
    const cells = ['c01', 'c02', 'c03', 'c04'].map((id) => lost(id));
    const kinds = [...verdictsOf({ cells }).values()].map(({ kind }) => kind);
    expect(kinds).toEqual(['move', 'move', 'propose', 'propose']);
  });

  it('do not count planned changes against the limit', () => {
    const moves = [...past({ cell: 'c08', planned: true }), ...past({ cell: 'c09', planned: true })];
    expect(verdictOf({ cells: [lost('c01')], moves })).toEqual({ kind: 'move' });
  });
});
