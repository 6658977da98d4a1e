/**
 * The shelf of the placement: the very item that publishers of the cell map and cells read, in the map's own form, with who and
 * why beside it. Its record version is the placement's own, which only grows. It has no staged edition: it goes at once.
 */

import type { CallBounds } from '../../cell/cell-store.ts';
import { placementKey } from '../../cell/placement-copy.ts';
import { absent, equals, type Item, type Table } from '../../cell/table/table.ts';
import { decodePlacement, encodePlacement } from '../../core/cell-map.ts';
import { canonicalJson, checksumOf } from '../../core/documents/canonical-json.ts';
import type { DocumentType, Edition, Shelf } from '../../core/documents/document-type.ts';
import { type PlacementBody, placementBody, placementFrom } from '../../core/documents/placement-document.ts';
import { emptyShelf } from '../../core/documents/shelf-text.ts';
import { invalid, toPlatformError } from '../../core/errors.ts';

/** Who and why of the one that nobody published. */
const FIRST = { by: 'the platform', why: 'the first placement: every open cell of the topology, by its weight' };

/** What can't be read is stood in for (`Shelf.unreadable`). */
export async function readPlacementShelf(arbiter: Table, type: DocumentType, bounds: CallBounds): Promise<Shelf> {
  const item = await arbiter.get(placementKey, bounds);
  if (item === null) return emptyShelf(type.name);
  const recordVersion = Number(item.version);
  const shelf = { type: type.name, recordVersion, token: 0, staged: null };
  try {
    return { ...shelf, stable: toEdition(item, type) };
  } catch (thrown) {
    const stable = {
      ...FIRST,
      type: type.name,
      version: recordVersion,
      body: type.bundled,
      checksum: '',
      publishedAtMs: 0,
    };
    return { ...shelf, stable, unreadable: toPlatformError(thrown).message };
  }
}

/** Writes only over the placement that `next` was made on. `false`: somebody else was first. */
export async function savePlacementShelf(arbiter: Table, next: Shelf, bounds: CallBounds): Promise<boolean> {
  const { stable, staged, recordVersion } = next;
  if (stable === null || staged !== null) throw invalid('A placement has no waves, and there is always one.');
  const { version, body, by, why, publishedAtMs } = stable;
  const placement = encodePlacement(placementFrom(body as PlacementBody, version));
  const item = { ...placementKey, version, body: JSON.stringify(placement), by, why, publishedAtMs };
  const when = recordVersion === 1 ? absent : equals('version', recordVersion - 1);
  return (await arbiter.write({ kind: 'put', item, when }, bounds)).outcome === 'done';
}

function toEdition(item: Item, type: DocumentType): Edition {
  const placement = decodePlacement(JSON.parse(String(item.body)));
  const body = placementBody(placement);
  const { by = FIRST.by, why = FIRST.why, publishedAtMs = 0 } = item;
  return {
    ...{ type: type.name, version: placement.version, body, checksum: checksumOf(canonicalJson(body)) },
    ...{ by: String(by), why: String(why), publishedAtMs: Number(publishedAtMs) },
  };
}
