/** The descriptions of products in the cell's store: reads both lanes, commits an edit to the own one, and retries conflicts. */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import type { CallBounds } from '../../cell/cell-store.ts';
import type { Aggregate } from '../../core/commit.ts';
import { PlatformError } from '../../core/errors.ts';
import { aggregateId } from '../../core/ids.ts';
import { retryConflicts } from '../commit-retry.ts';
import { type DescriptionLane, edited, emptyLane, SIBLINGS_MAX, standing, type Version } from './description-lanes.ts';
import type { ProductRef } from './likes.ts';

const LANE_ITEM = 'lane';

export class Descriptions {
  readonly #runtime: CellRuntime;

  constructor(runtime: CellRuntime) {
    this.#runtime = runtime;
  }

  async read(ref: ProductRef, bounds: CallBounds): Promise<readonly Version[]> {
    const { own, peer } = await this.#lanes(ref, bounds);
    return standing(own.lane, peer);
  }

  /** Throws `BUSINESS_REFUSED` when too many edits of this region stand beside each other. */
  edit(
    ref: ProductRef & { readonly text: string; readonly resolves: readonly string[] },
    bounds: CallBounds,
  ): Promise<readonly Version[]> {
    return retryConflicts(this.#runtime, bounds, async () => {
      const { own, peer } = await this.#lanes(ref, bounds);
      const atMs = this.#runtime.clock.wallMs();
      const next = edited(own.lane, peer, { text: ref.text, resolves: ref.resolves, atMs });
      if (next === null) throw unsettled(ref.sku);
      if (next !== own.lane) {
        const { id, head } = own.aggregate;
        const changes = [{ kind: 'put', item: LANE_ITEM, data: next }] as const;
        const draft = { aggregate: id, class: 'mergeable', expected: head, changes } as const;
        await this.#runtime.store.commit(draft, { ...bounds, ack: 'local' });
      }
      return standing(next, peer);
    });
  }

  async #lanes(ref: ProductRef, bounds: CallBounds) {
    const { region, peer } = this.#runtime.identity;
    const [ours, theirs] = await Promise.all([this.#read(ref, region, bounds), this.#read(ref, peer, bounds)]);
    return { own: { aggregate: ours, lane: laneIn(ours, region) }, peer: laneIn(theirs, peer) };
  }

  #read({ tenant, sku }: ProductRef, region: string, bounds: CallBounds): Promise<Aggregate> {
    return this.#runtime.store.read(aggregateId(`description/${tenant}/${sku}@${region}`), bounds);
  }
}

function laneIn(aggregate: Aggregate, region: string): DescriptionLane {
  const stored = aggregate.items.get(LANE_ITEM);
  return stored ? (stored as unknown as DescriptionLane) : emptyLane(region);
}

function unsettled(sku: string): PlatformError {
  return new PlatformError({
    code: 'BUSINESS_REFUSED',
    kind: 'caller',
    effect: 'none',
    message: `The description of ${sku} has ${SIBLINGS_MAX} versions of this region that nobody settled, which is the limit. GET it, and PUT one text that names them in "resolves".`,
  });
}
