/**
 * Snapshots on this environment's disk: the one that the deployment bundled, and the last known good one in /tmp, which is
 * there again when Lambda restarts the process in the same environment. Both are read like any other snapshot. Written in
 * one go and renamed, so that there is the old or the new one and never half of one.
 */
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { encodeOwnership, encodePlacement } from '../../core/cell-map.ts';
import type { Clock } from '../../core/clock.ts';
import { encodeSnapshot, SNAPSHOT_BYTES_MAX } from '../../core/map-snapshot.ts';
import type { MapHolder } from '../map/map-holder.ts';
import type { SnapshotHolder } from '../map/snapshot-holder.ts';

export class KeptSnapshot {
  readonly #clock: Clock;
  readonly #path: string;
  #lastError: string | null = null;
  #changed = false;

  constructor(options: { clock: Clock; path: string }) {
    this.#clock = options.clock;
    this.#path = options.path;
  }

  get lastError(): string | null {
    return this.#lastError;
  }

  changed(): void {
    this.#changed = true;
  }

  /** Gives the holder what the paths have, in their order; what is absent or not valid is passed over. */
  load(snapshots: SnapshotHolder, paths: readonly string[]): void {
    for (const path of [...paths, this.#path]) {
      try {
        if (statSync(path).size > SNAPSHOT_BYTES_MAX) continue;
        const document = JSON.parse(readFileSync(path, 'utf8')) as { writtenAtMs?: unknown } | null;
        const ageMs = Math.max(0, this.#clock.wallMs() - Number(document?.writtenAtMs)) || 0;
        snapshots.accept(document, { source: 'disk', ageMs });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#fail(error);
      }
    }
    this.#changed = false;
  }

  /** Writes what has changed since the last time, synchronously: a few kilobytes, and rarely. Never throws. */
  save(map: MapHolder['map'], snapshots: SnapshotHolder): void {
    if (!this.#changed || map === null || snapshots.version === 0) return;
    this.#changed = false;
    try {
      const text = encodeSnapshot({
        version: snapshots.version,
        writtenAtMs: this.#clock.wallMs(),
        placement: encodePlacement(map.placement),
        ownership: encodeOwnership(map.ownership),
        addresses: snapshots.addresses,
      });
      const temporary = `${this.#path}.tmp`;
      writeFileSync(temporary, text, { mode: 0o600 });
      renameSync(temporary, this.#path);
      this.#lastError = null;
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#lastError = error instanceof Error ? error.message : String(error);
  }
}
