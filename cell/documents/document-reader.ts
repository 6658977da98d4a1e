/**
 * Brings what is published to the copies of this process: reads all shelves of the arbiter with one question, whatever has
 * changed, takes from each what is meant for this cell, and keeps on disk what it took. Invariant: when nobody answers, or
 * what comes is damaged, older or not valid, everything stays as it was.
 */
import type { Clock } from '../../core/clock.ts';
import type { DocumentType, Edition } from '../../core/documents/document-type.ts';
import { decodeEdition, editionBytesMax, encodeEdition } from '../../core/documents/edition-text.ts';
import { editionTextFor } from '../../core/documents/shelf-text.ts';
import { invalid, toPlatformError } from '../../core/errors.ts';
import type { CellId } from '../../core/ids.ts';
import { fullJitterMs, type Rng } from '../../core/rng.ts';
import type { Table } from '../table/table.ts';
import type { DocumentCopies } from './document-copies.ts';
import { SHELVES } from './shelf-items.ts';

/** With the call itself well below the two seconds in which a switch has to be in effect. */
const READ_EVERY_MS = 1_000;
/** The arbiter is shared by all cells: one that is gone is left alone for longer each time. */
const BACKOFF = { baseMs: 1_000, capMs: 8_000 };
const CALL_MS_MAX = 1_000;
/** More types than there will be; a page of the arbiter ends at 1 MB besides. */
const SHELVES_MAX = 64;
const SCHEMA = 'holdfast.documents/1';

/** Where documents outlive the process. */
export interface DocumentKeeping {
  /** Rejects when there is nothing. */
  read(limit: { readonly bytesMax: number }): Promise<string>;
  save(text: () => string): void;
}

export interface DocumentReaderOptions {
  readonly arbiter: Table;
  readonly copies: DocumentCopies;
  readonly types: readonly DocumentType[];
  readonly cell: CellId;
  readonly clock: Clock;
  readonly rng: Rng;
  /** `null`: nothing outlives the process. */
  readonly keeping: DocumentKeeping | null;
}

export class DocumentReader {
  readonly #o: DocumentReaderOptions;
  /** What each shelf last said, so that a text is judged once and not every second. */
  readonly #seen = new Map<string, string>();
  #failures = 0;

  constructor(options: DocumentReaderOptions) {
    this.#o = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, rng } = this.#o;
    while (!signal.aborted) {
      await this.refresh().then(
        () => {
          this.#failures = 0;
        },
        () => {
          this.#failures++;
        },
      );
      const backoffMs = this.#failures === 0 ? 0 : fullJitterMs(rng, { ...BACKOFF, attempt: this.#failures });
      const pauseMs = READ_EVERY_MS * (0.8 + 0.2 * rng.next()) + backoffMs;
      await clock.sleep(pauseMs, signal).catch(() => undefined); // Aborted: the loop ends.
    }
  }

  /** What an earlier process kept; never rejects. Before anything is asked for, so that nothing older can come. */
  async load(): Promise<void> {
    const { types, keeping } = this.#o;
    if (keeping === null) return;
    const bytesMax = types.reduce((sum, type) => sum + 2 * editionBytesMax(type), 1_024);
    // No file, or none that can be used: the next change writes one.
    const texts = await keeping
      .read({ bytesMax })
      .then(keptTexts)
      .catch(() => new Map<string, unknown>());
    for (const type of types) {
      const text = texts.get(type.name);
      if (typeof text === 'string') this.#offer(type, { text, source: 'kept' });
    }
  }

  /** One question. Rejects when there is no answer in time. */
  async refresh(): Promise<void> {
    const { arbiter, clock, types, cell } = this.#o;
    const bounds = { deadlineAtMs: clock.monotonicMs() + CALL_MS_MAX, limit: SHELVES_MAX };
    const { items } = await arbiter.query(SHELVES, bounds);
    let taken = false;
    for (const type of types) {
      const item = items.find(({ sk }) => sk === type.name);
      const text = item === undefined ? null : editionTextFor(item, cell);
      if (text === null || text === this.#seen.get(type.name)) continue;
      this.#seen.set(type.name, text);
      taken = this.#offer(type, { text, source: 'published' }) || taken;
    }
    if (taken) this.#keep();
  }

  #offer(type: DocumentType, { text, source }: { readonly text: string; readonly source: 'kept' | 'published' }) {
    const { copies } = this.#o;
    let edition: Edition;
    try {
      edition = decodeEdition(text, type);
    } catch (thrown) {
      copies.refuse(type.name, { version: null, reason: toPlatformError(thrown).message });
      return false;
    }
    return copies.take(edition, source) === 'taken';
  }

  #keep(): void {
    const { copies, keeping } = this.#o;
    keeping?.save(() => {
      const texts = copies.editions.map((edition) => [edition.type, encodeEdition(edition)]);
      return JSON.stringify({ schema: SCHEMA, editions: Object.fromEntries(texts) });
    });
  }
}

function keptTexts(text: string): ReadonlyMap<string, unknown> {
  const kept = JSON.parse(text) as { readonly schema?: unknown; readonly editions?: unknown } | null;
  if (kept?.schema !== SCHEMA) throw invalid(`Not a file of schema ${SCHEMA}.`);
  return new Map(Object.entries(kept.editions ?? {}));
}
