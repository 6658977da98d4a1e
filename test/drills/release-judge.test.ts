/** What a rollout of a release may cost whom: good evidence passes, each kind of bad evidence is found. */
import { describe, expect, it } from '@jest/globals';
import { busyText } from '../../drills/busy-machine.ts';
import type { Deployment, Running } from '../../drills/deployment.ts';
import { judgeBadRelease, judgeGoodRelease, type ReleaseSeen } from '../../drills/release-judge.ts';
import type { LoggedAnswer } from '../../drills/workload/answer-log.ts';

const [OLD, NEW] = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'];
const CELLS = ['c01', 'c02'];

function answer(atMs: number, more: Partial<LoggedAnswer> = {}): LoggedAnswer {
  const usual = { tenant: 't', cell: 'c01', error: null, release: OLD };
  return { ...usual, invokedAtMs: atMs - 10, completedAtMs: atMs, ...more };
}

const processes = (release: string): readonly Running[] =>
  CELLS.flatMap((cell) =>
    ['east', 'west'].map((region) => ({ process: `${cell}@${region}`, cell, release, ready: true })),
  );

/** Served from 20 s on, the first bad answer at 21 s, noticed at 25 s, over at 37 s. */
const ROLLED_BACK: Deployment = {
  ...{ beganAtMs: 10_000, endedAtMs: 37_000, state: 'rolled-back', detail: 'answers' },
  ...{ noticedAtMs: 25_000, reached: ['c01@west'] },
};
const BAD_ANSWERS = [
  ...[answer(15_000), answer(15_000, { cell: 'c02' })],
  ...[answer(20_000, { release: NEW }), answer(21_000, { release: NEW, error: 'INTERNAL' })],
  ...[answer(30_000), answer(40_000), answer(40_000, { cell: 'c02' })],
];
const BAD: ReleaseSeen = {
  ...{ tag: NEW, release: 'spoilt', firstWave: ['c01'], answers: BAD_ANSWERS, deployment: ROLLED_BACK },
  ...{ before: processes('good'), after: processes('good') },
};
const GOOD: ReleaseSeen = {
  ...BAD,
  answers: [...CELLS.map((cell) => answer(30_000, { cell, release: NEW })), answer(12_000)],
  deployment: { ...ROLLED_BACK, state: 'done', noticedAtMs: null },
  after: processes('spoilt'),
};

/** The verdict of a drill that saw nothing else, with its reasons. */
function verdictOf({ expectations, inconclusive }: ReturnType<typeof judgeBadRelease>): string {
  const broken = expectations.filter(({ held }) => !held).map(({ otherwise }) => otherwise);
  if (broken.length > 0) return `fail: ${broken.join(' ')}`;
  return inconclusive.length > 0 ? `unknown: ${inconclusive.join(' ')}` : 'pass';
}

const bad = (change: Partial<ReleaseSeen>, harm: Parameters<typeof judgeBadRelease>[1] = 'met') =>
  verdictOf(judgeBadRelease({ ...BAD, ...change }, harm));
const deployed = (change: Partial<Deployment>) => bad({ deployment: { ...ROLLED_BACK, ...change } });
/** Every answer of a cell that nobody touched takes long, from 10 s to 50 s. */
const HELD_UP = Array.from({ length: 20 }, (_, n) =>
  answer(10_000 + 2_000 * n, { cell: 'c03', invokedAtMs: 8_000 + 2_000 * n }),
);

describe('a bad release', () => {
  it('passes when it stayed in the first wave, was noticed in time and is gone', () => {
    expect(bad({})).toBe('pass');
    const { told } = judgeBadRelease(BAD, 'met');
    expect(told.map(({ what, durationMs }) => [what, durationMs])).toEqual([
      ['noticed, since the first bad answer', 4_000],
      ['undone, since it was noticed', 12_000],
    ]);
  });

  it('fails when it answered a tenant of another cell, or came to a process of one', () => {
    expect(bad({ answers: [...BAD_ANSWERS, answer(30_000, { cell: 'c02', release: NEW })] })).toMatch(
      /fail: .*answered 1 requests of c02, beyond the first wave/,
    );
    expect(deployed({ reached: ['c01@west', 'c02@east'] })).toMatch(/fail: .*came to c02@east/);
  });

  it('fails when anybody outside the first wave saw an error', () => {
    const error = answer(30_000, { cell: 'c02', error: 'STORE_UNAVAILABLE' });
    expect(bad({ answers: [...BAD_ANSWERS, error] })).toMatch(/fail: .*STORE_UNAVAILABLE of c02 at 30.0 s/);
  });

  it('does not know when that error came while every other cell was held up, too; its own answer is never excused', () => {
    const error = answer(30_000, { cell: 'c02', error: 'CLIENT_TIMEOUT', release: null });
    expect(bad({ answers: [...BAD_ANSWERS, ...HELD_UP, error] })).toMatch(/^unknown: .*held up, too/);
    const own = { ...error, release: NEW };
    expect(bad({ answers: [...BAD_ANSWERS, ...HELD_UP, own] })).toMatch(/^fail/);
  });

  it('fails when the rollout went to its end, or could not be taken back', () => {
    expect(deployed({ state: 'done' })).toMatch(/fail: The rollout ended done/);
    expect(deployed({ state: 'stopped' })).toMatch(/fail: The rollout ended stopped/);
    expect(deployed({ state: null, noticedAtMs: null })).toMatch(/fail: The rollout ended nowhere/);
  });

  it('fails when it was noticed or undone too late, and does not know when the machine stood still meanwhile', () => {
    // c02 hardly answers here: c03 alone tells.
    const answers = [...BAD_ANSWERS.filter(({ cell }) => cell === 'c01'), ...HELD_UP];
    expect(deployed({ noticedAtMs: 31_500, endedAtMs: 40_000 })).toMatch(/fail: It took 10500 ms \(noticed/);
    expect(deployed({ endedAtMs: 45_500 })).toMatch(/fail: It took 20500 ms \(undone/);
    expect(bad({ answers, deployment: { ...ROLLED_BACK, endedAtMs: 45_500 } })).toMatch(/^unknown: .*nobody touched/);
  });

  it('fails while a process still runs it, is not ready, or answers with it after the end', () => {
    const [first, ...rest] = processes('good');
    expect(bad({ after: [{ ...first, release: 'spoilt' } as Running, ...rest] })).toMatch(
      /fail: .*c01@east runs spoilt/,
    );
    expect(bad({ after: [{ ...first, ready: false } as Running, ...rest] })).toMatch(/fail: .*not ready/);
    const late = answer(38_000, { release: NEW });
    expect(bad({ answers: [...BAD_ANSWERS, late] })).toMatch(/fail: .*answered 1 requests after it was taken back/);
  });

  it('has tested nothing when no client met a bad answer', () => {
    const answers = BAD_ANSWERS.filter(({ error }) => error === null);
    expect(bad({ answers })).toMatch(/^unknown: No client met/);
    expect(bad({ answers }, 'may-be-met')).toBe('pass');
  });

  it('that is not let near customers fails when one of them saw an error, in whatever cell', () => {
    const unmet = [answer(15_000), answer(40_000, { cell: 'c02' })];
    expect(bad({ answers: unmet }, 'unmet')).toBe('pass');
    expect(bad({ answers: [...unmet, answer(20_000, { error: 'LEASE_NOT_HELD' })] }, 'unmet')).toMatch(
      /fail: 1 requests/,
    );
    expect(bad({}, 'unmet')).toMatch(/fail: .*failed customers/);
  });
});

describe('a good release', () => {
  const good = (change: Partial<ReleaseSeen>) => verdictOf(judgeGoodRelease({ ...GOOD, ...change }));

  it('passes when every process runs it, it answered in every cell, and nothing failed', () => {
    expect(good({})).toBe('pass');
  });

  it('fails for a single request that failed, in whatever cell; unless every other cell was held up, too', () => {
    const answers = [...GOOD.answers, answer(20_000, { error: 'LEASE_NOT_HELD' })];
    expect(good({ answers })).toMatch(/fail: 1 requests failed/);
    const inC02 = HELD_UP.map((one) => ({ ...one, cell: 'c02' }));
    expect(good({ answers: [...answers, ...HELD_UP, ...inC02] })).toMatch(/^unknown/);
    expect(good({ answers: [...answers, ...HELD_UP] })).toMatch(/^fail/);
  });

  it('fails when it was taken back, when a process does not run it, and when it answered nobody in a cell', () => {
    expect(good({ deployment: ROLLED_BACK })).toMatch(/fail: The rollout of a good release ended rolled-back/);
    expect(good({ after: processes('good') })).toMatch(/fail: Not every process runs spoilt/);
    expect(good({ answers: [answer(30_000, { release: NEW })] })).toMatch(/fail: .*answered nobody in c02/);
  });
});

describe('cells that nobody touched show a busy machine', () => {
  const moment = { touched: ['c01'], fromMs: 20_000, toMs: 22_000 };
  const quick = (cell: string) => Array.from({ length: 30 }, (_, n) => answer(20_000 + 60 * n, { cell }));

  it('when one in twenty of the answers of each of them took long', () => {
    const told = busyText([...HELD_UP, answer(21_000)], moment);
    expect(told).toMatch(/^c03: [1-9]\d* of [1-9]\d* answers took 500 ms or more$/);
    expect(busyText([...HELD_UP, ...quick('c02')], moment)).toBeNull();
  });

  it('and not by a single late answer, at another time, or without any of them', () => {
    expect(busyText([...quick('c02'), answer(21_000, { cell: 'c02', invokedAtMs: 20_000 })], moment)).toBeNull();
    expect(busyText(HELD_UP, { ...moment, fromMs: 60_000, toMs: 62_000 })).toBeNull();
    expect(busyText([answer(21_000, { invokedAtMs: 15_000 })], moment)).toBeNull();
  });
});
