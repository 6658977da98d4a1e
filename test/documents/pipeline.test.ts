import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, checksumOf } from '../../core/documents/canonical-json.ts';
import type { Edition, Shelf } from '../../core/documents/document-type.ts';
import { DOCUMENT_TYPES, documentType, SHELVES_BYTES_MAX } from '../../core/documents/document-types.ts';
import { decodeEdition, editionBytesMax, encodeEdition } from '../../core/documents/edition-text.ts';
import { parseGuarded } from '../../core/documents/guarded-json.ts';
import { diffJson, diffText } from '../../core/documents/json-diff.ts';
import { judgeDocument } from '../../core/documents/judge-document.ts';
import { limitsDocument, limitsOf } from '../../core/documents/limits-document.ts';
import { publishedTypes } from '../../core/documents/placement-document.ts';
import { FEATURES_MAX, rankingDocument } from '../../core/documents/ranking-document.ts';
import { decodeShelf, editionTextFor, encodeShelf } from '../../core/documents/shelf-text.ts';
import { cellId } from '../../core/ids.ts';
import type { Json } from '../../core/json.ts';
import topology from '../../platform.config.ts';
import { sampleOf } from './document-samples.ts';

const LARGE = { bytesMax: 1_000_000 };
const json = fc
  .jsonValue({ maxDepth: 6 })
  .filter((value) => !/__proto__|constructor|prototype/.test(JSON.stringify(value)));

describe('guarded JSON', () => {
  it('says what JSON.parse says of any text that is sound', () => {
    fc.assert(
      fc.property(json, (value) =>
        expect(parseGuarded(JSON.stringify(value), LARGE)).toEqual(JSON.parse(JSON.stringify(value))),
      ),
    );
  });

  it('never crashes on any text: a value, or INVALID_INPUT', () => {
    const pieces = fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', '"a"', '1', 'null', ' ', 'é', '\\u0061');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        try {
          parseGuarded(parts.join(''), LARGE);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
        }
      }),
    );
  });

  it.each([
    ['a key twice', '{"a":1,"b":{"a":2},"a":3}', /stands twice/],
    ['a key twice, once escaped', '{"a":1,"\\u0061":2}', /stands twice/],
    ['a key twice, with blanks', '{"a" \n:1, "a"\t: 2}', /stands twice/],
    ['a key of the prototype', '{"x":{"__proto__":{}}}', /not allowed/],
    ['33 levels', `${'['.repeat(33)}${']'.repeat(33)}`, /deeper/],
    ['NaN', '{"a":NaN}', /Not JSON/],
    ['nothing', '', /Not JSON/],
  ])('refuses %s', (_what, text, reason) => {
    expect(() => parseGuarded(text, LARGE)).toThrow(reason);
  });

  it('takes equal keys in different objects, and text that only looks like a key', () => {
    expect(parseGuarded('[{"a":1},{"a":2},{"b":"\\"a\\":"}]', LARGE)).toEqual([{ a: 1 }, { a: 2 }, { b: '"a":' }]);
  });

  it('counts bytes, not characters', () => {
    expect(() => parseGuarded('"ééé"', { bytesMax: 7 })).toThrow(/8 bytes/);
    expect(parseGuarded('"ééé"', { bytesMax: 8 })).toBe('ééé');
  });
});

describe('canonical JSON', () => {
  it('is the same whatever the order of keys, and parses back to the same value', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(reversed(value as Json))).toBe(text);
      }),
    );
  });

  it('refuses numbers that JSON has no word for', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => canonicalJson({ a: [value] })).toThrow(/no place/);
  });
});

describe('a structural diff', () => {
  it('is empty exactly when both say the same', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const differs = canonicalJson(a) !== canonicalJson(b);
        expect(diffJson(a as Json, b as Json).length > 0).toBe(differs);
      }),
    );
  });

  it('names entries of a list by their names, so that an insertion is one line', () => {
    const list = (...names: string[]) => ({ features: names.map((name) => ({ name, weight: 1 })) });
    const differences = diffJson(list('a', 'b'), list('new', 'a', 'b'));
    expect(diffText(differences, 10)).toBe('+ $.features[new]: {"name":"new","weight":1}');
    expect(diffText(diffJson(list('a', 'b'), list('b', 'a')), 10)).toMatch(/^~ \$\.features/);
  });

  it('shows so many lines, and says how many more there are', () => {
    const differences = diffJson({}, Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`k${n}`, n])));
    expect(diffText(differences, 2).split('\n')).toEqual(['+ $.k0: 0', '+ $.k1: 1', '… and 3 more']);
  });
});

describe('every type of document', () => {
  it.each(publishedTypes(topology).map((type) => [type.name, type] as const))(
    '%s stands by its own default',
    (_name, type) => {
      const text = canonicalJson(type.bundled);
      expect(judgeDocument(type, { text, before: type.bundled, topology })).toMatchObject({
        objections: [],
        warnings: [],
      });
      expect(type.parse(JSON.parse(text))).toEqual(type.bundled);
      // To say the same again gives nothing back.
      expect(type.isSafeDirection(type.bundled, type.bundled) || ['ranking', 'placement'].includes(type.name)).toBe(
        true,
      );
    },
  );

  it('fits with all others, a stable and a staged edition each, into one page of the arbiter', () => {
    const bytes = DOCUMENT_TYPES.reduce((sum, type) => sum + 2 * editionBytesMax(type), 0);
    expect(bytes).toBeLessThan(SHELVES_BYTES_MAX);
    for (const type of DOCUMENT_TYPES) expect(2 * editionBytesMax(type)).toBeLessThan(400 * 1024);
    for (const type of publishedTypes(topology)) expect(editionBytesMax(type)).toBeLessThan(400 * 1024);
    expect(new Set(DOCUMENT_TYPES.map(({ name }) => name)).size).toBe(DOCUMENT_TYPES.length);
  });

  it('is refused by a name that nobody has', () => {
    expect(() => documentType('limitz')).toThrow(/Allowed: limits/);
  });
});

describe('an edition', () => {
  const edition: Edition = {
    ...{ type: 'ranking', version: 7, body: sampleOf('ranking'), by: 'ann', why: 'mugs' },
    ...{ checksum: checksumOf(canonicalJson(sampleOf('ranking'))), publishedAtMs: 5 },
  };

  it('comes back whole, with a body far longer than its other words may be', () => {
    const features = Array.from({ length: FEATURES_MAX }, (_, n) => ({ name: `term:w${n}`, weight: n % 7 }));
    const long = { ...edition, body: { features }, checksum: checksumOf(canonicalJson({ features })) };
    for (const each of [edition, long]) expect(decodeEdition(encodeEdition(each), rankingDocument)).toEqual(each);
  });

  it('is refused when one character of it changed', () => {
    const text = encodeEdition(edition);
    for (const [from, to] of [
      ['mug', 'mud'],
      ['0.5', '0.6'],
      ['"ranking"', '"limits"'],
      ['"version":7', '"version":0'],
    ] as const) {
      expect(text).toContain(from);
      expect(() => decodeEdition(text.replace(from, to), rankingDocument)).toThrow(
        expect.objectContaining({ code: 'INVALID_INPUT' }),
      );
    }
  });

  it('stands on a shelf, and each consumer is given the one that is meant for it', () => {
    const [c1, c2] = [cellId('c01'), cellId('c02')];
    const stable = { ...edition, version: 6 };
    const shelf: Shelf = { type: 'ranking', recordVersion: 3, token: 9, stable, staged: { edition, cells: [c1] } };
    const text = encodeShelf(shelf);
    expect(decodeShelf(text, rankingDocument)).toEqual(shelf);
    expect(editionTextFor(text, c1)).toBe(encodeEdition(edition));
    for (const other of [c2, null]) expect(editionTextFor(text, other)).toBe(encodeEdition(stable));
    // Who has it can't be read: the stable one is right for all but a few.
    expect(editionTextFor({ ...text, cells: '{' }, c1)).toBe(encodeEdition(stable));
    expect(editionTextFor({ ...text, stable: '' }, c2)).toBeNull();
  });
});

describe('limits', () => {
  const limits = (change: object) => ({ ...limitsDocument.bundled, ...change });
  const judge = (body: object, before: object = limitsDocument.bundled) =>
    judgeDocument(limitsDocument, { text: JSON.stringify(body), before, topology }).objections;

  it('holds for each cell what was set for it, else for all', () => {
    const body = limitsDocument.parse(sampleOf('limits'));
    expect(limitsOf(body, cellId('c01')).concurrentRequestsMax).toBe(200);
    expect(limitsOf(body, cellId('c02')).concurrentRequestsMax).toBe(256);
  });

  it('objects to an unknown cell, and to more than a factor of four in one edition', () => {
    expect(judge(limits({ cells: [{ cell: 'c77' }] }))).toMatchObject([{ kind: 'semantic' }]);
    expect(judge(limits({ concurrentRequestsMax: 100 }))).toMatchObject([
      { kind: 'delta' },
      { kind: 'delta' },
      { kind: 'delta' },
      { kind: 'delta' },
    ]);
    expect(judge(limits({ concurrentRequestsMax: 128 }))).toEqual([]);
  });

  it('is safe exactly when no cell takes more than before', () => {
    const safe = (before: object, after: object) =>
      limitsDocument.isSafeDirection(limitsDocument.parse(limits(before)), limitsDocument.parse(limits(after)));
    expect(safe({}, { concurrentRequestsMax: 100 })).toBe(true);
    expect(safe({ concurrentRequestsMax: 100 }, {})).toBe(false);
    expect(safe({ cells: [{ cell: 'c01', concurrentRequestsMax: 9 }] }, { concurrentRequestsMax: 100 })).toBe(false);
    expect(safe({ cells: [{ cell: 'c01', concurrentRequestsMax: 9 }] }, { concurrentRequestsMax: 5 })).toBe(true);
  });
});

describe('ranking', () => {
  const features = (count: number) => ({
    features: Array.from({ length: count }, (_, n) => ({ name: `term:w${n}`, weight: 1 })),
  });
  const judge = (body: object, before: object) =>
    judgeDocument(rankingDocument, { text: JSON.stringify(body), before, topology });

  it('refuses a feature that stands twice, and more than it may have', () => {
    const [first] = features(1).features;
    expect(() => judge({ features: [first, first] }, rankingDocument.bundled)).toThrow(/more than once/);
    expect(() => judge(features(FEATURES_MAX + 1), features(FEATURES_MAX))).toThrow(/at most 200/);
  });

  it('objects to a file that doubles, and warns before it is too long', () => {
    expect(judge(features(80), features(40)).objections).toMatchObject([
      { kind: 'delta', message: expect.stringMatching(/80 features after 40/) },
    ]);
    expect(judge(features(60), features(40)).objections).toEqual([]);
    const long = { features: features(200).features.map(({ name }) => ({ name: name.padEnd(37, 'é'), weight: 1 })) };
    expect(judge(long, long)).toMatchObject({ objections: [] });
  });

  it('warns from 80 % of its size on, and objects to a file that doubles in bytes alone', () => {
    const type = { ...rankingDocument, bytesMax: 10_000 };
    const given = (count: number, before: object) => ({ text: JSON.stringify(features(count)), before, topology });
    expect(judgeDocument(type, given(200, features(200)))).toMatchObject({ warnings: [] });
    expect(judgeDocument({ ...type, bytesMax: 7_500 }, given(200, features(200))).warnings).toEqual([
      expect.stringMatching(/% of the limit of 7500/),
    ]);
    expect(judgeDocument(type, given(200, features(60))).objections).toContainEqual({
      kind: 'delta',
      message: expect.stringMatching(/grows from/),
    });
  });
});

function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}
