/**
 * The merge of carts, pure. Problem: both regions accept changes of one cart while they can't reach each other. Obstacle:
 * choosing the later timestamp loses an acknowledged change. Rule: each region writes only its own *lane*, which counts what
 * it added and took away per product (a PN-counter); the cart is the sum of the lanes. A lane's newer version contains
 * its older ones, so merging takes the newest of each lane: commutative, associative, idempotent.
 *
 * Source: Shapiro, Preguiça, Baquero, Zawirski, "A comprehensive study of convergent and commutative replicated data
 * types" (INRIA 2011), state-based PN-counter.
 */

export interface LaneLine {
  readonly increments: number;
  readonly decrements: number;
}

export interface Lane {
  readonly region: string;
  /** Grows with every change of the lane; 0: never written. */
  readonly version: number;
  readonly lines: ReadonlyMap<string, LaneLine>;
}

/** The newest lane known of each region. */
export type CartLanes = ReadonlyMap<string, Lane>;

export interface CartLine {
  readonly sku: string;
  readonly quantity: number;
}

export function lanesOf(...lanes: readonly Lane[]): CartLanes {
  return lanes.reduce<CartLanes>((merged, lane) => mergeCarts(merged, new Map([[lane.region, lane]])), new Map());
}

export function mergeCarts(a: CartLanes, b: CartLanes): CartLanes {
  const merged = new Map(a);
  for (const [region, lane] of b) {
    const other = merged.get(region);
    if (other === undefined || other.version < lane.version) merged.set(region, lane);
  }
  return merged;
}

/** What all lanes together say; below zero when both regions took away the same pieces. */
export function netQuantity(lanes: CartLanes, sku: string): number {
  let net = 0;
  for (const lane of lanes.values()) net += laneNet(lane.lines.get(sku));
  return net;
}

/** The cart as people see it: products with a positive quantity, by name. */
export function cartLines(lanes: CartLanes): readonly CartLine[] {
  const skus = new Set([...lanes.values()].flatMap((lane) => [...lane.lines.keys()]));
  return [...skus]
    .sort()
    .map((sku) => ({ sku, quantity: netQuantity(lanes, sku) }))
    .filter((line) => line.quantity > 0);
}

/** The lane's line after `delta` pieces more (or fewer). */
export function shifted(line: LaneLine | undefined, delta: number): LaneLine {
  const { increments = 0, decrements = 0 } = line ?? {};
  return delta >= 0 ? { increments: increments + delta, decrements } : { increments, decrements: decrements - delta };
}

export function laneNet(line: LaneLine | undefined): number {
  return line === undefined ? 0 : line.increments - line.decrements;
}
