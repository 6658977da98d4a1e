/** Answers as a client got them, written by hand from docs/degraded-modes.md: those that keep a level's promise, and those that do not. */
import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../core/json.ts';
import type { Level } from '../../core/modes/ladder.ts';
import { type OperationName, operationNamed } from '../../core/modes/operations.ts';
import { KeptWrites } from '../../drills/ladder/kept-writes.ts';
import { complaintsOf, isBehind, type LadderAnswer } from '../../drills/ladder/ladder-judge.ts';
import type { Outcome } from '../../drills/workload/outcome.ts';

const [EAST, WEST] = ['us-east-1', 'us-west-2'];
const BEST = ['find-b', 'find-a'];

type Seen = Partial<Omit<Outcome, 'type'>> & { readonly code?: string };

function answer(name: OperationName, seen: Seen, asked: LadderAnswer['asked'] = 'router'): LadderAnswer {
  const operation = operationNamed(name);
  if (!operation) throw new Error(name);
  const usual = {
    status: 200,
    body: {},
    cell: 'c01',
    region: asked === 'router' ? EAST : WEST,
    epoch: 1,
    degraded: null,
  };
  const type = seen.code === undefined ? 'ok' : 'fail';
  return { operation, asked, outcome: { ...usual, type, ...seen } as Outcome };
}

const judged = (level: Level, given: LadderAnswer) => complaintsOf(given, { level, owner: EAST, best: BEST }).join(' ');

const WORKS_AT_5 = ['getOrder', 'getCart'];
const WORKS_AT_20 = ['checkout', 'getOrder', 'putCartItem', 'deleteCartItem', 'getCart'];

function refusal(
  name: OperationName,
  { level, body = {}, ...more }: Seen & { level: Level; body?: Json },
): LadderAnswer {
  const works = level === 5 ? WORKS_AT_5 : level === 20 ? WORKS_AT_20 : [];
  const said = { off: name, by: [`level-${level}`], until: '2026-11-28T05:12:55.101Z', stillWorks: works };
  return answer(name, {
    ...{
      status: 503,
      code: 'DEGRADED',
      retryAfterS: 20,
      degraded: `level-${level}`,
      body: { ...said, ...(body as object) },
    },
    ...more,
  });
}

describe('an operation that a level leaves in full', () => {
  it('is served without a mark of the level', () => {
    expect(judged(60, answer('checkout', { status: 201 }))).toBe('');
    expect(judged(100, answer('getLikes', { body: { likes: 3 } }))).toBe('');
    expect(judged(20, answer('putCartItem', { degraded: 'unreplicated' }))).toBe('');
  });

  it('is missed when it is refused, marked, or less than promised', () => {
    expect(judged(60, refusal('checkout', { level: 20 }))).toMatch(
      /checkout at level 60: it was not served \(503 DEGRADED/,
    );
    expect(judged(60, answer('putStock', { degraded: 'level-60' }))).toMatch(
      /x-degraded names level-60 instead of none/,
    );
    expect(judged(100, answer('getLikes', { body: { likes: null } }))).toMatch(/count of likes is null/);
    expect(judged(60, answer('getStock', { region: WEST, stalenessMs: 40 }))).toMatch(/it is a copy, 40 ms old/);
  });

  it('is what the standby does not show unasked', () => {
    expect(judged(60, answer('getStock', { status: 421, code: 'NOT_ACTIVE' }, 'standby'))).toBe('');
    expect(judged(60, answer('getStock', { stalenessMs: 40 }, 'standby'))).toMatch(/a copy was shown/);
    expect(judged(100, answer('getCart', {}, 'standby'))).toBe('');
  });
});

describe('an operation that a level reduces', () => {
  const found = (...skus: readonly string[]): Json => ({ products: skus.map((sku) => ({ sku })) });

  it('is served as it is reduced, and says so', () => {
    expect(judged(100, answer('searchProducts', { body: found('find-b', 'find-a') }))).toBe('');
    expect(judged(80, answer('searchProducts', { body: found('find-a', 'find-b'), degraded: 'level-80' }))).toBe('');
    expect(judged(80, answer('getLikes', { body: { likes: null }, degraded: 'level-80' }))).toBe('');
    expect(judged(40, answer('getStock', { degraded: 'level-40', stalenessMs: 90 }, 'standby'))).toBe('');
    expect(judged(40, answer('getStock', { degraded: 'level-40' }))).toBe('');
  });

  it('is missed when it is more than promised, or less, or does not say so', () => {
    const ranked = { body: found('find-b', 'find-a'), degraded: 'level-80' };
    expect(judged(80, answer('searchProducts', ranked))).toMatch(/found find-b, find-a instead of find-a, find-b/);
    expect(judged(80, answer('searchProducts', { ...ranked, body: found('find-a') }))).toMatch(/found find-a instead/);
    expect(judged(80, answer('getLikes', { body: { likes: null } }))).toMatch(/names no level instead of level-80/);
    expect(judged(80, answer('getLikes', { body: { likes: null }, degraded: 'level-60' }))).toMatch(/names level-60/);
    expect(judged(80, answer('getLikes', { body: { likes: 3 }, degraded: 'level-80' }))).toMatch(/count of likes is 3/);
  });

  it('is missed when a copy hides its age, or is older than it may be', () => {
    const copy = (more: Seen) => judged(40, answer('getStock', { degraded: 'level-40', ...more }, 'standby'));
    expect(copy({})).toMatch(/us-west-2 answered from its copy and does not say how old/);
    expect(copy({ stalenessMs: 10_001 })).toMatch(/10001 ms old; allowed: 10000/);
    const window = (degraded: string) => judged(40, answer('getProduct', { degraded, stalenessMs: 70_000 }, 'standby'));
    expect(window('stale, level-40')).toBe('');
    expect(window('level-40')).toMatch(/70000 ms old; allowed: 60000/);
  });

  it('is neither kept nor missed when the copy is too old and that is said; only where the table has it so', () => {
    const behind = (name: OperationName) => answer(name, { status: 503, code: 'COPY_BEHIND' }, 'standby');
    expect([isBehind(behind('getStock'), 40), judged(40, behind('getStock'))]).toEqual([true, '']);
    expect(judged(40, behind('getProduct'))).toMatch(/not served/);
    expect(isBehind(behind('getStock'), 60)).toBe(false);
  });
});

describe('an operation that a level refuses', () => {
  it('says what is off, by what, until when, when to try again and what works', () => {
    expect(judged(5, refusal('checkout', { level: 5 }))).toBe('');
    expect(judged(20, refusal('getStock', { level: 20 }))).toBe('');
    expect(judged(0, refusal('getCart', { level: 0 }))).toBe('');
  });

  it('is missed when it is served, fails otherwise, or may have had an effect', () => {
    expect(judged(5, answer('checkout', { status: 201 }))).toMatch(/checkout at level 5: it was not refused/);
    expect(judged(5, refusal('checkout', { level: 5, code: 'STORE_UNAVAILABLE' }))).toMatch(
      /not refused as switched off/,
    );
    const unknown = refusal('checkout', { level: 5 });
    expect(judged(5, { ...unknown, outcome: { ...unknown.outcome, type: 'info' } as Outcome })).toMatch(
      /without effect/,
    );
  });

  it('is missed when it points no honest way forward', () => {
    const lacks = (more: Seen) => judged(20, refusal('getStock', { level: 20, ...more } as never));
    expect(lacks({ retryAfterS: null })).toMatch(/when to try again/);
    expect(lacks({ body: { until: null } })).toMatch(/says no end/);
    expect(lacks({ body: { off: 'checkout' } })).toMatch(/says that "checkout" is off/);
    expect(lacks({ body: { by: ['level-5'] } })).toMatch(/off by \["level-5"\]/);
    expect(lacks({ body: { stillWorks: [...WORKS_AT_20, 'getStock'] } })).toMatch(/by the table: checkout, getOrder/);
    expect(lacks({ body: { stillWorks: WORKS_AT_5 } })).toMatch(/by the table/);
    expect(lacks({ degraded: null })).toMatch(/names no level instead of level-20/);
  });
});

describe('what a shop was told is written', () => {
  function written() {
    const kept = new KeptWrites();
    kept.set('title', 'one', 'acknowledged');
    kept.set('title', 'two', 'unknown');
    kept.count('likes', 'acknowledged');
    kept.count('likes', 'unknown');
    return kept;
  }
  const complaints = (title: unknown, likes: unknown) =>
    written().complaints(
      new Map([
        ['title', title],
        ['likes', likes],
      ]),
    );

  it('stands in the end; of what nobody knows, either way is right', () => {
    expect([complaints('one', 1), complaints('two', 2)]).toEqual([[], []]);
    const kept = written();
    kept.set('title', 'three', 'acknowledged');
    expect(
      kept.complaints(
        new Map<string, unknown>([
          ['title', 'two'],
          ['likes', 1],
        ]),
      ),
    ).toEqual(['title is "two" in the end; acknowledged: "three".']);
  });

  it('is missed when it is lost, and when something stands that was refused', () => {
    expect(complaints(null, 0)).toEqual([
      'title is null in the end; acknowledged: "one".',
      'likes is 0 in the end; acknowledged: 1, of unknown outcome: 1.',
    ]);
    expect(complaints('refused', 3)).toHaveLength(2);
  });
});
