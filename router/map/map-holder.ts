/**
 * Holds the cell map of this router. Whatever comes in (from control, from disk, from a cell's hint) is validated like user
 * input and refused or taken whole; what is held only moves forward, and a refusal leaves it as it was.
 */
import {
  BUCKETS_MOVED_MAX,
  type CellMap,
  cellMapAgeMs,
  decodeOwnership,
  mergeOwnership,
  type Ownership,
  PLACEMENT_BYTES_MAX,
  validatePlacement,
} from '../../core/cell-map.ts';
import type { Clock } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import type { CellId } from '../../core/ids.ts';
import type { CellSpecs } from '../core/decide.ts';
import { type Hint, learn } from '../core/hints.ts';

export interface MapDocument {
  readonly placement: unknown;
  readonly ownership: unknown;
}

export class MapHolder {
  readonly #clock: Clock;
  readonly #cells: CellSpecs;
  readonly #onChange: (map: CellMap) => void;
  #map: CellMap | null = null;
  #warnings: readonly string[] = [];
  #hintsLearned = 0;

  constructor(options: { clock: Clock; cells: CellSpecs; onChange: (map: CellMap) => void }) {
    this.#clock = options.clock;
    this.#cells = options.cells;
    this.#onChange = options.onChange;
  }

  get map(): CellMap | null {
    return this.#map;
  }

  get warnings(): readonly string[] {
    return this.#warnings;
  }

  get hintsLearned(): number {
    return this.#hintsLearned;
  }

  ageMs(): number | null {
    return this.#map === null ? null : cellMapAgeMs(this.#map, this.#clock.monotonicMs());
  }

  /** Throws `INVALID_CELL_MAP` and keeps what it has. `ageMs`: how old the document was already when it was read. */
  accept(document: unknown, from: { source: CellMap['source']; ageMs: number }): void {
    const { placement: candidate, ownership: claimed } = fields(document);
    const judged = validatePlacement(candidate, {
      previous: this.#map?.placement ?? null,
      topologyCells: [...this.#cells.keys()],
      bucketsMovedMax: BUCKETS_MOVED_MAX,
      bytesMax: PLACEMENT_BYTES_MAX,
    });
    const known = this.#map?.ownership ?? new Map();
    const ownership = mergeOwnership(known, this.#plausible(decodeOwnership(claimed)));
    const changed = !judged.unchanged || ownership !== known || this.#map === null;
    if (!judged.unchanged) this.#warnings = judged.warnings;
    const confirmedAtMs = this.#clock.monotonicMs() - from.ageMs;
    this.#map = { placement: judged.placement, ownership, source: from.source, confirmedAtMs };
    if (changed) this.#onChange(this.#map);
  }

  /** The source says that nothing changed since its last document. `ageMs`: how long ago it was asked. */
  confirm(ageMs = 0): void {
    if (this.#map === null) return;
    this.#map = { ...this.#map, source: 'control', confirmedAtMs: this.#clock.monotonicMs() - ageMs };
  }

  /** Whether there was anything new in it. */
  learn(told: { cell: CellId; hint: Hint }): boolean {
    if (this.#map === null) return false;
    const learned = learn(this.#map, told);
    if (learned === this.#map) return false;
    this.#map = learned;
    this.#hintsLearned += 1;
    this.#onChange(learned);
    return true;
  }

  /** Owners that the topology could name. A cell that is new to this router is no reason to refuse the others. */
  #plausible(ownership: Ownership): Ownership {
    return new Map(
      [...ownership].filter(([cell, owner]) => {
        const spec = this.#cells.get(cell);
        return spec !== undefined && (owner.region === spec.home || owner.region === spec.standby);
      }),
    );
  }
}

function fields(document: unknown): MapDocument {
  if (typeof document === 'object' && document !== null) return document as MapDocument;
  throw invalid('The cell map is no object. Allowed: {placement, ownership}.');
}
