/**
 * Making placements. A rebalance moves a bucket only from a cell that has more than its share to one that has less, so
 * adding or reweighting a cell moves exactly the share that changes hands; the same input always gives the same map.
 */
import { sealed } from './cell-map-encoding.ts';
import { BUCKETS, CELLS_MAX, OVERRIDES_MAX, type Placement } from './cell-map-placement.ts';
import { PlatformError } from './errors.ts';
import { type CellId, shown, type TenantId } from './ids.ts';
import type { CellSpec } from './topology.ts';

export type PlacementCell = Pick<CellSpec, 'id' | 'weight' | 'intake'>;

export const WEIGHT_MAX = 100;

/** The first placement: each open cell gets one range, as wide as its weight. */
export function buildPlacement(cells: readonly PlacementCell[]): Placement {
  checkCells(cells);
  const shares = sharesOf(cells, { available: BUCKETS, held: new Map() });
  const buckets = new Uint16Array(BUCKETS);
  let filled = 0;
  cells.forEach((cell, index) => {
    const share = shares.get(cell.id) ?? 0;
    buckets.fill(index, filled, filled + share);
    filled += share;
  });
  return sealed({ version: 1, cells: cells.map((cell) => cell.id), buckets, overrides: new Map() });
}

/**
 * The next version for these cells. Draining cells keep what they hold; cells that are gone lose everything. With
 * `bucketsMovedMax` it goes only so far in one version: call again for the next step, until it returns `previous`.
 */
export function rebalance(
  previous: Placement,
  cells: readonly PlacementCell[],
  limits: { readonly bucketsMovedMax?: number } = {},
): Placement {
  checkCells(cells);
  for (const [tenant, cell] of previous.overrides) {
    if (!cells.some((spec) => spec.id === cell)) {
      throw invalidTopology(`Tenant ${tenant} is pinned to ${cell}, which is not among the cells. Unpin it first.`);
    }
  }
  const holders = holdersOf(previous);
  const staying = cells.filter((cell) => cell.intake === 'draining');
  const kept = staying.reduce((sum, cell) => sum + (holders.get(cell.id)?.length ?? 0), 0);
  const held = new Map([...holders].map(([id, buckets]) => [id, buckets.length]));
  const shares = sharesOf(cells, { available: BUCKETS - kept, held });
  for (const cell of staying) shares.set(cell.id, held.get(cell.id) ?? 0);

  const moves = planMoves({ holders, shares, cells }).slice(0, limits.bucketsMovedMax ?? BUCKETS);
  return applyMoves(previous, { moves, cells, remaining: holders });
}

/** Pins a tenant to a cell, or (with `null`) unpins it; the next version. Moving its data is the caller's business. */
export function withOverride(previous: Placement, pin: { tenant: TenantId; cell: CellId | null }): Placement {
  const overrides = new Map(previous.overrides);
  if (pin.cell === null) overrides.delete(pin.tenant);
  else if (previous.cells.includes(pin.cell)) overrides.set(pin.tenant, pin.cell);
  else throw invalidTopology(`No cell ${pin.cell} to pin ${pin.tenant} to. Allowed: ${shown(previous.cells)}.`);
  if (overrides.size > OVERRIDES_MAX) {
    throw invalidTopology(`${overrides.size} pinned tenants. Allowed: ${OVERRIDES_MAX}. Unpin some first.`);
  }
  return sealed({ ...previous, version: previous.version + 1, overrides });
}

/** From ranges of buckets, in their order, that fill the placement exactly. */
export function placementOf(given: {
  readonly version: number;
  readonly ranges: readonly { readonly cell: CellId; readonly buckets: number }[];
  readonly overrides: ReadonlyMap<TenantId, CellId>;
}): Placement {
  const { version, ranges, overrides } = given;
  const cells = [...new Set([...ranges.map(({ cell }) => cell), ...overrides.values()])];
  const indexOf = new Map(cells.map((cell, index) => [cell, index]));
  const buckets = new Uint16Array(BUCKETS);
  let filled = 0;
  for (const range of ranges) {
    buckets.fill(indexOf.get(range.cell) as number, filled, filled + range.buckets);
    filled += range.buckets;
  }
  return sealed({ version, cells, buckets, overrides });
}

interface Move {
  readonly bucket: number;
  readonly to: CellId;
}

function applyMoves(
  previous: Placement,
  plan: { moves: readonly Move[]; cells: readonly PlacementCell[]; remaining: ReadonlyMap<CellId, number[]> },
): Placement {
  // A cell that is gone stays listed for as long as a bucket still names it.
  const moved = new Map(plan.moves.map((move) => [move.bucket, move.to]));
  const listed = plan.cells.map((cell) => cell.id);
  for (const [id, buckets] of plan.remaining) {
    if (!listed.includes(id) && buckets.some((bucket) => !moved.has(bucket))) listed.push(id);
  }
  const sameCells = listed.length === previous.cells.length && listed.every((id, at) => previous.cells[at] === id);
  if (moved.size === 0 && sameCells) return previous;

  const indexOf = new Map(listed.map((id, index) => [id, index]));
  const buckets = Uint16Array.from(previous.buckets, (index, bucket) => {
    const cell = moved.get(bucket) ?? (previous.cells[index] as CellId);
    return indexOf.get(cell) as number;
  });
  return sealed({ version: previous.version + 1, cells: listed, buckets, overrides: previous.overrides });
}

/** Donors give their last buckets, recipients take in the order of the cells: that keeps the runs long. */
function planMoves(input: {
  holders: ReadonlyMap<CellId, number[]>;
  shares: ReadonlyMap<CellId, number>;
  cells: readonly PlacementCell[];
}): Move[] {
  const surplus = [...input.holders].flatMap(([id, buckets]) => buckets.slice(input.shares.get(id) ?? 0));
  surplus.sort((a, b) => a - b);
  const moves: Move[] = [];
  for (const { id } of input.cells) {
    const wanted = (input.shares.get(id) ?? 0) - (input.holders.get(id)?.length ?? 0);
    for (let taken = 0; taken < wanted; taken++) moves.push({ bucket: surplus[moves.length] as number, to: id });
  }
  return moves;
}

function holdersOf(placement: Placement): Map<CellId, number[]> {
  const holders = new Map<CellId, number[]>(placement.cells.map((id) => [id, []]));
  placement.buckets.forEach((index, bucket) => {
    holders.get(placement.cells[index] as CellId)?.push(bucket);
  });
  return holders;
}

/**
 * Whole buckets for each open cell, less than one away from its exact share (so a cell whose share is whole takes none
 * of what rounding leaves over). The left-over ones go first to cells that would otherwise give one away, then to cells
 * that gain anyway: so rounding never moves a bucket of its own.
 */
function sharesOf(
  cells: readonly PlacementCell[],
  input: { available: number; held: ReadonlyMap<CellId, number> },
): Map<CellId, number> {
  const open = cells.filter((cell) => cell.intake === 'open');
  const weights = open.reduce((sum, cell) => sum + cell.weight, 0);
  const exact = open.map((cell) => {
    const share = (input.available * cell.weight) / weights;
    const floor = Math.floor(share);
    const held = input.held.get(cell.id) ?? 0;
    return { id: cell.id, floor, fraction: share - floor, rank: held > floor ? 0 : held < floor ? 1 : 2 };
  });
  let left = input.available - exact.reduce((sum, cell) => sum + cell.floor, 0);
  const shares = new Map(exact.map((cell) => [cell.id, cell.floor]));
  // `sort` is stable: cells that tie stay in the order of the topology.
  const rounded = exact.filter((cell) => cell.fraction > 0);
  for (const cell of rounded.sort((a, b) => a.rank - b.rank || b.fraction - a.fraction)) {
    if (left <= 0) break;
    shares.set(cell.id, cell.floor + 1);
    left -= 1;
  }
  return shares;
}

function checkCells(cells: readonly PlacementCell[]): void {
  if (cells.length < 1 || cells.length > CELLS_MAX) {
    throw invalidTopology(`${cells.length} cells to place tenants on. Allowed: 1–${CELLS_MAX}.`);
  }
  if (new Set(cells.map((cell) => cell.id)).size !== cells.length) {
    throw invalidTopology(`A cell is listed twice in ${shown(cells.map((cell) => cell.id))}. List each once.`);
  }
  if (!cells.some((cell) => cell.intake === 'open')) {
    throw invalidTopology('Every cell is draining. Allowed: at least one with intake "open". Open one or add a cell.');
  }
  const odd = cells.find((cell) => !Number.isInteger(cell.weight) || cell.weight < 1 || cell.weight > WEIGHT_MAX);
  if (odd)
    throw invalidTopology(`Cell ${odd.id} has weight ${shown(odd.weight)}. Allowed: an integer 1–${WEIGHT_MAX}.`);
}

function invalidTopology(message: string): PlatformError {
  return new PlatformError({ code: 'INVALID_TOPOLOGY', kind: 'caller', effect: 'none', message });
}
