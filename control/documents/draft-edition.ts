/**
 * Drafts the next edition of a type and keeps it in the arbiter, before any shelf names it. Versions are taken by whoever puts
 * one first. Invariant: whoever repeats a draft after a crash (same content, same person, same reason) gets the edition that
 * was kept then, and not a second one.
 */
import type { Clock } from '../../core/clock.ts';
import { canonicalJson, checksumOf } from '../../core/documents/canonical-json.ts';
import type { DocumentType, Shelf } from '../../core/documents/document-type.ts';
import { diffJson, diffText } from '../../core/documents/json-diff.ts';
import { PlatformError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { DocumentStore, KeptEdition, Limit } from './document-store.ts';

/** Versions that were drafted and never published, in a row: each is a publisher that was refused or died at that very moment. */
const DRAFTS_SKIPPED_MAX = 64;
/** Enough to see what happened; `diff` shows the rest. */
const DIFF_LINES_KEPT_MAX = 40;

export interface Draft {
  readonly type: DocumentType;
  readonly shelf: Shelf;
  readonly body: unknown;
  readonly by: string;
  readonly why: string;
  /** The version whose content it brings back; absent: its content is new. */
  readonly restores?: number;
  readonly forced: readonly string[];
}

/** The body and version that the next edition would follow: the stable one, else the bundled default. */
export function beforeOf(type: DocumentType, { stable }: Shelf): { readonly version: number; readonly body: unknown } {
  return stable ?? { version: 0, body: type.bundled };
}

/** Throws `DOCUMENT_REFUSED` when too many drafts stand in the way. */
export async function draftEdition(
  draft: Draft,
  { store, clock, limit }: { readonly store: DocumentStore; readonly clock: Clock; readonly limit: Limit },
): Promise<KeptEdition> {
  const { type, shelf, body, by, why, forced } = draft;
  const before = beforeOf(type, shelf);
  // What can't be read may not even say its version; then what was kept does.
  const kept = shelf.unreadable === undefined ? [] : await store.history({ type: type.name, count: 1 }, limit);
  const taken = [before.version, shelf.staged?.edition.version ?? 0, kept[0]?.edition.version ?? 0];
  const first = Math.max(...taken) + 1;
  const content = {
    ...{ type: type.name, body, checksum: checksumOf(canonicalJson(body)), by, why },
    publishedAtMs: clock.wallMs(),
  };
  const diff = diffText(diffJson(before.body as Json, body as Json), DIFF_LINES_KEPT_MAX);
  for (let version = first; version < first + DRAFTS_SKIPPED_MAX; version++) {
    const { restores = null } = draft;
    const kept = { edition: { ...content, version }, follows: before.version, restores, diff, forced };
    const found = await store.keep(kept, limit);
    if (isSame(found, kept)) return found;
  }
  throw new PlatformError({
    code: 'DOCUMENT_REFUSED',
    kind: 'caller',
    effect: 'none',
    message: `${DRAFTS_SKIPPED_MAX} editions of ${type.name} from version ${first} on were drafted and never published. Look who writes them: holdfast document history ${type.name}.`,
  });
}

function isSame(found: KeptEdition, wanted: KeptEdition): boolean {
  const of = ({ edition: { checksum, by, why }, follows }: KeptEdition) => JSON.stringify([checksum, by, why, follows]);
  return of(found) === of(wanted);
}
