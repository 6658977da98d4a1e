/**
 * Changes and reads carts. Invariant: a change is counted in this region's own lane only, relative to the merged quantity
 * seen, so that whatever the peer acknowledges meanwhile survives the merge.
 */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import type { CallBounds } from '../../cell/cell-store.ts';
import { type Change, COMMIT_CHANGES_MAX, type CommitReceipt } from '../../core/commit.ts';
import { PlatformError } from '../../core/errors.ts';
import type { TenantId } from '../../core/ids.ts';
import { retryConflicts } from '../commit-retry.ts';
import { type CartLanes, type CartLine, cartLines, laneNet, lanesOf, netQuantity, shifted } from './cart-lanes.ts';
import { type AppliedKey, decodeLane, deleteLine, laneId, putApplied, putLine, type StoredLane } from './lane-items.ts';

/** Lines that a cart may show. */
export const CART_LINES_MAX = 200;
/** Lines that a lane may hold, with those that the other lane cancels out. */
export const LANE_LINES_MAX = 400;
export const LINE_QUANTITY_MAX = 999;

export interface CartRef {
  readonly tenant: TenantId;
  readonly cart: string;
}

export interface CartResult {
  readonly lines: readonly CartLine[];
  readonly degraded: CommitReceipt['degraded'];
}

interface CartView {
  readonly own: StoredLane;
  readonly peer: StoredLane;
  readonly lanes: CartLanes;
}

/** What a change wants: pieces more or fewer per product, given what is there. */
type Intent = (lanes: CartLanes) => readonly { readonly sku: string; readonly delta: number }[];

export class CartService {
  readonly #runtime: CellRuntime;

  constructor(runtime: CellRuntime) {
    this.#runtime = runtime;
  }

  async read(ref: CartRef, bounds: CallBounds): Promise<readonly CartLine[]> {
    return cartLines((await this.#view(ref, bounds)).lanes);
  }

  /** Sets the quantity as this region sees it. Throws `BUSINESS_REFUSED` when the cart is full, `IDEMPOTENCY_KEY_REUSED`. */
  setQuantity(ref: CartRef & CartLine, options: CallBounds & { idempotencyKey: string | null }): Promise<CartResult> {
    const { sku, quantity } = ref;
    const key = options.idempotencyKey;
    return this.#change(ref, {
      ...options,
      applied: key === null ? null : { key, fingerprint: `${sku}=${quantity}` },
      // Relative to the raw sum, not to the clamped one: after this, people see exactly what they asked for.
      intent: (lanes) => [{ sku, delta: quantity - netQuantity(lanes, sku) }],
    });
  }

  /** Takes an order's pieces out, once for each order. Pieces that were put in meanwhile stay. */
  takeOrdered(
    ref: CartRef & { readonly orderId: string; readonly lines: readonly CartLine[] },
    bounds: CallBounds,
  ): Promise<CartResult> {
    return this.#change(ref, {
      ...bounds,
      applied: { key: `order/${ref.orderId}`, fingerprint: 'ordered' },
      intent: () => ref.lines.map(({ sku, quantity }) => ({ sku, delta: -quantity })),
    });
  }

  #change(
    ref: CartRef,
    options: CallBounds & { readonly applied: AppliedKey | null; readonly intent: Intent },
  ): Promise<CartResult> {
    return retryConflicts(this.#runtime, options, async () => {
      const view = await this.#view(ref, options);
      if (wasApplied(view, options.applied)) return { lines: cartLines(view.lanes), degraded: null };
      const changes = laneChanges(view, options.intent(view.lanes));
      if (options.applied) changes.push(putApplied(view.own, options.applied));
      if (changes.length === 0) return { lines: cartLines(view.lanes), degraded: null };
      const { aggregate } = view.own;
      const receipt = await this.#runtime.store.commit(
        { aggregate: aggregate.id, class: 'mergeable', expected: aggregate.head, changes },
        { ...options, ack: 'local' },
      );
      return { lines: linesAfter(view, changes), degraded: receipt.degraded };
    });
  }

  async #view(ref: CartRef, bounds: CallBounds): Promise<CartView> {
    const { region, peer } = this.#runtime.identity;
    const [own, other] = await Promise.all([this.#lane(ref, region, bounds), this.#lane(ref, peer, bounds)]);
    return { own, peer: other, lanes: lanesOf(own.lane, other.lane) };
  }

  async #lane(ref: CartRef, region: string, bounds: CallBounds): Promise<StoredLane> {
    return decodeLane(await this.#runtime.store.read(laneId({ ...ref, region }), bounds), region);
  }
}

function wasApplied({ own, peer }: CartView, wanted: AppliedKey | null): boolean {
  if (wanted === null) return false;
  // The peer's keys too: after a failover the repeat arrives at the other region.
  const seen = [...own.applied, ...peer.applied].find(({ key }) => key === wanted.key);
  if (seen === undefined) return false;
  if (seen.fingerprint === wanted.fingerprint) return true;
  throw new PlatformError({
    code: 'IDEMPOTENCY_KEY_REUSED',
    kind: 'caller',
    effect: 'none',
    message: `The idempotency key ${wanted.key} belongs to another change of this cart (${seen.fingerprint}). Choose a new key.`,
  });
}

function laneChanges({ own, lanes }: CartView, wanted: ReturnType<Intent>): Change[] {
  const moved = wanted.filter(({ delta }) => delta !== 0);
  const changes = moved.map(({ sku, delta }) => putLine(sku, shifted(own.lane.lines.get(sku), delta)));
  const grows = moved.some(({ sku, delta }) => delta > 0 && netQuantity(lanes, sku) <= 0);
  if (grows && cartLines(lanes).length >= CART_LINES_MAX) throw cartFull(`${CART_LINES_MAX} lines`);
  const added = moved.filter(({ sku }) => !own.lane.lines.has(sku)).length;
  if (added === 0 || own.lane.lines.size + added <= LANE_LINES_MAX) return changes;
  // One change is left for the keys.
  const room = COMMIT_CHANGES_MAX - 1 - changes.length;
  const spent = spentLines(own, new Set(moved.map(({ sku }) => sku))).slice(0, room);
  if (own.lane.lines.size + added - spent.length > LANE_LINES_MAX) throw cartFull(`${LANE_LINES_MAX} changed products`);
  return [...changes, ...spent.map(deleteLine)];
}

/** Lines whose additions and removals are equal say nothing any more: the newest state of a lane is whole without them. */
function spentLines({ lane }: StoredLane, keep: ReadonlySet<string>): readonly string[] {
  return [...lane.lines].filter(([sku, line]) => laneNet(line) === 0 && !keep.has(sku)).map(([sku]) => sku);
}

function linesAfter({ own, peer }: CartView, changes: readonly Change[]): readonly CartLine[] {
  const items = new Map(own.aggregate.items);
  for (const change of changes) {
    if (change.kind === 'put') items.set(change.item, change.data);
    else items.delete(change.item);
  }
  const next = decodeLane({ ...own.aggregate, items }, own.lane.region);
  return cartLines(lanesOf(next.lane, peer.lane));
}

function cartFull(allowed: string): PlatformError {
  return new PlatformError({
    code: 'BUSINESS_REFUSED',
    kind: 'caller',
    effect: 'none',
    message: `The cart is full. Allowed: ${allowed}. Remove a line or order what is in the cart first.`,
  });
}
