/** The last known good map on disk, read through the same validation as any other map. */
import { type CellMap, encodeOwnership, encodePlacement, PLACEMENT_BYTES_MAX } from '../../core/cell-map.ts';
import type { Clock } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import { KeptFile } from '../../resilience/kept-file.ts';
import type { MapHolder } from './map-holder.ts';

const SCHEMA = 'holdfast.router-map/1';
/** Placement and ownership of every cell, as JSON with room to spare. */
const FILE_BYTES_MAX = PLACEMENT_BYTES_MAX * 4;

export class LastKnownGood {
  readonly #clock: Clock;
  readonly #file: KeptFile;

  constructor(options: { clock: Clock; path: string }) {
    this.#clock = options.clock;
    this.#file = new KeptFile(options);
  }

  get lastError(): string | null {
    return this.#file.lastError;
  }

  /** Gives the holder what is on disk. Returns why not, when there is nothing usable; never rejects. */
  async load(holder: MapHolder): Promise<string | null> {
    try {
      const document = JSON.parse(await this.#file.read({ bytesMax: FILE_BYTES_MAX })) as {
        schema?: unknown;
        savedAtMs?: unknown;
      } | null;
      if (document?.schema !== SCHEMA) throw invalid(`Not a file of schema ${SCHEMA}.`);
      const savedAtMs = Number(document.savedAtMs);
      holder.accept(document, { source: 'disk', ageMs: Math.max(0, this.#clock.wallMs() - savedAtMs) || 0 });
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Soon, and at most once a second. */
  save({ placement, ownership }: CellMap): void {
    this.#file.save(() =>
      JSON.stringify({
        ...{ schema: SCHEMA, savedAtMs: this.#clock.wallMs() },
        ...{ placement: encodePlacement(placement), ownership: encodeOwnership(ownership) },
      }),
    );
  }

  /** Writes now what is still to be written. */
  flush(): Promise<void> {
    return this.#file.flush();
  }
}
