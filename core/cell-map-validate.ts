/**
 * The checks that a placement passes before it replaces another, at the publisher and again at each consumer: schema and
 * checksum (decoding), cells that the topology has, a version that only grows, a bounded share of buckets in motion, a
 * bounded size. It refuses; it never repairs.
 */
import { decodePlacement, encodePlacement, invalidCellMap } from './cell-map-encoding.ts';
import { BUCKETS, bucketsMoved, type Placement } from './cell-map-placement.ts';
import { type CellId, shown } from './ids.ts';

/** A quarter of all tenants in one version: what the fourth cell takes when it joins three. */
export const BUCKETS_MOVED_MAX = BUCKETS / 4;

/** Four times what a thoroughly mixed map of a thousand cells takes. */
export const PLACEMENT_BYTES_MAX = 256 * 1024;

/** A warning from here on leaves time to act before the limit refuses. */
const WARNING_RATIO = 0.8;

export interface PlacementLimits {
  /** What the candidate would replace; `null` at a consumer that has none yet. */
  readonly previous: Placement | null;
  readonly topologyCells: readonly CellId[];
  /** For one version. Who missed some versions may see as many times this. */
  readonly bucketsMovedMax: number;
  readonly bytesMax: number;
}

export interface JudgedPlacement {
  readonly placement: Placement;
  /** The very document that is in force already. */
  readonly unchanged: boolean;
  readonly bucketsMoved: number;
  readonly bytes: number;
  readonly warnings: readonly string[];
}

/** Throws `INVALID_CELL_MAP` (effect none): what was in force stays in force. */
export function validatePlacement(candidate: unknown, limits: PlacementLimits): JudgedPlacement {
  const placement = decodePlacement(candidate);
  const { previous } = limits;
  const bytes = JSON.stringify(encodePlacement(placement)).length;
  checkSize(bytes, limits.bytesMax);
  checkCellsKnown(placement, limits.topologyCells);
  if (previous !== null && previous.version === placement.version && previous.checksum === placement.checksum) {
    return { placement: previous, unchanged: true, bucketsMoved: 0, bytes, warnings: [] };
  }
  const moved = previous === null ? 0 : bucketsMoved(previous, placement);
  if (previous !== null) {
    checkVersion(placement, previous);
    checkVelocity({ moved, versions: placement.version - previous.version, bucketsMovedMax: limits.bucketsMovedMax });
  }
  const warnings = [
    ...nearing({ what: 'bytes', seen: bytes, max: limits.bytesMax }),
    ...nearing({ what: 'buckets moved', seen: moved, max: limits.bucketsMovedMax }),
  ];
  return { placement, unchanged: false, bucketsMoved: moved, bytes, warnings };
}

function checkSize(bytes: number, bytesMax: number): void {
  if (bytes <= bytesMax) return;
  throw invalidCellMap(
    `The placement takes ${bytes} bytes. Allowed: ${bytesMax}. Remove overrides or raise the limit.`,
  );
}

function checkCellsKnown(placement: Placement, topologyCells: readonly CellId[]): void {
  const known = new Set(topologyCells);
  const strange = placement.cells.find((cell) => !known.has(cell));
  if (strange === undefined) return;
  throw invalidCellMap(
    `Placement ${placement.version} names cell ${strange}, which the topology lacks. Allowed: ${shown(topologyCells)}. ` +
      'Roll the topology out before the placement that uses it.',
  );
}

function checkVersion(placement: Placement, previous: Placement): void {
  if (placement.version > previous.version) return;
  const what =
    placement.version === previous.version
      ? `Placement ${placement.version} came twice with different content (${previous.checksum}, ${placement.checksum}).`
      : `Placement ${placement.version} is older than ${previous.version}, which is in force.`;
  throw invalidCellMap(
    `${what} Allowed: a version above ${previous.version}. A delayed publisher? Publish a new version.`,
  );
}

function checkVelocity(seen: { moved: number; versions: number; bucketsMovedMax: number }): void {
  const allowed = seen.bucketsMovedMax * seen.versions;
  if (seen.moved <= allowed) return;
  throw invalidCellMap(
    `The placement moves ${seen.moved} of ${BUCKETS} buckets in ${seen.versions} version(s). Allowed: ` +
      `${seen.bucketsMovedMax} a version. Split the change into steps.`,
  );
}

function nearing({ what, seen, max }: { what: string; seen: number; max: number }): readonly string[] {
  return seen >= max * WARNING_RATIO
    ? [`${seen} ${what}: ${Math.round((100 * seen) / max)} % of the limit of ${max}.`]
    : [];
}
