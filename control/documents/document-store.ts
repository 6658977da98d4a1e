/**
 * What publishing needs of the arbiter, as a port: the shelf of each type, and every edition that was ever drafted beside it.
 * Each call may throw what the arbiter says when it is out of reach; a write whose answer was lost is looked for by its reader.
 */
import type { Edition, Shelf } from '../../core/documents/document-type.ts';

export interface Limit {
  /** No call takes longer. */
  readonly withinMs: number;
}

/** An edition as it is kept for ever: immutable, put once. Kept is not published: that is what the shelf says. */
export interface KeptEdition {
  readonly edition: Edition;
  /** The version that it was drafted to follow; 0: the bundled default. */
  readonly follows: number;
  /** The version whose content comes again with it; `null`: its content is new. */
  readonly restores: number | null;
  /** What it changed, for people. */
  readonly diff: string;
  /** Objections that an operator passed by. */
  readonly forced: readonly string[];
}

export interface DocumentStore {
  /** Strongly consistent. Throws `DOCUMENT_REFUSED` for a shelf that is damaged: who changes something must have read it. */
  shelf(type: string, limit: Limit): Promise<Shelf>;
  /** The same for whoever replaces all that stands there: what can't be read is stood in for (`Shelf.unreadable`). */
  shelfToReplace(type: string, limit: Limit): Promise<Shelf>;
  /** Writes `next` only over record version `next.recordVersion - 1`. `false`: somebody else was first. */
  saveShelf(next: Shelf, limit: Limit): Promise<boolean>;
  /** Puts it unless there is one of its version; resolves with the one that is there then. */
  keep(kept: KeptEdition, limit: Limit): Promise<KeptEdition>;
  /** `null`: there is none. Throws `INVALID_INPUT` when it is damaged. */
  edition(of: { readonly type: string; readonly version: number }, limit: Limit): Promise<KeptEdition | null>;
  /** The newest `count`, newest first; what is damaged is left out. */
  history(of: { readonly type: string; readonly count: number }, limit: Limit): Promise<readonly KeptEdition[]>;
}
