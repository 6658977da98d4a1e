/**
 * The likes of a product: a counter that either region counts up without a lease, in the lanes of the carts (one line).
 * Once for each idempotency key, as far as a lane remembers keys; each lane is written by its own region only.
 */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import type { CallBounds } from '../../cell/cell-store.ts';
import { aggregateId, type TenantId } from '../../core/ids.ts';
import { lanesOf, netQuantity, shifted } from '../cart/cart-lanes.ts';
import { decodeLane, putApplied, putLine, type StoredLane } from '../cart/lane-items.ts';
import { retryConflicts } from '../commit-retry.ts';

export interface ProductRef {
  readonly tenant: TenantId;
  readonly sku: string;
}

const LINE = 'likes';

export class Likes {
  readonly #runtime: CellRuntime;

  constructor(runtime: CellRuntime) {
    this.#runtime = runtime;
  }

  async count(ref: ProductRef, bounds: CallBounds): Promise<number> {
    const { own, peer } = await this.#lanes(ref, bounds);
    return netQuantity(lanesOf(own.lane, peer.lane), LINE);
  }

  /** One more; returns the sum as this region sees it. */
  like(ref: ProductRef & { readonly key: string }, bounds: CallBounds): Promise<number> {
    return retryConflicts(this.#runtime, bounds, async () => {
      const { own, peer } = await this.#lanes(ref, bounds);
      const before = netQuantity(lanesOf(own.lane, peer.lane), LINE);
      // The peer's keys too: after a failover the repeat arrives at the other region.
      if ([...own.applied, ...peer.applied].some(({ key }) => key === ref.key)) return before;
      const changes = [
        putLine(LINE, shifted(own.lane.lines.get(LINE), 1)),
        putApplied(own, { key: ref.key, fingerprint: 'like' }),
      ];
      const { id, head } = own.aggregate;
      const draft = { aggregate: id, class: 'mergeable', expected: head, changes } as const;
      await this.#runtime.store.commit(draft, { ...bounds, ack: 'local' });
      return before + 1;
    });
  }

  async #lanes(ref: ProductRef, bounds: CallBounds): Promise<{ readonly own: StoredLane; readonly peer: StoredLane }> {
    const { region, peer } = this.#runtime.identity;
    const [ours, theirs] = await Promise.all([this.#lane(ref, region, bounds), this.#lane(ref, peer, bounds)]);
    return { own: ours, peer: theirs };
  }

  async #lane({ tenant, sku }: ProductRef, region: string, bounds: CallBounds): Promise<StoredLane> {
    const id = aggregateId(`likes/${tenant}/${sku}@${region}`);
    return decodeLane(await this.#runtime.store.read(id, bounds), region);
  }
}
