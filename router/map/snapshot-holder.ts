/**
 * Holds what a snapshot brings: the map (in a `MapHolder`, which judges it against what is known) and the addresses of the
 * cells' services. Taken whole or not at all, and never an older one over a newer: what a router learned from hints stands
 * in the map under its epoch, so no snapshot takes it back either.
 */

import { PlatformError } from '../../core/errors.ts';
import type { CellId, RegionName } from '../../core/ids.ts';
import { type CellAddress, decodeSnapshot, type MapSnapshot } from '../../core/map-snapshot.ts';
import type { MapHolder } from './map-holder.ts';

export class SnapshotHolder {
  readonly #map: MapHolder;
  readonly #onChange: () => void;
  #addresses: ReadonlyMap<string, CellAddress> = new Map();
  #seen: Pick<MapSnapshot, 'version'> | null = null;

  constructor(options: { map: MapHolder; onChange: () => void }) {
    this.#map = options.map;
    this.#onChange = options.onChange;
  }

  /** Of the newest snapshot; 0 before the first. */
  get version(): number {
    return this.#seen?.version ?? 0;
  }

  get hasAddresses(): boolean {
    return this.#addresses.size > 0;
  }

  get addresses(): readonly CellAddress[] {
    return [...this.#addresses.values()];
  }

  address(cell: CellId, region: RegionName): CellAddress | null {
    return this.#addresses.get(place(cell, region)) ?? null;
  }

  /** Throws `INVALID_CELL_MAP` and keeps what it has. */
  accept(document: unknown, from: { source: 'disk' | 'control'; ageMs: number }): void {
    const snapshot = decodeSnapshot(document);
    if (snapshot.version < this.version) throw older(snapshot.version, this.version);
    this.#map.accept(snapshot, from);
    this.#addresses = new Map(snapshot.addresses.map((address) => [place(address.cell, address.region), address]));
    const news = snapshot.version > this.version;
    this.#seen = snapshot;
    if (news) this.#onChange();
  }

  confirm(ageMs: number): void {
    this.#map.confirm(ageMs);
  }
}

const place = (cell: CellId, region: RegionName) => `${cell}@${region}`;

function older(seen: number, known: number): PlatformError {
  return new PlatformError({
    code: 'INVALID_CELL_MAP',
    kind: 'caller',
    effect: 'none',
    message: `Snapshot ${seen} is older than ${known}, which is in force. A delayed answer, or a bucket that was put back?`,
  });
}
