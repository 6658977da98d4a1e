/**
 * The placement as people publish it: ranges of buckets and pinned tenants, in words instead of run lengths. It is a document
 * as any other (judged at both ends, kept, audited, taken back), but lies beside the cell map, from which routers and cells
 * read it. Invariant: to and from the map's own form nothing is lost.
 */
import {
  BUCKETS,
  BUCKETS_MOVED_MAX,
  bucketsMoved,
  buildPlacement,
  cellOf,
  OVERRIDES_MAX,
  PLACEMENT_BYTES_MAX,
  type Placement,
  placementOf,
} from '../cell-map.ts';
import { encodePlacement } from '../cell-map-encoding.ts';
import { invalid } from '../errors.ts';
import { type CellId, cellId, shown, type TenantId, tenantId } from '../ids.ts';
import type { Topology } from '../topology.ts';
import type { CheckContext, DocumentType, Objection } from './document-type.ts';
import { DOCUMENT_TYPES } from './document-types.ts';
import { readInteger, readList, readMembers } from './read-body.ts';

export const PLACEMENT = 'placement';

export interface PlacementBody {
  /** In the order of the buckets; together all of them. Neighbours are different cells. */
  readonly ranges: readonly BucketRange[];
  /** Tenants with a cell of their own, whatever their bucket says; by name. */
  readonly pinned: readonly PinnedTenant[];
}

export interface BucketRange {
  readonly cell: CellId;
  readonly buckets: number;
}

export interface PinnedTenant {
  readonly tenant: TenantId;
  readonly cell: CellId;
}

/** Some four thousand ranges, and twice that as text inside an edition is below what one item takes (400 KB). */
const BYTES_MAX = 160 * 1024;

/** What an operator can name. */
export const PUBLISHED_NAMES: readonly string[] = [...DOCUMENT_TYPES.map(({ name }) => name), PLACEMENT];

/** Every type that an operator publishes: those that cells read from the shelves, and the placement of this topology. */
export function publishedTypes(topology: Topology): readonly DocumentType[] {
  return [...DOCUMENT_TYPES, placementDocument(topology)];
}

/** Its bundled default is what the platform begins with: each open cell of the topology by its weight, nobody pinned. */
export function placementDocument({ cells }: Pick<Topology, 'cells'>): DocumentType<PlacementBody> {
  return {
    name: PLACEMENT,
    summary: 'which cell serves a tenant: ranges of buckets, and tenants that are pinned',
    // A bucket that only some cells and routers knew to have moved would be served by two, or by nobody.
    staging: 'at-once',
    bytesMax: BYTES_MAX,
    bundled: placementBody(buildPlacement(cells)),
    parse,
    check,
    isSafeDirection: () => false,
  };
}

export function placementBody({ cells, buckets, overrides }: Placement): PlacementBody {
  const ranges = Array.from(buckets, (index) => ({ cell: cells[index] as CellId, buckets: 1 }));
  return { ranges: joined(ranges), pinned: byTenant([...overrides].map(([tenant, cell]) => ({ tenant, cell }))) };
}

/** In the form of the cell map. */
export function placementFrom({ ranges, pinned }: PlacementBody, version: number): Placement {
  const overrides = new Map(pinned.map(({ tenant, cell }) => [tenant, cell]));
  return placementOf({ version, ranges, overrides });
}

function parse(value: unknown): PlacementBody {
  const members = readMembers(value, { path: PLACEMENT, required: ['ranges', 'pinned'] });
  const ranges = readList(members.get('ranges'), { path: 'ranges', lengthMax: BUCKETS }).map(readRange);
  const filled = ranges.reduce((sum, { buckets }) => sum + buckets, 0);
  if (filled !== BUCKETS) throw invalid(`ranges have ${filled} buckets together. Allowed: ${BUCKETS}, every one once.`);
  const pinned = readList(members.get('pinned'), { path: 'pinned', lengthMax: OVERRIDES_MAX }).map(readPinned);
  const names = new Set<string>();
  for (const { tenant } of pinned) {
    if (names.has(tenant)) throw invalid(`pinned has ${shown(tenant)} twice. Allowed: each tenant once.`);
    names.add(tenant);
  }
  return { ranges: joined(ranges), pinned: byTenant(pinned) };
}

function readRange(value: unknown, index: number): BucketRange {
  const path = `ranges[${index}]`;
  const members = readMembers(value, { path, required: ['cell', 'buckets'] });
  const buckets = readInteger(members.get('buckets'), { path: `${path}.buckets`, min: 1, max: BUCKETS });
  return { cell: cellId(members.get('cell')), buckets };
}

function readPinned(value: unknown, index: number): PinnedTenant {
  const members = readMembers(value, { path: `pinned[${index}]`, required: ['tenant', 'cell'] });
  return { tenant: tenantId(members.get('tenant')), cell: cellId(members.get('cell')) };
}

function check(body: PlacementBody, { topology, before }: CheckContext<PlacementBody>): readonly Objection[] {
  const previous = placementFrom(before, 1);
  const next = placementFrom(body, 2);
  return [
    ...strangeCells(body, topology),
    ...tooLarge(next),
    ...movedBuckets(previous, next),
    ...movedPins(previous, next),
  ];
}

function strangeCells({ ranges, pinned }: PlacementBody, { cells }: Topology): readonly Objection[] {
  const known = new Set(cells.map(({ id }) => id));
  const strange = [...new Set([...ranges, ...pinned].map(({ cell }) => cell))].filter((cell) => !known.has(cell));
  if (strange.length === 0) return [];
  const message = `The topology has no ${shown(strange)}. Allowed: ${[...known].join(', ')}. A new cell is rolled out before the placement that uses it.`;
  return [{ kind: 'semantic', message }];
}

function tooLarge(next: Placement): readonly Objection[] {
  const bytes = JSON.stringify(encodePlacement(next)).length;
  if (bytes <= PLACEMENT_BYTES_MAX) return [];
  return [{ kind: 'semantic', message: `The cell map would take ${bytes} bytes. Allowed: ${PLACEMENT_BYTES_MAX}.` }];
}

/** Routers refuse what moves more in one version, so force would not help. */
function movedBuckets(previous: Placement, next: Placement): readonly Objection[] {
  const moved = bucketsMoved(previous, next);
  if (moved === 0) return [];
  const what = `${moved} of ${BUCKETS} buckets (${((100 * moved) / BUCKETS).toFixed(1)} % of all tenants) go to another cell`;
  if (moved > BUCKETS_MOVED_MAX) {
    const message = `${what}. Allowed in one version: ${BUCKETS_MOVED_MAX}. Publish it in steps.`;
    return [{ kind: 'semantic', message }];
  }
  return [{ kind: 'delta', message: `${what}, ${DATA_STAYS}` }];
}

/** Pinning a tenant where its bucket lies already moves nobody. */
function movedPins(previous: Placement, next: Placement): readonly Objection[] {
  const pinned = new Set([...previous.overrides.keys(), ...next.overrides.keys()]);
  const moved = [...pinned].filter((tenant) => cellOf(previous, tenant) !== cellOf(next, tenant));
  if (moved.length === 0) return [];
  const names = `${moved.slice(0, PINS_NAMED_MAX).join(', ')}${moved.length > PINS_NAMED_MAX ? ', …' : ''}`;
  return [
    {
      kind: 'delta',
      message: `${moved.length} pinned or released tenants (${names}) go to another cell, ${DATA_STAYS}`,
    },
  ];
}

const PINS_NAMED_MAX = 5;
const DATA_STAYS =
  'and what they have stored stays in the old one, where they do not find it any more. Allowed without force: what moves nobody.';

const byTenant = (pinned: readonly PinnedTenant[]) => [...pinned].sort((a, b) => (a.tenant < b.tenant ? -1 : 1));

function joined(ranges: readonly BucketRange[]): readonly BucketRange[] {
  const wider: BucketRange[] = [];
  for (const { cell, buckets } of ranges) {
    const last = wider.at(-1);
    if (last?.cell === cell) wider[wider.length - 1] = { cell, buckets: last.buckets + buckets };
    else wider.push({ cell, buckets });
  }
  return wider;
}
