/** What the router says about itself, under `/_holdfast/`. Read only; it says nothing about tenants' data or secrets. */
import type { ServerResponse } from 'node:http';
import { encodeOwnership, locate } from '../../core/cell-map.ts';
import { isPlatformError, PlatformError } from '../../core/errors.ts';
import { tenantId } from '../../core/ids.ts';
import { decide } from '../core/decide.ts';
import { IN_FLIGHT_PER_LINK_MAX } from '../core/limits.ts';
import { answerJson, refuse } from './refuse.ts';
import type { RouterParts } from './router-parts.ts';

export const INTROSPECTION_PREFIX = '/_holdfast/';

/** A map older than this means that control is away: worth saying, no reason to stop serving. */
const MAP_STALE_MS = 5_000;

export function introspect(
  parts: RouterParts,
  ask: { target: string; response: ServerResponse; requestId: string },
): void {
  const url = new URL(ask.target, 'http://router');
  try {
    answerJson(ask.response, report(parts, url));
  } catch (error) {
    if (!isPlatformError(error)) throw error;
    refuse(ask.response, error, { requestId: ask.requestId });
  }
}

function report(parts: RouterParts, url: URL): { status: number; body: unknown } {
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

function health(parts: RouterParts): { status: number; body: unknown } {
  const serves = parts.holder.map !== null && parts.authenticator.hasKeys;
  return { status: serves ? 200 : 503, body: { serves, map: mapSummary(parts) } };
}

function status(parts: RouterParts): unknown {
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
      inFlightMax: IN_FLIGHT_PER_LINK_MAX,
      ...link.counts,
    })),
  };
}

function mapSummary({ holder }: RouterParts): unknown {
  if (holder.map === null) return null;
  const { placement, source } = holder.map;
  const ageMs = holder.ageMs() ?? 0;
  return { version: placement.version, checksum: placement.checksum, source, ageMs, stale: ageMs > MAP_STALE_MS };
}

function explain(parts: RouterParts, name: string | null): unknown {
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
