/**
 * The placement as a document: buckets as base64 of run lengths (LEB128 pairs of length and cell index), so that a fresh
 * map of three cells takes some 12 bytes and a thoroughly mixed one of a thousand cells 64 kB. What comes in is never
 * trusted: every length, index and name is checked before anything is allocated by it, and only `PlatformError`
 * (`INVALID_CELL_MAP`) comes out. The checksum finds corruption and mix-ups; it is no signature.
 */
import { BUCKETS, CELLS_MAX, OVERRIDES_MAX, type Placement } from './cell-map-placement.ts';
import { isPlatformError, PlatformError } from './errors.ts';
import { fnv1a32 } from './hash.ts';
import { type CellId, cellId, shown, type TenantId, tenantId } from './ids.ts';

export const PLACEMENT_SCHEMA = 'holdfast.placement/1';

export interface EncodedPlacement {
  readonly schema: typeof PLACEMENT_SCHEMA;
  readonly version: number;
  readonly cells: readonly string[];
  readonly buckets: string;
  readonly overrides: readonly (readonly [tenant: string, cell: string])[];
  readonly checksum: string;
}

/** A run of one bucket takes at most 1 byte for its length and 2 for an index below 4,096; base64 makes 4 of 3. */
const BUCKETS_TEXT_LENGTH_MAX = BUCKETS * 4;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function encodePlacement(placement: Placement): EncodedPlacement {
  return { ...encodedBody(placement), checksum: placement.checksum };
}

/** Completes what `build` made. The checksum covers every other field of the document. */
export function sealed(placement: Omit<Placement, 'checksum'>): Placement {
  return { ...placement, checksum: checksumOf(encodedBody(placement)) };
}

export function decodePlacement(document: unknown): Placement {
  try {
    return decode(document);
  } catch (error) {
    if (isPlatformError(error) && error.code === 'INVALID_CELL_MAP') throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw invalidCellMap(`Unreadable placement document: ${message}`, error);
  }
}

export function invalidCellMap(message: string, cause?: unknown): PlatformError {
  return new PlatformError({ code: 'INVALID_CELL_MAP', kind: 'caller', effect: 'none', message, cause });
}

type Body = Omit<EncodedPlacement, 'checksum'>;

function encodedBody(placement: Omit<Placement, 'checksum'>): Body {
  const overrides = [...placement.overrides].sort(([a], [b]) => (a < b ? -1 : 1));
  const { version, cells } = placement;
  return { schema: PLACEMENT_SCHEMA, version, cells, buckets: encodeRuns(placement.buckets), overrides };
}

function checksumOf({ schema, version, cells, buckets, overrides }: Body): string {
  return fnv1a32(JSON.stringify([schema, version, cells, buckets, overrides]))
    .toString(16)
    .padStart(8, '0');
}

function decode(document: unknown): Placement {
  if (typeof document !== 'object' || document === null) {
    throw invalidCellMap(`Not a placement document: ${shown(document)}. Allowed: an object of ${PLACEMENT_SCHEMA}.`);
  }
  const { schema, version, cells, buckets, overrides, checksum } = document as Partial<Record<string, unknown>>;
  if (schema !== PLACEMENT_SCHEMA) {
    throw invalidCellMap(`Placement of schema ${shown(schema)}. Allowed: ${shown(PLACEMENT_SCHEMA)}.`);
  }
  const body = {
    schema: PLACEMENT_SCHEMA,
    version: decodeVersion(version),
    cells: decodeCells(cells),
    buckets: decodeText(buckets),
    overrides: decodeOverrides(overrides),
  } as const;
  if (checksum !== checksumOf(body)) {
    throw invalidCellMap(
      `Placement ${body.version} carries checksum ${shown(checksum)}, its content has ${checksumOf(body)}. ` +
        'It was damaged or mixed up on its way: publish it again.',
    );
  }
  const listed = new Set(body.cells);
  for (const [tenant, cell] of body.overrides) {
    if (!listed.has(cell)) throw invalidCellMap(`Tenant ${tenant} is pinned to ${cell}, which is no cell of it.`);
  }
  return {
    version: body.version,
    cells: body.cells,
    buckets: decodeRuns(body.buckets, body.cells.length),
    overrides: new Map(body.overrides),
    checksum: checksum as string,
  };
}

function decodeVersion(version: unknown): number {
  if (typeof version === 'number' && Number.isSafeInteger(version) && version >= 1) return version;
  throw invalidCellMap(`Placement of version ${shown(version)}. Allowed: an integer from 1.`);
}

function decodeCells(cells: unknown): readonly CellId[] {
  if (!Array.isArray(cells) || cells.length < 1 || cells.length > CELLS_MAX) {
    throw invalidCellMap(`Cells of a placement: ${shown(sizeOf(cells))}. Allowed: a list of 1–${CELLS_MAX} cell ids.`);
  }
  const ids = cells.map(cellId);
  if (new Set(ids).size !== ids.length) throw invalidCellMap(`A cell is listed twice in ${shown(ids)}.`);
  return ids;
}

function decodeText(buckets: unknown): string {
  if (typeof buckets === 'string' && buckets.length <= BUCKETS_TEXT_LENGTH_MAX && BASE64.test(buckets)) return buckets;
  throw invalidCellMap(
    `Buckets of a placement: ${shown(sizeOf(buckets))}. Allowed: base64 of at most ${BUCKETS_TEXT_LENGTH_MAX} characters.`,
  );
}

function decodeOverrides(overrides: unknown): readonly (readonly [TenantId, CellId])[] {
  if (!Array.isArray(overrides) || overrides.length > OVERRIDES_MAX) {
    throw invalidCellMap(
      `Overrides of a placement: ${shown(sizeOf(overrides))}. Allowed: a list of at most ${OVERRIDES_MAX}.`,
    );
  }
  const seen = new Set<string>();
  return overrides.map((pair: unknown) => {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw invalidCellMap(`Not an override: ${shown(pair)}. Allowed: [tenant, cell].`);
    }
    const tenant = tenantId(pair[0]);
    if (seen.has(tenant)) throw invalidCellMap(`Tenant ${tenant} is pinned twice. Keep one override.`);
    seen.add(tenant);
    return [tenant, cellId(pair[1])] as const;
  });
}

function sizeOf(value: unknown): unknown {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'string' ? `${value.length} characters, ${shown(value)}` : value;
}

function encodeRuns(buckets: Uint16Array): string {
  let bytes = '';
  for (let start = 0; start < buckets.length; ) {
    const cell = buckets[start] as number;
    let end = start + 1;
    while (end < buckets.length && buckets[end] === cell) end += 1;
    bytes += varint(end - start) + varint(cell);
    start = end;
  }
  return btoa(bytes);
}

function varint(value: number): string {
  let bytes = '';
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes += String.fromCharCode((rest & 0x7f) | 0x80);
  return bytes + String.fromCharCode(rest);
}

function decodeRuns(text: string, cells: number): Uint16Array {
  const bytes = atob(text);
  const buckets = new Uint16Array(BUCKETS);
  const cursor = { at: 0 };
  let filled = 0;
  while (cursor.at < bytes.length) {
    const length = readVarint(bytes, cursor);
    const cell = readVarint(bytes, cursor);
    if (length < 1 || filled + length > BUCKETS)
      throw invalidCellMap(`A run of ${length} buckets at ${filled} of ${BUCKETS}.`);
    if (cell >= cells) throw invalidCellMap(`Bucket ${filled} names cell number ${cell} of ${cells}.`);
    buckets.fill(cell, filled, filled + length);
    filled += length;
  }
  if (filled !== BUCKETS) throw invalidCellMap(`The placement fills ${filled} buckets. Allowed: exactly ${BUCKETS}.`);
  return buckets;
}

/** At most three bytes: enough for 2^21, above every length and index that is allowed. */
function readVarint(bytes: string, cursor: { at: number }): number {
  let value = 0;
  for (let shift = 0; shift < 21; shift += 7) {
    if (cursor.at >= bytes.length) break;
    const byte = bytes.charCodeAt(cursor.at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw invalidCellMap(`A number that does not end at byte ${cursor.at} of the buckets.`);
}
