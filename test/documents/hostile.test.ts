/** Ten thousand documents that nobody may take: at neither end may one of them crash or change anything. */
import { describe, expect, it } from '@jest/globals';
import { DocumentCopies } from '../../cell/documents/document-copies.ts';
import { DocumentReader } from '../../cell/documents/document-reader.ts';
import { shelfKey } from '../../cell/documents/shelf-items.ts';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import { checksumOf } from '../../core/documents/canonical-json.ts';
import { DOCUMENT_TYPES, documentType } from '../../core/documents/document-types.ts';
import { judgeDocument } from '../../core/documents/judge-document.ts';
import { publishedTypes } from '../../core/documents/placement-document.ts';
import { isPlatformError } from '../../core/errors.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { cellId } from '../../core/ids.ts';
import { randomInt, seededRng } from '../../core/rng.ts';
import topology from '../../platform.config.ts';
import { SAMPLES, sampleOf } from './document-samples.ts';
import { hostileDocument } from './hostile-documents.ts';

const PUBLISHED = publishedTypes(topology);
const COUNT = 10_000;
/** Seconds on an idle machine; a busy one must not make the count smaller. */
const TEST_MS_MAX = 300_000;
const SEED = 20_261_128;

/** What the publishing end says; `null`: it would publish it. */
function refusal(type: (typeof DOCUMENT_TYPES)[number], text: string): unknown {
  try {
    const { objections } = judgeDocument(type, { text, before: type.bundled, topology });
    return objections.length > 0 ? objections : null;
  } catch (thrown) {
    return thrown;
  }
}

function envelope(type: string, body: string, version: number): string {
  const said = { by: 'generator', why: 'nightly', publishedAtMs: 0 };
  // What is far too long is refused before anybody looks at its checksum; making one takes longer than the whole refusal.
  const checksum = body.length > 300_000 ? 'never looked at' : checksumOf(body);
  return JSON.stringify({ type, version, body, checksum, ...said });
}

describe('hostile documents', () => {
  it('has a sound sample of every type, which is taken', () => {
    expect(Object.keys(SAMPLES).sort()).toEqual(PUBLISHED.map(({ name }) => name).sort());
    for (const type of PUBLISHED) expect(type.parse(sampleOf(type.name))).toEqual(sampleOf(type.name));
  });

  it(
    'refuses all of them where they are published, with a reason and no effect',
    () => {
      const rng = seededRng(SEED);
      for (let index = 0; index < COUNT; index++) {
        const type = PUBLISHED[randomInt(rng, PUBLISHED.length)] ?? documentType('limits');
        const hostile = hostileDocument(sampleOf(type.name), { rng, bytesMax: type.bytesMax, index });
        const thrown = refusal(type, hostile.text);
        const told = `${type.name}, ${hostile.kind}: ${hostile.text.slice(0, 200)}`;
        if (!isPlatformError(thrown)) throw new Error(`not refused as it should be (${told}): ${thrown}`);
        if (thrown.code !== 'INVALID_INPUT' || thrown.message.length > 1_000)
          throw new Error(`${told}: ${thrown.message}`);
      }
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    },
    TEST_MS_MAX,
  );

  it(
    'refuses all of them where they are consumed, and runs on with what it has',
    async () => {
      const rng = seededRng(SEED);
      const arbiter = new MemoryTable();
      const copies = new DocumentCopies(DOCUMENT_TYPES);
      const clock = new FakeClock();
      const cell = cellId('c01');
      const options = { arbiter, copies, types: DOCUMENT_TYPES, cell, clock, rng, keeping: null };
      const reader = new DocumentReader(options);
      const shelf = (type: string, stable: string) =>
        arbiter.write({
          kind: 'put',
          item: { ...shelfKey(type), recordVersion: 1, token: 0, stable, staged: '', cells: '[]' },
        });
      for (const { name } of DOCUMENT_TYPES) await shelf(name, envelope(name, JSON.stringify(sampleOf(name)), 1));
      await reader.refresh();
      for (let index = 0; index < COUNT; index++) {
        const type = DOCUMENT_TYPES[randomInt(rng, DOCUMENT_TYPES.length)] ?? documentType('limits');
        const hostile = hostileDocument(sampleOf(type.name), { rng, bytesMax: type.bytesMax, index });
        // By turns inside a sound edition, and in the place of one.
        const text = index % 2 === 0 ? envelope(type.name, hostile.text, index + 2) : hostile.text;
        await shelf(type.name, text);
        await reader.refresh();
      }
      for (const type of DOCUMENT_TYPES) {
        expect(copies.current(type)).toEqual({ version: 1, body: sampleOf(type.name), source: 'published' });
        expect(copies.status()[type.name]?.lastRefused?.reason).toBeTruthy();
      }
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    },
    TEST_MS_MAX,
  );

  it('reads none of them without end: what is far too long is refused by its length alone', () => {
    const type = documentType('ranking');
    const endless = `[${'0,'.repeat(20_000_000)}0]`;
    expect(refusal(type, endless)).toMatchObject({ code: 'INVALID_INPUT' });
  });
});
