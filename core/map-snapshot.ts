/**
 * The cell map as one document for routers that poll a bucket: placement, ownership, and where each cell's services are
 * reached. Read like user input: sizes before content, every name and URL, and a checksum over the rest. `version` grows with
 * each snapshot that a publisher writes to a bucket. The checksum finds corruption and mix-ups; it is no signature.
 */
import { type EncodedOwner, type EncodedPlacement, PLACEMENT_BYTES_MAX } from './cell-map.ts';
import { isPlatformError, PlatformError } from './errors.ts';
import { fnv1a32 } from './hash.ts';
import { type CellId, cellId, type RegionName, regionName, shown } from './ids.ts';
import { SERVICES, type ServiceName } from './service-paths.ts';

export const SNAPSHOT_SCHEMA = 'holdfast.map-snapshot/1';
export const SNAPSHOT_KEY = 'map.json';
/** Placement, and for a thousand cells in two regions some 300 bytes of addresses each, with room to spare. */
export const SNAPSHOT_BYTES_MAX = PLACEMENT_BYTES_MAX * 4;
/** A thousand cells in two regions, twice: some may be on their way out. */
const ADDRESSES_MAX = 4_000;
const URL_LENGTH_MAX = 256;
const RELEASE = /^[A-Za-z0-9._-]{1,64}$/;

export interface CellAddress {
  readonly cell: CellId;
  readonly region: RegionName;
  /** Origins, without a path: `https://….lambda-url.us-east-1.on.aws`. */
  readonly urls: Readonly<Record<ServiceName, string>>;
  readonly release: string | null;
}

export interface MapSnapshot {
  readonly version: number;
  /** For people: when the publisher wrote it, on its wall clock. */
  readonly writtenAtMs: number;
  /** Not yet validated: whoever takes it does, against what it has. */
  readonly placement: unknown;
  readonly ownership: unknown;
  readonly addresses: readonly CellAddress[];
}

export interface SnapshotDraft extends MapSnapshot {
  readonly placement: EncodedPlacement;
  readonly ownership: readonly EncodedOwner[];
}

export function encodeSnapshot(draft: SnapshotDraft): string {
  const { version, writtenAtMs, placement, ownership, addresses } = draft;
  const checksum = checksumOf({ version, placement, ownership, addresses });
  return JSON.stringify({ schema: SNAPSHOT_SCHEMA, version, writtenAtMs, placement, ownership, addresses, checksum });
}

/** Throws `INVALID_CELL_MAP` for anything that is not a whole, well-formed snapshot. */
export function decodeSnapshot(document: unknown): MapSnapshot {
  if (typeof document !== 'object' || document === null) throw invalidSnapshot(`Not a snapshot: ${shown(document)}.`);
  const { schema, version, writtenAtMs, placement, ownership, addresses, checksum } = document as Record<
    string,
    unknown
  >;
  if (schema !== SNAPSHOT_SCHEMA) throw invalidSnapshot(`Schema ${shown(schema)}. Allowed: ${shown(SNAPSHOT_SCHEMA)}.`);
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1)
    throw invalidSnapshot(`Version ${shown(version)}. Allowed: an integer from 1.`);
  const seen = checksumOf({ version, placement, ownership, addresses });
  if (seen !== checksum)
    throw invalidSnapshot(`Checksum ${shown(checksum)}, of the content: ${seen}. Damaged on its way.`);
  return {
    ...{ version, placement, ownership },
    writtenAtMs: Number(writtenAtMs) || 0,
    addresses: decodeAddresses(addresses),
  };
}

/** Throws `INVALID_CELL_MAP`. */
export function decodeAddress(document: unknown): CellAddress {
  try {
    const { cell, region, urls, release } = document as Partial<Record<string, unknown>>;
    const given = urls as Readonly<Partial<Record<ServiceName, unknown>>>;
    const origins = SERVICES.map((service) => [service, serviceOrigin(given[service])] as const);
    return {
      cell: cellId(cell),
      region: regionName(region),
      urls: Object.fromEntries(origins) as Record<ServiceName, string>,
      release: typeof release === 'string' && RELEASE.test(release) ? release : null,
    };
  } catch (error) {
    if (isPlatformError(error) && error.code === 'INVALID_CELL_MAP') throw error;
    const message = error instanceof Error ? error.message : 'unreadable.';
    throw invalidSnapshot(`Not an address of a cell: ${message} Allowed: {cell, region, urls, release}.`);
  }
}

function decodeAddresses(addresses: unknown): readonly CellAddress[] {
  if (!Array.isArray(addresses) || addresses.length > ADDRESSES_MAX) {
    const seen = Array.isArray(addresses) ? `a list of ${addresses.length}` : typeof addresses;
    throw invalidSnapshot(`Addresses: ${seen}. Allowed: a list of at most ${ADDRESSES_MAX}.`);
  }
  return addresses.map(decodeAddress);
}

/** Requests are signed and carry tenants' data: nothing but TLS, save to the same machine. */
function serviceOrigin(value: unknown): string {
  const url =
    typeof value === 'string' && value.length <= URL_LENGTH_MAX && URL.canParse(value) ? new URL(value) : null;
  const local = url?.protocol === 'http:' && url.hostname === '127.0.0.1';
  if (url !== null && (url.protocol === 'https:' || local) && url.username === '' && url.password === '')
    return url.origin;
  throw invalidSnapshot(`URL ${shown(value)} of a cell's service. Allowed: an https URL.`);
}

function checksumOf(
  content: Pick<MapSnapshot, 'version' | 'placement' | 'ownership'> & { addresses: unknown },
): string {
  const { version, placement, ownership, addresses } = content;
  return fnv1a32(JSON.stringify([SNAPSHOT_SCHEMA, version, placement, ownership, addresses]))
    .toString(16)
    .padStart(8, '0');
}

function invalidSnapshot(message: string): PlatformError {
  return new PlatformError({ code: 'INVALID_CELL_MAP', kind: 'caller', effect: 'none', message });
}
