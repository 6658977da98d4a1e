/**
 * A router of one region with its real decision, hint and ownership code: it asks the region that its map names, learns
 * from a 421, tries once more, and now and then gets the ownership from the control plane, late. Judges two things at each
 * step: what it knows never goes back to an earlier epoch, and never names another region than the one that got that epoch.
 */
import { buildPlacement, type CellMap, mergeOwnership, type Owner } from '../../core/cell-map.ts';
import { isPlatformError } from '../../core/errors.ts';
import { type RegionName, tenantId } from '../../core/ids.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';
import { cellSpecs, decide, type Forward } from '../../router/core/decide.ts';
import { learn, readHint } from '../../router/core/hints.ts';
import { retryRegion } from '../../router/core/retry.ts';
import type { Trouble } from './coverage.ts';
import { CELL } from './schedule.ts';

const TOPOLOGY = defaultTopology({ cells: 1 });
const CELLS = cellSpecs(TOPOLOGY);
const PLACEMENT = buildPlacement(TOPOLOGY.cells);
const TENANT = tenantId('acme');

export interface SimRouterOptions {
  readonly saw: (trouble: Trouble) => void;
  /** Who got that epoch by the arbiter's own history; `null`: nobody. */
  readonly ownerOf: (epoch: number) => RegionName | null;
  readonly fail: (invariant: string, detail: string) => void;
}

/** What a cell's 421 says, from its own view of the lease. */
export interface NotHere {
  readonly owner: RegionName | null;
  readonly epoch: number | null;
}

export class SimRouter {
  readonly #o: SimRouterOptions;
  #map: CellMap = { placement: PLACEMENT, ownership: new Map(), source: 'disk', confirmedAtMs: 0 };

  constructor(options: SimRouterOptions) {
    this.#o = options;
  }

  forward(): Forward {
    const forward = decide({ tenant: TENANT, map: this.#map, cells: CELLS });
    if (isPlatformError(forward)) throw forward;
    return forward;
  }

  /** Where to try again after a 421; `null`: the caller is told that nobody is here. */
  refused(
    attempted: { readonly forward: Forward; readonly region: RegionName; readonly attempts: number },
    said: NotHere,
  ) {
    const epoch = said.epoch === null ? undefined : String(said.epoch);
    const hint = readHint({ cell: CELL, cells: CELLS, owner: said.owner ?? undefined, epoch });
    if (hint !== null) {
      const next = learn(this.#map, { cell: CELL, hint });
      this.#o.saw(next === this.#map ? 'router refused an older hint' : 'router learnt from a hint');
      this.#become(next);
    }
    const owner = hint === null ? null : (this.#map.ownership.get(CELL)?.region ?? null);
    return retryRegion({ kind: 'not-here', owner }, { ...attempted, method: 'POST', replayable: true });
  }

  /** The publisher's ownership, however old. */
  published(owner: Owner): void {
    const ownership = mergeOwnership(this.#map.ownership, new Map([[CELL, owner]]));
    this.#become({ ...this.#map, ownership });
  }

  #become(next: CellMap): void {
    const before = this.#map.ownership.get(CELL);
    const after = next.ownership.get(CELL);
    this.#map = next;
    if (!after) return;
    if (before && after.epoch < before.epoch) this.#o.fail('hint-back', `from ${before.epoch} to ${after.epoch}`);
    const owner = this.#o.ownerOf(after.epoch);
    if (owner !== after.region) this.#o.fail('hint-wrong', `epoch ${after.epoch} is ${owner}'s, not ${after.region}'s`);
  }
}
