/** What a drill says of what processes said of their documents: good evidence passes, and each way of breaking a promise is seen. */
import { describe, expect, it } from '@jest/globals';
import {
  keepsLastGood,
  restarted,
  runsEverywhere,
  type Sample,
  versionsNeverFall,
} from '../../drills/document-evidence.ts';
import type { DocumentSeen } from '../../drills/documents-seen.ts';
import { isWhole } from '../../drills/searches.ts';

const seen = (name: string, version: number | null, over: Partial<DocumentSeen> = {}): DocumentSeen => ({
  ...{ name, cell: name.slice(0, 3), pid: 1, version, source: 'published', refused: null },
  ...over,
});
const samples = (...each: readonly (readonly DocumentSeen[])[]): readonly Sample[] =>
  each.map((one, index) => ({ atMs: index * 250, seen: one }));

describe('versions that never fall', () => {
  it('may rise, stay, and be unknown while a process does not answer', () => {
    const { held } = versionsNeverFall(
      'ranking',
      samples(
        [seen('c01@east', 4), seen('c02@east', 4)],
        [seen('c01@east', null), seen('c02@east', 4)],
        [seen('c01@east', 6), seen('c02@east', 6)],
      ),
    );
    expect(held).toBe(true);
  });

  it('have fallen when one process went back, also after it was silent', () => {
    const { held, otherwise } = versionsNeverFall(
      'ranking',
      samples([seen('c01@east', 6)], [seen('c01@east', null)], [seen('c01@east', 5)]),
    );
    expect(held).toBe(false);
    expect(otherwise).toContain('c01@east from 6 to 5 at 500 ms');
  });

  it('are looked at for each process by itself', () => {
    const apart = samples([seen('c01@east', 6), seen('c02@east', 4)], [seen('c02@east', 4), seen('c01@east', 6)]);
    expect(versionsNeverFall('ranking', apart).held).toBe(true);
  });
});

describe('the last good file', () => {
  const wanted = { version: 4, refused: /more than once/ };
  const good = seen('c01@east', 4, { refused: '$.features has a more than once.' });

  it('is kept when every process runs it and says why it refused the other', () => {
    expect(keepsLastGood([good, { ...good, name: 'c02@east' }], wanted)).toBe(true);
  });

  it.each([
    ['one process runs the bad file', seen('c02@east', 5, { refused: good.refused })],
    ['one process says nothing of it', seen('c02@east', 4)],
    ['one process refused something else', seen('c02@east', 4, { refused: 'is older than 4' })],
    ['one process does not answer', seen('c02@east', null)],
  ])('is not shown to be kept when %s', (_, other) => {
    expect(keepsLastGood([good, other], wanted)).toBe(false);
  });

  it('is not shown by nobody', () => {
    expect(keepsLastGood([], wanted)).toBe(false);
  });
});

describe('a version that runs everywhere', () => {
  const processes = ['c01@east', 'c02@east'];

  it('runs in each process that there was before the drill', () => {
    const all = [seen('c01@east', 4), seen('c02@east', 4)];
    expect(runsEverywhere(all, { version: 4, processes })).toBe(true);
  });

  it.each([
    ['one runs another', [seen('c01@east', 4), seen('c02@east', 3)]],
    ['one does not answer', [seen('c01@east', 4), seen('c02@east', null)]],
    ['one is gone', [seen('c01@east', 4)]],
    ['all are gone', []],
  ])('does not when %s', (_, all) => {
    expect(runsEverywhere(all, { version: 4, processes })).toBe(false);
  });

  it('is not shown where there is no process', () => {
    expect(runsEverywhere([], { version: 4, processes: [] })).toBe(false);
    expect(versionsNeverFall('ranking', samples([], [seen('c01@east', null)])).held).toBe(false);
  });
});

describe('processes that died', () => {
  it('are those that are gone or run under another number', () => {
    const before = ['a', 'b', 'c'].map((name, index) => ({ name, pid: index }));
    const after = [
      { name: 'a', pid: 0 },
      { name: 'b', pid: 9 },
    ];
    expect(restarted(before, after)).toEqual(['b', 'c']);
  });
});

describe('a search in full', () => {
  const answer = (body: object, type = 'ok') => ({ outcome: { type, status: 200, body } }) as never;

  it('finds all that there is, and nothing less', () => {
    expect(isWhole(answer({ products: [{}, {}] }))).toBe(true);
    expect(isWhole(answer({ products: [{}] }))).toBe(false);
    expect(isWhole(answer({}))).toBe(false);
    expect(isWhole(answer({ products: [{}, {}] }, 'refused'))).toBe(false);
  });
});
