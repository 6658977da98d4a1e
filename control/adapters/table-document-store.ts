/**
 * Documents in the arbiter's table: single-item conditional writes only, as the arbiter allows no others. The placement has its
 * shelf beside the cell map, and its editions here.
 */
import { editionKey, editionsPk, shelfKey } from '../../cell/documents/shelf-items.ts';
import { absent, equals, type Item, type Table } from '../../cell/table/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { DocumentType, Edition, Shelf } from '../../core/documents/document-type.ts';
import { DOCUMENT_TYPES, documentType } from '../../core/documents/document-types.ts';
import { decodeEdition, encodeEdition } from '../../core/documents/edition-text.ts';
import { PLACEMENT } from '../../core/documents/placement-document.ts';
import { decodeShelfToReplace, emptyShelf, encodeShelf } from '../../core/documents/shelf-text.ts';
import { PlatformError } from '../../core/errors.ts';
import type { DocumentStore, KeptEdition, Limit } from '../documents/document-store.ts';
import { readPlacementShelf, savePlacementShelf } from './placement-shelf.ts';

export interface TableDocumentStoreOptions {
  readonly arbiter: Table;
  readonly clock: Clock;
  /** Default: every type that cells read from the shelves. */
  readonly types?: readonly DocumentType[];
}

export function tableDocumentStore(options: TableDocumentStoreOptions): DocumentStore {
  const { arbiter, clock, types = DOCUMENT_TYPES } = options;
  const within = ({ withinMs }: Limit) => ({ deadlineAtMs: clock.monotonicMs() + withinMs });
  const shelfToReplace: DocumentStore['shelf'] = async (name, limit) => {
    const type = documentType(name, types);
    if (name === PLACEMENT) return readPlacementShelf(arbiter, type, within(limit));
    const item = await arbiter.get(shelfKey(name), within(limit));
    return item === null ? emptyShelf(name) : decodeShelfToReplace(item, type);
  };
  const keep: DocumentStore['keep'] = async (kept, limit) => {
    const type = documentType(kept.edition.type, types);
    const result = await arbiter.write({ kind: 'put', item: toItem(kept), when: absent }, within(limit));
    if (result.outcome === 'done') return kept;
    const existing = result.refusals[0]?.existing;
    // One that can't be read takes up its version all the same.
    return (existing && readable(existing, type)) ?? unreadable(kept);
  };
  /** Nobody published the first placement: it is kept when it is replaced. */
  const savePlacement: DocumentStore['saveShelf'] = async (next, limit) => {
    const { stable, unreadable: damage } = await shelfToReplace(PLACEMENT, limit);
    if (stable !== null && damage === undefined) await keep(firstEdition(stable), limit);
    return savePlacementShelf(arbiter, next, within(limit));
  };
  return {
    shelfToReplace,
    shelf: async (name, limit) => {
      const shelf = await shelfToReplace(name, limit);
      if (shelf.unreadable === undefined) return shelf;
      throw unreadableShelf(shelf);
    },
    saveShelf: async (next, limit) => {
      if (next.type === PLACEMENT) return savePlacement(next, limit);
      const when = next.recordVersion === 1 ? absent : equals('recordVersion', next.recordVersion - 1);
      const item = { ...shelfKey(next.type), ...encodeShelf(next) };
      return (await arbiter.write({ kind: 'put', item, when }, within(limit))).outcome === 'done';
    },
    keep,
    edition: async ({ type, version }, limit) => {
      const item = await arbiter.get(editionKey(type, version), within(limit));
      return item && toKept(item, documentType(type, types));
    },
    history: async ({ type: name, count }, limit) => {
      const type = documentType(name, types);
      const { items } = await arbiter.query(editionsPk(name), { ...within(limit), limit: count });
      return items.map((item) => readable(item, type)).filter((kept) => kept !== null);
    },
  };
}

const firstEdition = (edition: Edition): KeptEdition => ({
  ...{ edition, follows: 0, restores: null, diff: '', forced: [] },
});

function toItem({ edition, follows, restores, diff, forced }: KeptEdition): Item {
  const { type, version } = edition;
  return {
    ...editionKey(type, version),
    edition: encodeEdition(edition),
    follows,
    ...(restores === null ? {} : { restores }),
    diff,
    forced: JSON.stringify(forced),
  };
}

function toKept(item: Item, type: DocumentType): KeptEdition {
  return {
    edition: decodeEdition(String(item.edition), type),
    follows: Number(item.follows),
    restores: item.restores === undefined ? null : Number(item.restores),
    diff: String(item.diff),
    forced: JSON.parse(String(item.forced)) as readonly string[],
  };
}

function readable(item: Item, type: DocumentType): KeptEdition | null {
  try {
    return toKept(item, type);
  } catch {
    // Damaged, or of a schema that this release does not know: it is nobody's to use.
    return null;
  }
}

function unreadableShelf({ type, unreadable }: Shelf): PlatformError {
  return new PlatformError({
    code: 'DOCUMENT_REFUSED',
    kind: 'dependency',
    effect: 'none',
    message: `What is published of ${type} can't be read: ${unreadable} Every process goes on with what it had. Put a sound one in its place: holdfast document rollback ${type} --why "…" (the newest that can be read), or with --to the one that you want.`,
  });
}

/** Like none that anybody could want. */
const unreadable = (wanted: KeptEdition): KeptEdition => ({ ...wanted, follows: -1 });
