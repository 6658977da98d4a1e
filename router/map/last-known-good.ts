/**
 * The last known good map on disk. Written whole to a temporary file and renamed, so that a crash leaves the old or the
 * new one, never half of one; read through the same validation as any other map.
 */
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type CellMap, encodeOwnership, encodePlacement, PLACEMENT_BYTES_MAX } from '../../core/cell-map.ts';
import type { Clock } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import type { MapHolder } from './map-holder.ts';

const SCHEMA = 'holdfast.router-map/1';
/** Placement and ownership of every cell, as JSON with room to spare. */
const FILE_BYTES_MAX = PLACEMENT_BYTES_MAX * 4;
/** A failover of many cells changes the map many times a second; the disk hears of it once. */
const WRITE_EVERY_MS = 1_000;

export class LastKnownGood {
  readonly #clock: Clock;
  readonly #path: string;
  #pending: CellMap | null = null;
  #draining = false;
  #written: Promise<void> = Promise.resolve();
  #lastError: string | null = null;

  constructor(options: { clock: Clock; path: string }) {
    this.#clock = options.clock;
    this.#path = options.path;
  }

  get lastError(): string | null {
    return this.#lastError;
  }

  /** Gives the holder what is on disk. Returns why not, when there is nothing usable; never rejects. */
  async load(holder: MapHolder): Promise<string | null> {
    try {
      const text = await readFile(this.#path, 'utf8');
      if (text.length > FILE_BYTES_MAX) throw invalid(`${text.length} characters. Allowed: ${FILE_BYTES_MAX}.`);
      const document = JSON.parse(text) as { schema?: unknown; savedAtMs?: unknown } | null;
      if (document?.schema !== SCHEMA) throw invalid(`Not a file of schema ${SCHEMA}.`);
      const savedAtMs = Number(document.savedAtMs);
      holder.accept(document, { source: 'disk', ageMs: Math.max(0, this.#clock.wallMs() - savedAtMs) || 0 });
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Soon, and at most once a second; a failure to write is kept for the status and tried again at the next change. */
  save(map: CellMap): void {
    this.#pending = map;
    if (this.#draining) return;
    this.#draining = true;
    void this.#drain();
  }

  /** Writes now what is still to be written. */
  async flush(): Promise<void> {
    await this.#written;
    await this.#writePending();
  }

  async #drain(): Promise<void> {
    while (this.#pending !== null) {
      this.#written = this.#writePending();
      await this.#written;
      await this.#clock.sleep(WRITE_EVERY_MS);
    }
    this.#draining = false;
  }

  async #writePending(): Promise<void> {
    const map = this.#pending;
    if (map === null) return;
    this.#pending = null;
    try {
      await this.#write(map);
      this.#lastError = null;
    } catch (error) {
      this.#lastError = error instanceof Error ? error.message : String(error);
    }
  }

  async #write(map: CellMap): Promise<void> {
    const document = {
      schema: SCHEMA,
      savedAtMs: this.#clock.wallMs(),
      placement: encodePlacement(map.placement),
      ownership: encodeOwnership(map.ownership),
    };
    await mkdir(dirname(this.#path), { recursive: true });
    const temporary = `${this.#path}.${process.pid}.tmp`;
    const file: FileHandle = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(document));
      // Without it a power cut may leave a renamed file without its content.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path);
  }
}
