/** What the router says about itself, under `/_holdfast/`. Read only; it says nothing about tenants' data or secrets. */
import { type CellMap, encodeOwnership, locate } from '../../core/cell-map.ts';
import { isPlatformError, PlatformError } from '../../core/errors.ts';
import { type CellId, type RegionName, tenantId } from '../../core/ids.ts';
import { type CellSpecs, decide } from './decide.ts';
import type { LinkBreaker } from './link-breaker.ts';
import { jsonAnswer, type OwnAnswer, problemAnswer } from './own-answer.ts';

export const INTROSPECTION_PREFIX = '/_holdfast/';

/** A map older than this means that control is away: worth saying, no reason to stop serving. */
const MAP_STALE_MS = 5_000;

/** What any host shows of itself. */
export interface Introspected {
  readonly region: RegionName;
  readonly cells: CellSpecs;
  readonly holder: {
    readonly map: CellMap | null;
    readonly warnings: readonly string[];
    readonly hintsLearned: number;
    ageMs(): number | null;
  };
  readonly poller: { status(): unknown };
  readonly lastKnownGood: { readonly lastError: string | null };
  readonly authenticator: { readonly hasKeys: boolean };
  readonly links: readonly {
    readonly cell: CellId;
    readonly region: RegionName;
    readonly link: { readonly breaker: LinkBreaker; readonly inFlight: number; readonly counts: object };
  }[];
  readonly inFlightMax: number;
}

export function introspect(parts: Introspected, ask: { target: string; requestId: string }): OwnAnswer {
  const url = new URL(`http://router${ask.target}`);
  try {
    return jsonAnswer(report(parts, url));
  } catch (error) {
    if (!isPlatformError(error)) throw error;
    return problemAnswer(error, { requestId: ask.requestId });
  }
}

function report(parts: Introspected, url: URL): { status: number; body: unknown } {
  switch (url.pathname.slice(INTROSPECTION_PREFIX.length)) {
    case 'health':
      return health(parts);
    case 'status':
      return { status: 200, body: status(parts) };
    case 'explain':
      return { status: 200, body: explain(parts, url.searchParams.get('tenant')) };
  }
  throw new PlatformError({
    code: 'NOT_FOUND',
    kind: 'caller',
    effect: 'none',
    message: 'Nothing here. Allowed: /_holdfast/health, /_holdfast/status, /_holdfast/explain?tenant=….',
  });
}

function health(parts: Introspected): { status: number; body: unknown } {
  const serves = parts.holder.map !== null && parts.authenticator.hasKeys;
  return { status: serves ? 200 : 503, body: { serves, map: mapSummary(parts) } };
}

function status(parts: Introspected): unknown {
  const { holder, poller, lastKnownGood } = parts;
  return {
    region: parts.region,
    map: mapSummary(parts),
    ownership: encodeOwnership(holder.map?.ownership ?? new Map()),
    warnings: holder.warnings,
    hintsLearned: holder.hintsLearned,
    poll: poller.status(),
    lastKnownGood: { lastError: lastKnownGood.lastError },
    links: parts.links.map(({ cell, region, link }) => ({
      cell,
      region,
      breaker: link.breaker.state,
      inFlight: link.inFlight,
      inFlightMax: parts.inFlightMax,
      ...link.counts,
    })),
  };
}

function mapSummary({ holder }: Introspected): unknown {
  if (holder.map === null) return null;
  const { placement, source } = holder.map;
  const ageMs = holder.ageMs() ?? 0;
  return { version: placement.version, checksum: placement.checksum, source, ageMs, stale: ageMs > MAP_STALE_MS };
}

function explain(parts: Introspected, name: string | null): unknown {
  const tenant = tenantId(name);
  const { map } = parts.holder;
  const forward = decide({ tenant, map, cells: parts.cells });
  if (map === null || isPlatformError(forward)) throw forward;
  const owner = map.ownership.get(forward.cell);
  return {
    ...locate(map.placement, tenant),
    region: forward.region,
    alternative: forward.alternative,
    epoch: owner?.epoch ?? null,
    regionBy: owner === undefined ? 'home' : 'ownership',
    map: mapSummary(parts),
  };
}
