/**
 * Publishes the map of one region as a snapshot in its bucket, for routers that poll it.
 *
 * Problem: two runs of the publisher may overlap, and the older one may write last. Obstacle: nobody stops it. Rule: a run
 * reads the bucket first and the arbiter after that, and writes only over what it read. So what it writes was true after what
 * it writes over, whoever it was; and ownership is merged by epoch, placement kept at the higher version besides.
 *
 *   late run    reads bucket (v7) ── reads arbiter ─────────────── writes over v7: refused
 *   other run                 reads v7 ── reads arbiter ── writes v8
 */
import {
  type CellMap,
  decodeOwnership,
  decodePlacement,
  type EncodedOwner,
  encodeOwnership,
  encodePlacement,
  mergeOwnership,
  type Placement,
} from '../../core/cell-map.ts';
import type { Clock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import { type CellAddress, decodeSnapshot, encodeSnapshot } from '../../core/map-snapshot.ts';
import type { Topology } from '../../core/topology.ts';
import type { MapPublisher } from './map-publisher.ts';

/** Where the cells' services are, as their keepers announced it. */
export interface AddressSource {
  addresses(topology: Topology, withinMs: number): Promise<readonly CellAddress[]>;
}

export interface StoredSnapshot {
  readonly document: unknown;
  readonly etag: string;
}

/** The bucket of one region. */
export interface SnapshotStore {
  /** `null`: there is none yet. */
  read(withinMs: number): Promise<StoredSnapshot | null>;
  /** Writes over exactly what was read (`null`: over nothing). `false`: somebody else has written meanwhile. */
  write(text: string, over: { readonly etag: string | null; readonly withinMs: number }): Promise<boolean>;
}

/** The edge's key-value store. Idempotent: it makes the store hold what the map says, whoever else does the same. */
export interface EdgeStore {
  hold(map: Pick<CellMap, 'placement' | 'ownership'>, withinMs: number): Promise<void>;
}

export type PublishOutcome =
  | { readonly outcome: 'unchanged' | 'written'; readonly version: number }
  /** Another run was quicker; what it wrote is as new or newer. */
  | { readonly outcome: 'overtaken' };

const CALL_MS_MAX = 3_000;
/** A first filling takes some dozens of calls. */
const EDGE_MS_MAX = 15_000;

interface Content {
  readonly placement: Placement;
  readonly ownership: CellMap['ownership'];
  readonly addresses: readonly CellAddress[];
}

export interface SnapshotPublisherOptions {
  readonly map: Pick<MapPublisher, 'refresh' | 'published'>;
  readonly addresses: AddressSource;
  readonly store: SnapshotStore;
  /** `null`: there is no edge router. */
  readonly edge: EdgeStore | null;
  readonly topology: Topology;
  readonly clock: Clock;
}

export class SnapshotPublisher {
  readonly #o: SnapshotPublisherOptions;

  constructor(options: SnapshotPublisherOptions) {
    this.#o = options;
  }

  /** One run. Rejects when arbiter, bucket or the edge's store do not answer: what was published stands. */
  async publish(): Promise<PublishOutcome> {
    const { store, edge } = this.#o;
    const stored = await store.read(CALL_MS_MAX);
    const before = stored === null ? null : readStored(stored.document);
    const now = await this.#read();
    const next = before === null ? now : newer(before.content, now);
    const outcome = await this.#bring(next, { stored, before });
    // Last: the routers' map must not wait for the edge's store, nor fail with it.
    if (outcome.outcome !== 'overtaken') await edge?.hold(next, EDGE_MS_MAX);
    return outcome;
  }

  async #bring(
    next: Content,
    over: { readonly stored: StoredSnapshot | null; readonly before: ReturnType<typeof readStored> },
  ): Promise<PublishOutcome> {
    const { store, clock } = this.#o;
    const { stored, before } = over;
    if (before !== null && same(before.content, next)) return { outcome: 'unchanged', version: before.version };
    // Above the one before, and above that of a bucket which was emptied meanwhile: routers remember the version.
    const version = Math.max((before?.version ?? 0) + 1, Math.floor(clock.wallMs()));
    const text = encodeSnapshot({ version, writtenAtMs: clock.wallMs(), ...encoded(next) });
    const written = await store.write(text, { etag: stored?.etag ?? null, withinMs: CALL_MS_MAX });
    return written ? { outcome: 'written', version } : { outcome: 'overtaken' };
  }

  async #read(): Promise<Content> {
    const { map, addresses, topology } = this.#o;
    // The first refresh of a new platform only puts the first placement.
    for (let tries = 0; map.published === null && tries < 2; tries++) await map.refresh();
    if (map.published === null) throw noMap();
    const { placement, ownership } = map.published.map;
    return {
      placement: decodePlacement(placement),
      ownership: decodeOwnership(ownership),
      addresses: inOrder(await addresses.addresses(topology, CALL_MS_MAX)),
    };
  }
}

/** `null` for what is damaged or of another schema: it is replaced, and the arbiter has everything that was in it. */
function readStored(document: unknown): { readonly version: number; readonly content: Content } | null {
  try {
    const { version, placement, ownership, addresses } = decodeSnapshot(document);
    const decoded = { placement: decodePlacement(placement), ownership: decodeOwnership(ownership) };
    return { version, content: { ...decoded, addresses: inOrder(addresses) } };
  } catch {
    // Nobody can read it, the routers neither: better a new one than to leave it there.
    return null;
  }
}

function newer(before: Content, now: Content): Content {
  const placement = now.placement.version < before.placement.version ? before.placement : now.placement;
  return { placement, ownership: mergeOwnership(before.ownership, now.ownership), addresses: now.addresses };
}

function same(a: Content, b: Content): boolean {
  return JSON.stringify(encoded(a)) === JSON.stringify(encoded(b));
}

function encoded({ placement, ownership, addresses }: Content) {
  const owners: readonly EncodedOwner[] = encodeOwnership(ownership);
  const sorted = [...owners].sort((a, b) => (a.cell < b.cell ? -1 : 1));
  return { placement: encodePlacement(placement), ownership: sorted, addresses };
}

function inOrder(addresses: readonly CellAddress[]): readonly CellAddress[] {
  const place = ({ cell, region }: CellAddress) => `${cell}@${region}`;
  return [...addresses].sort((a, b) => (place(a) < place(b) ? -1 : 1));
}

function noMap(): PlatformError {
  return new PlatformError({
    code: 'NO_CELL_MAP',
    kind: 'dependency',
    effect: 'none',
    message: 'The arbiter has no placement, although one was just put there. Run the publisher again.',
  });
}
