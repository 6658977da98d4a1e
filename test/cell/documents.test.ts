/** Documents where they are consumed: they only move forward, outlive the process, and nobody waits for who publishes them. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DocumentCopies } from '../../cell/documents/document-copies.ts';
import { type DocumentKeeping, DocumentReader } from '../../cell/documents/document-reader.ts';
import { SHELVES } from '../../cell/documents/shelf-items.ts';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import { tableDocumentStore } from '../../control/adapters/table-document-store.ts';
import { canonicalJson, checksumOf } from '../../core/documents/canonical-json.ts';
import type { Edition } from '../../core/documents/document-type.ts';
import { DOCUMENT_TYPES } from '../../core/documents/document-types.ts';
import { limitsDocument } from '../../core/documents/limits-document.ts';
import { rankingDocument } from '../../core/documents/ranking-document.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { cellId } from '../../core/ids.ts';
import { seededRng } from '../../core/rng.ts';
import { KeptFile } from '../../resilience/kept-file.ts';
import { FaultyTable } from '../doubles/faulty-table.ts';

const C1 = cellId('c01');
const C2 = cellId('c02');
const LIMIT = { withinMs: 1_000 };

function limits(version: number, concurrentRequestsMax = version): Edition {
  const body = { ...limitsDocument.bundled, concurrentRequestsMax };
  const checksum = checksumOf(canonicalJson(body));
  return { type: 'limits', version, body, checksum, by: 'ann', why: 'test', publishedAtMs: 0 };
}

class World {
  readonly clock = new FakeClock();
  readonly table = new MemoryTable();
  readonly arbiter = new FaultyTable(this.table);
  readonly store = tableDocumentStore({ arbiter: this.table, clock: this.clock });
  #recordVersion = 0;

  process({ cell = C1, keeping = null }: { cell?: typeof C1; keeping?: DocumentKeeping | null } = {}) {
    const copies = new DocumentCopies(DOCUMENT_TYPES);
    const { arbiter, clock } = this;
    const of = { arbiter, copies, types: DOCUMENT_TYPES, cell, clock, rng: seededRng(1), keeping };
    return { copies, reader: new DocumentReader(of), runs: () => copies.current(limitsDocument) };
  }

  async put(stable: Edition | null, staged: { edition: Edition; cells: (typeof C1)[] } | null = null): Promise<void> {
    const shelf = { type: 'limits', recordVersion: ++this.#recordVersion, token: 0, stable, staged };
    expect(await this.store.saveShelf(shelf, LIMIT)).toBe(true);
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

describe('the documents of a process', () => {
  it('are the bundled ones until others are published, and those of its cell while they are staged', async () => {
    const [one, two] = [world.process(), world.process({ cell: C2 })];
    await one.reader.refresh();
    expect(one.runs()).toEqual({ version: 0, body: limitsDocument.bundled, source: 'bundled' });
    await world.put(limits(4), { edition: limits(5), cells: [C1] });
    await Promise.all([one.reader.refresh(), two.reader.refresh()]);
    expect([one.runs().version, two.runs().version]).toEqual([5, 4]);
    expect(one.runs()).toMatchObject({ body: { concurrentRequestsMax: 5 }, source: 'published' });
  });

  it('come with one question, however many there are and whether or not they changed', async () => {
    const { reader } = world.process();
    const asked: string[] = [];
    world.arbiter.before = async (call) => void asked.push(call);
    await world.put(limits(1));
    await reader.refresh();
    await reader.refresh();
    expect(asked).toEqual(['query', 'query']);
  });

  it('never go back, whatever comes in whatever order', async () => {
    const version = fc.integer({ min: 1, max: 8 });
    const shelf = fc.record({ stable: fc.option(version), staged: fc.option(version), mine: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(shelf, { maxLength: 12 }), async (shelves) => {
        world = new World();
        const { reader, runs } = world.process();
        let highest = 0;
        for (const { stable, staged, mine } of shelves) {
          const onItsWay = staged === null ? null : { edition: limits(staged), cells: mine ? [C1] : [C2] };
          await world.put(stable === null ? null : limits(stable), onItsWay);
          await reader.refresh();
          highest = Math.max(highest, mine && staged !== null ? staged : (stable ?? 0));
          expect(runs().version).toBe(highest);
          expect(runs().body.concurrentRequestsMax).toBe(highest === 0 ? 512 : highest);
        }
      }),
    );
  });

  it('stay as they are when a version comes twice with different content, and the status says why', async () => {
    const { reader, runs, copies } = world.process();
    await world.put(limits(4));
    await reader.refresh();
    await world.put(limits(4, 77));
    await reader.refresh();
    expect(runs().body.concurrentRequestsMax).toBe(4);
    expect(copies.status().limits).toMatchObject({ version: 4, lastRefused: { version: 4, reason: /twice/ } });
    await world.put(limits(3));
    await reader.refresh();
    expect(copies.status().limits).toMatchObject({ version: 4, lastRefused: { version: 3, reason: /older than 4/ } });
  });

  it('of one type do not suffer from a shelf of another that nobody can read', async () => {
    const { reader, runs, copies } = world.process();
    await world.put(limits(4));
    const broken = { pk: SHELVES, sk: 'ranking', recordVersion: 1, token: 0, stable: '{"', staged: '7', cells: 'x' };
    await world.table.write({ kind: 'put', item: broken });
    await world.table.write({ kind: 'put', item: { pk: SHELVES, sk: 'of-tomorrow', stable: '{}' } });
    await reader.refresh();
    expect(runs().version).toBe(4);
    expect(copies.current(rankingDocument).source).toBe('bundled');
  });

  it('go on while the arbiter is gone, and are asked for less often until it is back', async () => {
    const { reader, runs } = world.process();
    const stopping = new AbortController();
    const asked: number[] = [];
    world.arbiter.before = async () => void asked.push(world.clock.monotonicMs());
    await world.put(limits(2));
    const loop = reader.run(stopping.signal);
    await world.clock.advance(10);
    expect(runs().version).toBe(2);
    world.arbiter.state = 'timeout';
    await world.put(limits(3));
    for (let step = 0; step < 600; step++) await world.clock.advance(100);
    expect(runs()).toMatchObject({ version: 2, source: 'published' });
    expect(asked.length).toBeGreaterThan(6);
    expect(asked.length).toBeLessThan(50);
    world.arbiter.state = 'up';
    for (let step = 0; step < 100; step++) await world.clock.advance(100);
    expect(runs().version).toBe(3);
    stopping.abort();
    await loop;
  });
});

describe('documents on disk', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'holdfast-documents-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));
  const file = () => new KeptFile({ clock: world.clock, path: join(dir, 'new-folder', 'kept.json') });

  async function kept(...editions: Edition[]): Promise<KeptFile> {
    const keeping = file();
    const { reader } = world.process({ keeping });
    for (const edition of editions) await world.put(edition);
    await reader.refresh();
    await keeping.flush();
    expect(keeping.lastError).toBeNull();
    return keeping;
  }

  it('outlive the process, and a restart does not make it take an older one', async () => {
    await kept(limits(7));
    const next = world.process({ keeping: file() });
    await next.reader.load();
    expect(next.runs()).toMatchObject({ version: 7, source: 'kept', body: { concurrentRequestsMax: 7 } });
    // The arbiter was put back to an earlier state.
    await world.put(limits(5));
    await next.reader.refresh();
    expect(next.runs().version).toBe(7);
    expect(next.copies.status().limits?.lastRefused?.version).toBe(5);
    await world.put(limits(7));
    await next.reader.refresh();
    expect(next.runs().source).toBe('published');
  });

  it('serve a process that starts while the arbiter is gone', async () => {
    await kept(limits(7));
    world.arbiter.state = 'timeout';
    const next = world.process({ keeping: file() });
    await next.reader.load();
    await expect(next.reader.refresh()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(next.runs().version).toBe(7);
  });

  it.each([
    ['is damaged', (text: string) => text.replace(/(concurrentRequestsMax[^0-9]+)7/, '$18')],
    ['is cut off', (text: string) => text.slice(0, text.length / 2)],
    ['is of another schema', (text: string) => text.replace('documents/1', 'documents/9')],
    ['is no JSON at all', () => 'null'],
  ])('are not believed when the file %s', async (_what, change) => {
    await kept(limits(7));
    const path = join(dir, 'new-folder', 'kept.json');
    const text = await readFile(path, 'utf8');
    const changed = change(text);
    expect(changed).not.toBe(text);
    await writeFile(path, changed);
    const next = world.process({ keeping: file() });
    await next.reader.load();
    expect(next.runs()).toEqual({ version: 0, body: limitsDocument.bundled, source: 'bundled' });
    // And what is published is taken all the same.
    await next.reader.refresh();
    expect(next.runs().version).toBe(7);
  });

  it('are of no consequence when the disk takes nothing', async () => {
    await writeFile(join(dir, 'new-folder'), 'a file where a folder should be');
    const keeping = file();
    const { reader, runs } = world.process({ keeping });
    await world.put(limits(3));
    await reader.refresh();
    await keeping.flush();
    expect(runs().version).toBe(3);
    expect(keeping.lastError).toMatch(/EEXIST|ENOTDIR/);
  });
});
