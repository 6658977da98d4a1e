/** What a person lays over the published modes on one host: taken only when whole and valid, and only ever taking away. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DocumentCopies } from '../../cell/documents/document-copies.ts';
import { BreakGlass, withBreakGlass } from '../../cell/modes/break-glass.ts';
import { GlassFile } from '../../cell/modes/glass-file.ts';
import { DOCUMENT_TYPES, documentType } from '../../core/documents/document-types.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { effectiveModes } from '../../core/modes/effective-modes.ts';
import { MODES_BYTES_MAX, type ModesBody } from '../../core/modes/modes-document.ts';
import { modesType } from '../../core/modes/modes-type.ts';
import { atLevel, setting, switched } from './mode-world.ts';

const CELL = setting().cell;
const text = (body: ModesBody) => JSON.stringify(body);

function laidOver(published: ModesBody) {
  const copies = new DocumentCopies(DOCUMENT_TYPES);
  const edition = { type: 'modes', version: 3, checksum: '', by: 'ada', why: 'test', publishedAtMs: 0 };
  copies.take({ ...edition, body: published }, 'published');
  const glass = new BreakGlass();
  const documents = withBreakGlass(copies, glass);
  const now = () => effectiveModes(documents.current(modesType).body, { cell: CELL, nowMs: setting().sinceMs });
  return { copies, glass, documents, now };
}

describe('the break-glass', () => {
  it('lays its settings over the published ones, and the stricter of each holds', () => {
    const { glass, documents, now } = laidOver(atLevel(40));
    expect([documents.current(modesType).source, now().level]).toEqual(['published', 40]);
    glass.take(text(atLevel(80)));
    expect([documents.current(modesType).source, now().level]).toEqual(['break-glass', 40]);
    glass.take(text(atLevel(5)));
    expect([documents.current(modesType).version, now().level]).toEqual([3, 5]);
    glass.take(text(switched('no-new-orders')));
    expect([now().level, now().operations.get('checkout')?.causes]).toEqual([40, ['no-new-orders']]);
    glass.take(null);
    expect([documents.current(modesType).source, now().level]).toEqual(['published', 40]);
  });

  it('leaves every other document as it is', () => {
    const { copies, glass, documents } = laidOver(atLevel(40));
    glass.take(text(atLevel(0)));
    expect(documents.current(documentType('limits'))).toBe(copies.current(documentType('limits')));
  });

  it('is the same object while nothing changes, so that nobody computes it on each request', () => {
    const { glass, documents } = laidOver(atLevel(40));
    glass.take(text(atLevel(5)));
    expect(documents.current(modesType).body).toBe(documents.current(modesType).body);
  });

  it.each([
    ['half a file', '{"levels": [{"level"'],
    ['a key twice', '{"levels": [], "levels": [], "switches": []}'],
    ['an unknown switch', text(switched('no-likes')).replace('no-likes', 'no-gravity')],
    ['no modes', '[]'],
    ['an empty file', ''],
  ])('keeps what it took when it finds %s, and says so', (_, found) => {
    const { glass, now } = laidOver(atLevel(40));
    glass.take(text(atLevel(5)));
    glass.take(found);
    expect(now().level).toBe(5);
    expect(glass.status().refused).not.toBeNull();
    glass.take(text(atLevel(20)));
    expect([now().level, glass.status().refused]).toEqual([20, null]);
  });
});

describe('its file', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-glass-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('is taken when it appears, and over when it is gone', async () => {
    const glass = new BreakGlass();
    const path = join(directory, 'break-glass.json');
    const file = new GlassFile({ path, glass, clock: new FakeClock() });
    await file.look();
    expect(glass.status()).toEqual({ body: null, refused: null });
    await writeFile(path, text(atLevel(5)));
    await file.look();
    expect(glass.body?.levels).toHaveLength(1);
    await rm(path);
    await file.look();
    expect(glass.body).toBeNull();
  });

  it('changes nothing when it is larger than any document of modes, or no file', async () => {
    const glass = new BreakGlass();
    const path = join(directory, 'break-glass.json');
    const file = new GlassFile({ path, glass, clock: new FakeClock() });
    await writeFile(path, text(atLevel(5)));
    await file.look();
    await writeFile(path, ' '.repeat(MODES_BYTES_MAX + 1));
    await file.look();
    expect([glass.body?.levels.length, glass.status().refused]).toEqual([
      1,
      expect.stringContaining(String(MODES_BYTES_MAX)),
    ]);
    await new GlassFile({ path: directory, glass, clock: new FakeClock() }).look();
    expect([glass.body?.levels.length, glass.status().refused]).toEqual([1, expect.stringContaining('EISDIR')]);
  });
});
