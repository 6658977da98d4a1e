/** Whom a fault reached: the tenants whose calls did not succeed after it, and for how long. Seen from the clients only. */
import type { Call, History } from '../history/call.ts';

export interface TenantImpact {
  readonly tenant: string;
  readonly cell: string;
  readonly calls: number;
  readonly errors: number;
  /** The longest time between two successes with an error in it. */
  readonly awayMs: number;
}

export interface BlastRadius {
  readonly tenants: number;
  readonly tenantsHit: number;
  /** `tenantsHit` of `tenants`. */
  readonly share: number;
  readonly cellsHit: readonly string[];
  readonly byTenant: readonly TenantImpact[];
}

/** Answers that the product gives when all is well: no fault reached anybody through them. */
export const BUSINESS_CODES: ReadonlySet<string> = new Set([
  'BUSINESS_REFUSED',
  'NOT_FOUND',
  'INVALID_INPUT',
  'IDEMPOTENCY_KEY_REUSED',
  'DRILL_ENDED',
]);

/** Calls past the routers are the drill's own provocation and reach no tenant. */
export function blastRadiusOf(history: History, from: { readonly faultAtMs: number | null }): BlastRadius {
  const calls = history.calls.filter((call) => call.via === 'router');
  const byTenant = [...grouped(calls)].map(([tenant, of]) =>
    impactOf({ tenant, calls: of, faultAtMs: from.faultAtMs }),
  );
  const hit = byTenant.filter((impact) => impact.errors > 0);
  return {
    tenants: byTenant.length,
    tenantsHit: hit.length,
    share: byTenant.length === 0 ? 0 : hit.length / byTenant.length,
    cellsHit: [...new Set(hit.map((impact) => impact.cell))].sort(),
    byTenant: byTenant.sort((a, b) => b.awayMs - a.awayMs || (a.tenant < b.tenant ? -1 : 1)),
  };
}

export function isError(call: Call): boolean {
  return call.outcome !== 'ok' && !BUSINESS_CODES.has(call.code);
}

function impactOf(of: { tenant: string; calls: readonly Call[]; faultAtMs: number | null }): TenantImpact {
  const faultAtMs = of.faultAtMs ?? Number.POSITIVE_INFINITY;
  const after = of.calls.filter((call) => call.completedAtMs >= faultAtMs);
  const errors = after.filter(isError);
  return {
    tenant: of.tenant,
    cell: of.calls[0]?.cell ?? '',
    calls: of.calls.length,
    errors: errors.length,
    awayMs: longestGapWith(errors, of.calls),
  };
}

function longestGapWith(errors: readonly Call[], calls: readonly Call[]): number {
  const okAtMs = calls.filter((call) => call.outcome === 'ok').map((call) => call.completedAtMs);
  okAtMs.sort((a, b) => a - b);
  const endMs = Math.max(0, ...calls.slice(-1).map((call) => call.completedAtMs));
  const gaps = errors.map((error) => {
    const before = okAtMs.findLast((ms) => ms <= error.completedAtMs) ?? 0;
    const next = okAtMs.find((ms) => ms > error.completedAtMs) ?? Math.max(endMs, error.completedAtMs);
    return next - before;
  });
  return Math.round(Math.max(0, ...gaps));
}

function grouped(calls: readonly Call[]): ReadonlyMap<string, readonly Call[]> {
  const groups = new Map<string, Call[]>();
  for (const call of calls) {
    const tenant = call.key.slice(0, Math.max(0, call.key.indexOf('/')));
    const group = groups.get(tenant);
    if (group) group.push(call);
    else groups.set(tenant, [call]);
  }
  return groups;
}
