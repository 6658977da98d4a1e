/**
 * The cell's own copy of the placement, so that it can refuse a tenant that is not its own. Refreshed out of band from
 * the arbiter; the last good copy stays when the arbiter is gone, and before the first one the router is believed.
 */
import { cellOf, decodePlacement, type Placement } from '../core/cell-map.ts';
import type { Clock } from '../core/clock.ts';
import { toPlatformError } from '../core/errors.ts';
import type { CellId, TenantId } from '../core/ids.ts';
import type { Rng } from '../core/rng.ts';
import type { DocumentStatus } from './documents/document-copies.ts';
import type { Table } from './table/table.ts';

/** A document is in effect within two seconds, and a router that has a newer map than this cell lets its requests wait meanwhile. */
const REFRESH_EVERY_MS = 1_000;
const CALL_MS_MAX = 1_000;

export const placementKey = { pk: 'DOCUMENT#placement', sk: 'CURRENT' } as const;

export class PlacementCopy {
  readonly #arbiter: Table;
  readonly #clock: Clock;
  readonly #rng: Rng;
  #placement: Placement | null = null;
  #lastRefused: DocumentStatus['lastRefused'] = null;

  constructor(options: { arbiter: Table; clock: Clock; rng: Rng }) {
    this.#arbiter = options.arbiter;
    this.#clock = options.clock;
    this.#rng = options.rng;
  }

  get version(): number | null {
    return this.#placement?.version ?? null;
  }

  /** As of any other document. Version 0: none was seen yet, and the router is believed. */
  get status(): DocumentStatus {
    const source = this.#placement === null ? 'bundled' : 'published';
    return { version: this.version ?? 0, source, lastRefused: this.#lastRefused };
  }

  gives(tenant: TenantId, cell: CellId): boolean {
    return this.#placement === null || cellOf(this.#placement, tenant) === cell;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.refresh().catch(keepLastGood);
      await this.#clock.sleep(REFRESH_EVERY_MS * (0.8 + 0.2 * this.#rng.next()), signal).catch(keepLastGood);
    }
  }

  async refresh(): Promise<void> {
    const item = await this.#arbiter.get(placementKey, { deadlineAtMs: this.#clock.monotonicMs() + CALL_MS_MAX });
    if (!item || Number(item.version) <= (this.#placement?.version ?? 0)) return;
    try {
      this.#placement = decodePlacement(JSON.parse(String(item.body)));
    } catch (thrown) {
      this.#lastRefused = { version: Number(item.version), reason: toPlatformError(thrown).message };
      throw thrown;
    }
  }
}

/** An arbiter that is gone or a document that does not validate leaves the copy as it was. */
const keepLastGood = () => undefined;
