/** Shelves and editions, held to their contract on both engines: conditions, order and sizes are theirs, not a table's in memory. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DocumentCopies } from '../../cell/documents/document-copies.ts';
import { DocumentReader } from '../../cell/documents/document-reader.ts';
import { editionKey, SHELVES } from '../../cell/documents/shelf-items.ts';
import type { Table } from '../../cell/table/table.ts';
import { tableDocumentStore } from '../../control/adapters/table-document-store.ts';
import { tableMapSource } from '../../control/adapters/table-map-source.ts';
import type { DocumentStore, KeptEdition } from '../../control/documents/document-store.ts';
import { buildPlacement, decodePlacement, encodePlacement } from '../../core/cell-map.ts';
import { systemClock } from '../../core/clock.ts';
import { canonicalJson, checksumOf } from '../../core/documents/canonical-json.ts';
import type { DocumentType, Edition, Shelf } from '../../core/documents/document-type.ts';
import { DOCUMENT_TYPES } from '../../core/documents/document-types.ts';
import { limitsDocument } from '../../core/documents/limits-document.ts';
import { placementDocument } from '../../core/documents/placement-document.ts';
import { cellId, tenantId } from '../../core/ids.ts';
import { seededRng } from '../../core/rng.ts';
import topology from '../../platform.config.ts';
import { tableSources } from './engines.ts';

const LIMIT = { withinMs: 20_000 };
const C1 = cellId('c01');

function edition(version: number, concurrentRequestsMax = version): Edition {
  const body = { ...limitsDocument.bundled, concurrentRequestsMax };
  const checksum = checksumOf(canonicalJson(body));
  return { type: 'limits', version, body, checksum, by: 'ann', why: 'né à l’heure', publishedAtMs: 1_700_000_000_000 };
}

const kept = (version: number, why = 'x'): KeptEdition => ({
  ...{ edition: { ...edition(version), why }, follows: version - 1, restores: version % 2 === 0 ? 1 : null },
  ...{ diff: '~ $.a: 1 → 2', forced: ['too much'] },
});

/** As long as its bytes let it be, of text that its envelope has to escape. */
function longest(type: DocumentType, version: number): Edition {
  const body = { pad: `"${'ä'.repeat(type.bytesMax / 2 - 100)}` };
  return { ...edition(version), type: type.name, body, checksum: checksumOf(canonicalJson(body)) };
}

for (const source of tableSources()) {
  const suite = source.missing === null ? describe : describe.skip;
  if (source.missing !== null) console.warn(`skipped on ${source.name}: ${source.missing}`);
  suite(`documents in the arbiter on ${source.name}`, () => {
    let table: Table;
    let store: DocumentStore;
    beforeAll(() => source.start());
    afterAll(() => source.stop());
    beforeEach(async () => {
      table = await source.table();
      store = tableDocumentStore({ arbiter: table, clock: systemClock });
    });

    it('has an empty shelf of every type before anybody wrote one', async () => {
      const empty = { type: 'limits', recordVersion: 0, token: 0, stable: null, staged: null };
      expect(await store.shelf('limits', LIMIT)).toEqual(empty);
    });

    it('takes a shelf only over the record version before it, and gives it back whole', async () => {
      const shelf = (recordVersion: number, stable: number): Shelf => ({
        ...{ type: 'limits', recordVersion, token: recordVersion * 3, stable: edition(stable) },
        staged: { edition: edition(stable + 1), cells: [C1] },
      });
      expect(await store.saveShelf(shelf(2, 4), LIMIT)).toBe(false);
      expect(await store.saveShelf(shelf(1, 4), LIMIT)).toBe(true);
      expect(await store.saveShelf(shelf(1, 5), LIMIT)).toBe(false);
      expect(await store.saveShelf(shelf(3, 5), LIMIT)).toBe(false);
      expect(await store.saveShelf(shelf(2, 5), LIMIT)).toBe(true);
      expect(await store.shelf('limits', LIMIT)).toEqual(shelf(2, 5));
    });

    it('lets one of two that write the same version through', async () => {
      const race = [8, 9].map((stable) =>
        store.saveShelf({ type: 'limits', recordVersion: 1, token: 0, stable: edition(stable), staged: null }, LIMIT),
      );
      expect((await Promise.all(race)).filter(Boolean)).toHaveLength(1);
    });

    it('takes a placement only over the one that it was made on, and keeps the one that nobody published', async () => {
      const type = placementDocument(topology);
      const placements = tableDocumentStore({ arbiter: table, clock: systemClock, types: [type] });
      const source = tableMapSource({ arbiter: table, clock: systemClock });
      expect((await placements.shelf('placement', LIMIT)).recordVersion).toBe(0);
      await source.publishFirst(encodePlacement(buildPlacement(topology.cells)), LIMIT.withinMs);
      const shelf = await placements.shelf('placement', LIMIT);
      const pinned = { ...type.bundled, pinned: [{ tenant: tenantId('acme'), cell: C1 }] };
      const stable = { ...edition(3), type: 'placement', body: pinned, checksum: checksumOf(canonicalJson(pinned)) };
      // Version 2 was drafted by somebody who never published it.
      const next = { ...shelf, recordVersion: shelf.recordVersion + 1, stable };
      expect(await placements.saveShelf({ ...next, recordVersion: next.recordVersion + 1 }, LIMIT)).toBe(false);
      const race = await Promise.all([placements.saveShelf(next, LIMIT), placements.saveShelf(next, LIMIT)]);
      expect(race.filter(Boolean)).toHaveLength(1);
      expect(await placements.shelf('placement', LIMIT)).toEqual({ ...shelf, recordVersion: 3, stable });
      const first = await placements.edition({ type: 'placement', version: 1 }, LIMIT);
      expect(first?.edition).toEqual(shelf.stable);
      expect(decodePlacement(await source.placement(LIMIT.withinMs))).toMatchObject({ version: 3 });
    });

    it('keeps an edition once: who comes second is given the first', async () => {
      expect(await store.keep(kept(3, 'first'), LIMIT)).toEqual(kept(3, 'first'));
      expect(await store.keep(kept(3, 'second'), LIMIT)).toEqual(kept(3, 'first'));
      expect(await store.edition({ type: 'limits', version: 3 }, LIMIT)).toEqual(kept(3, 'first'));
      expect(await store.edition({ type: 'limits', version: 4 }, LIMIT)).toBeNull();
    });

    it('lists the newest editions first, across a change of digits, without those that nobody can read', async () => {
      for (const version of [9, 10, 11, 100]) await store.keep(kept(version), LIMIT);
      await table.write(
        { kind: 'put', item: { ...editionKey('limits', 12), edition: '{', follows: 11, diff: '', forced: '[]' } },
        { deadlineAtMs: systemClock.monotonicMs() + 20_000 },
      );
      const versions = async (count: number) =>
        (await store.history({ type: 'limits', count }, LIMIT)).map((each) => each.edition.version);
      expect(await versions(10)).toEqual([100, 11, 10, 9]);
      expect(await versions(2)).toEqual([100]);
      // Damaged as it is, its version is taken.
      expect((await store.keep(kept(12), LIMIT)).follows).toBe(-1);
    });

    it('reads all shelves with one question, though each holds two editions as long as they may be', async () => {
      const bounds = { deadlineAtMs: systemClock.monotonicMs() + 20_000 };
      for (const type of DOCUMENT_TYPES) {
        const stable = longest(type, 1);
        const staged = { edition: longest(type, 2), cells: [C1] };
        expect(await store.saveShelf({ type: type.name, recordVersion: 1, token: 0, stable, staged }, LIMIT)).toBe(
          true,
        );
      }
      const page = await table.query(SHELVES, { ...bounds, limit: 64 });
      expect(page.items.map(({ sk }) => sk)).toEqual(DOCUMENT_TYPES.map(({ name }) => name).sort());
      expect(page.next).toBeNull();
    });

    it('brings a consumer what is stable, and its cell what is staged', async () => {
      const versionIn = async (cell: typeof C1) => {
        const copies = new DocumentCopies(DOCUMENT_TYPES);
        const of = { arbiter: table, copies, types: DOCUMENT_TYPES, cell, clock: systemClock, rng: seededRng(1) };
        await new DocumentReader({ ...of, keeping: null }).refresh();
        return copies.current(limitsDocument).version;
      };
      const staged = { edition: edition(5), cells: [C1] };
      await store.saveShelf({ type: 'limits', recordVersion: 1, token: 0, stable: edition(4), staged }, LIMIT);
      expect([await versionIn(C1), await versionIn(cellId('c02'))]).toEqual([5, 4]);
    });
  });
}
