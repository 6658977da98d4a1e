/**
 * Ownership: which region is active for each cell, with the epoch that says so. Merged per cell by the highest epoch, so
 * that neither a late publisher nor an old hint can hand a cell back to a region that lost it.
 */
import { invalidCellMap } from './cell-map-encoding.ts';
import { CELLS_MAX } from './cell-map-placement.ts';
import { type CellId, cellId, type Epoch, epoch, type RegionName, regionName } from './ids.ts';

export interface Owner {
  readonly region: RegionName;
  readonly epoch: Epoch;
}

export type Ownership = ReadonlyMap<CellId, Owner>;

export interface EncodedOwner {
  readonly cell: string;
  readonly region: string;
  readonly epoch: number;
}

/** Returns `known` itself when nothing in `incoming` is newer. An equal epoch changes nothing: one epoch has one owner. */
export function mergeOwnership(known: Ownership, incoming: Ownership): Ownership {
  let merged: Map<CellId, Owner> | null = null;
  for (const [cell, owner] of incoming) {
    if (!isNewer(known.get(cell), owner)) continue;
    merged ??= new Map(known);
    merged.set(cell, owner);
  }
  return merged ?? known;
}

/** The same for one cell. */
export function raiseOwner(known: Ownership, claim: { cell: CellId; owner: Owner }): Ownership {
  return isNewer(known.get(claim.cell), claim.owner) ? new Map(known).set(claim.cell, claim.owner) : known;
}

export function encodeOwnership(ownership: Ownership): readonly EncodedOwner[] {
  return [...ownership].map(([cell, owner]) => ({ cell, region: owner.region, epoch: owner.epoch }));
}

/** Throws `INVALID_CELL_MAP` for anything that is not a list of well-formed owners. */
export function decodeOwnership(document: unknown): Ownership {
  if (!Array.isArray(document) || document.length > CELLS_MAX) {
    const seen = Array.isArray(document) ? `a list of ${document.length}` : typeof document;
    throw invalidCellMap(`Not an ownership list: ${seen}. Allowed: at most ${CELLS_MAX} of {cell, region, epoch}.`);
  }
  const ownership = new Map<CellId, Owner>();
  for (const entry of document) {
    const [cell, owner] = decodeOwner(entry);
    if (isNewer(ownership.get(cell), owner)) ownership.set(cell, owner);
  }
  return ownership;
}

function decodeOwner(entry: unknown): readonly [CellId, Owner] {
  try {
    const { cell, region, epoch: seen } = entry as Partial<EncodedOwner>;
    return [cellId(cell), { region: regionName(region), epoch: epoch(seen) }];
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unreadable.';
    throw invalidCellMap(`Not an owner: ${message} Allowed: {cell, region, epoch}.`, error);
  }
}

function isNewer(known: Owner | undefined, incoming: Owner): boolean {
  return known === undefined || incoming.epoch > known.epoch;
}
