/**
 * A shelf as flat attributes, as it lies in the arbiter. A consumer takes out of it only the text that is meant for it: a
 * staged edition that nobody can read does no harm to the cells that it has not reached.
 */

import { toPlatformError } from '../errors.ts';
import { type CellId, cellId } from '../ids.ts';
import type { DocumentType, Edition, Shelf } from './document-type.ts';
import { decodeEdition, editionBytesMax, encodeEdition, VERSION } from './edition-text.ts';
import { parseGuarded } from './guarded-json.ts';
import { readInteger, readList } from './read-body.ts';

/** A type, not an interface: it becomes a part of an item. */
export type ShelfText = {
  readonly recordVersion: number;
  readonly token: number;
  /** Text of an edition; empty: there is none. */
  readonly stable: string;
  readonly staged: string;
  /** Of the cells that have the staged one, JSON. */
  readonly cells: string;
};

type Attributes = Readonly<Record<string, unknown>>;

/** As many cells as a topology may have. */
const CELLS = { bytesMax: 256 * 1024, lengthMax: 4_096 };

/** What a type has whose shelf nobody ever wrote. */
export function emptyShelf(type: string): Shelf {
  return { type, recordVersion: 0, token: 0, stable: null, staged: null };
}

export function encodeShelf({ recordVersion, token, stable, staged }: Shelf): ShelfText {
  return {
    recordVersion,
    token,
    stable: stable === null ? '' : encodeEdition(stable),
    staged: staged === null ? '' : encodeEdition(staged.edition),
    cells: JSON.stringify(staged?.cells ?? []),
  };
}

/** Throws `INVALID_INPUT` unless all of it is sound: who writes a shelf must know what it replaces. */
export function decodeShelf(attributes: Attributes, type: DocumentType): Shelf {
  const { recordVersion, token, stable, staged } = attributes;
  const edition = (text: unknown) => (text === '' ? null : decodeEdition(String(text), type));
  const onItsWay = edition(staged);
  return {
    type: type.name,
    recordVersion: readInteger(recordVersion, { path: 'recordVersion', min: 1, max: Number.MAX_SAFE_INTEGER }),
    token: readInteger(token, { path: 'token', min: 0, max: Number.MAX_SAFE_INTEGER }),
    stable: edition(stable),
    staged: onItsWay && { edition: onItsWay, cells: stagedCells(attributes) },
  };
}

/**
 * For whoever puts something else in its place: of an edition that can't be read its version counts, with the bundled content.
 * Throws `INVALID_INPUT` only where not even the record's own version can be read.
 */
export function decodeShelfToReplace(attributes: Attributes, type: DocumentType): Shelf {
  try {
    return decodeShelf(attributes, type);
  } catch (thrown) {
    const unreadable = toPlatformError(thrown).message;
    const { recordVersion, token, stable, staged } = attributes;
    const readable = { recordVersion, token, stable: '', staged: '' };
    const onItsWay = standInFor(staged, type);
    return {
      ...decodeShelf(readable, type),
      ...{ stable: standInFor(stable, type), staged: onItsWay && { edition: onItsWay, cells: [] }, unreadable },
    };
  }
}

function standInFor(text: unknown, type: DocumentType): Edition | null {
  if (text === '') return null;
  const version = claimedVersion(String(text), type);
  return { type: type.name, version, body: type.bundled, checksum: '', by: '', why: '', publishedAtMs: 0 };
}

/** 0: it does not even say that. */
function claimedVersion(text: string, type: DocumentType): number {
  try {
    const { version } = parseGuarded(text, { bytesMax: editionBytesMax(type) }) as { readonly version?: unknown };
    return readInteger(version, { path: 'edition.version', ...VERSION });
  } catch {
    // Too long, cut off, or no JSON: whoever replaces it goes by the editions that were kept.
    return 0;
  }
}

/** The text of what a consumer in `cell` should run (`null`: a consumer of no cell), as `editionFor`; `null`: the bundled one. */
export function editionTextFor(attributes: Attributes, cell: CellId | null): string | null {
  const { stable, staged } = attributes;
  const isReached = cell !== null && staged !== '' && hasCell(attributes, cell);
  const text = isReached ? staged : stable;
  return typeof text === 'string' && text !== '' ? text : null;
}

function hasCell(attributes: Attributes, cell: CellId): boolean {
  try {
    return stagedCells(attributes).includes(cell);
  } catch {
    // Nobody can say whom it has reached: the stable one is right for all but a few.
    return false;
  }
}

function stagedCells({ cells }: Attributes): readonly CellId[] {
  return readList(parseGuarded(String(cells), CELLS), { path: 'cells', ...CELLS }).map(cellId);
}
