/**
 * A probe's question to this router: whether each cell answers a strict read, asked on the way that tenants' requests take
 * (map, breaker, signature, the active region, its lease and its store), by a direct invocation that only IAM lets in. It
 * needs no token and no public path: the router, which the cells trust to name the tenant, names one that nobody is.
 */
import { type CellMap, cellOf } from '../../core/cell-map.ts';
import { type CellId, type TenantId, tenantId } from '../../core/ids.ts';
import { Exchange, type ExchangeParts } from './exchange.ts';

export const PROBE_EVENT = { holdfast: 'probe' } as const;

export interface CellReport {
  readonly cell: string;
  readonly ok: boolean;
  readonly tookMs: number;
  /** Of the region that answered; `null`: none did. */
  readonly region: string | null;
  readonly release: string | null;
  /** The status of the answer, or the code of the error. */
  readonly saw: string;
}

export interface ProbeReport {
  readonly region: string;
  readonly mapAgeMs: number | null;
  readonly cells: readonly CellReport[];
}

/** There is no such order, and there never will be: the answer is 404, once lease and store were asked. */
const TARGET = `/orders/ord_${'0'.repeat(32)}`;
const PROBE_DEADLINE_MS = 5_000;
/** Cells asked at once. */
const CONCURRENCY_MAX = 16;
/** Names tried for each cell until one falls into its buckets: with equal weights one in `cells` does. */
const TRIES_PER_CELL_MAX = 64;

/** A request from the URL never is one: Lambda, not the caller, makes those events. */
export function isProbe(event: unknown): boolean {
  const direct = typeof event === 'object' && event !== null && !('requestContext' in event);
  return direct && (event as { holdfast?: unknown }).holdfast === PROBE_EVENT.holdfast;
}

export async function probeCells(parts: ExchangeParts): Promise<ProbeReport> {
  const { map } = parts.holder;
  const waiting = [...(map === null ? [] : probeTenants(map, parts.cells.size))];
  const cells: CellReport[] = [];
  const askOn = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      cells.push(await probeCell(parts, { cell: next[0], tenant: next[1] }));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY_MAX }, askOn));
  return { region: parts.region, mapAgeMs: parts.holder.ageMs(), cells };
}

async function probeCell(parts: ExchangeParts, ask: { cell: CellId; tenant: TenantId }): Promise<CellReport> {
  const { clock } = parts;
  const startedAtMs = clock.monotonicMs();
  const ended = await Exchange.run(parts, {
    ...{ tenant: ask.tenant, method: 'GET', target: TARGET, forwarded: [], maxStalenessMs: null, body: null },
    ...{ requestId: `probe-${ask.cell}`, deadlineAtMs: startedAtMs + PROBE_DEADLINE_MS },
  });
  const tookMs = clock.monotonicMs() - startedAtMs;
  if ('error' in ended)
    return { cell: ask.cell, ok: false, tookMs, region: null, release: null, saw: ended.error.code };
  const at = ended.headers.findIndex((name, index) => index % 2 === 0 && name === 'x-region');
  const region = at < 0 ? null : (ended.headers[at + 1] ?? null);
  const spec = parts.cells.get(ask.cell);
  const place = [spec?.home, spec?.standby].find((name) => name === region);
  const release = place === undefined ? null : (parts.snapshots.address(ask.cell, place)?.release ?? null);
  return { cell: ask.cell, ok: ended.status === 404, tookMs, region, release, saw: String(ended.status) };
}

/** A name for each cell that has any bucket, the same for as long as the placement is. */
export function probeTenants(map: CellMap, cells: number): ReadonlyMap<CellId, TenantId> {
  const found = new Map<CellId, TenantId>();
  for (let n = 0; n < cells * TRIES_PER_CELL_MAX && found.size < cells; n++) {
    const tenant = tenantId(`holdfast-probe-${n}`);
    const cell = cellOf(map.placement, tenant);
    if (!found.has(cell)) found.set(cell, tenant);
  }
  return found;
}
