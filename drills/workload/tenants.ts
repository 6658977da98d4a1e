/** The tenants of a drill: fresh names, issued tokens, and the cell that the router itself says each one lives in. */

import type { Tenant } from './entry.ts';
import type { HttpClient } from './http-client.ts';

export interface TenantPort {
  /** A bearer token for the tenant, as the routers accept it. */
  issueToken(tenant: string): Promise<string>;
}

export interface FindTenants {
  readonly http: HttpClient;
  readonly tokens: TenantPort;
  readonly routers: readonly string[];
  readonly cells: readonly string[];
  readonly perCell: number;
  /** Makes the names; two runs on one platform must not meet. */
  readonly prefix: string;
}

/** Names are spread by a hash: with this many tries for each one wanted, an evenly weighted cell goes short once in a million runs. */
const TRIES_PER_TENANT_MAX = 24;
const LOOK_DEADLINE_MS = 2_000;

/** Throws when a cell gets too few: then it has no share of the map, or the router does not say where it sent a call. */
export async function findTenants(options: FindTenants): Promise<readonly Tenant[]> {
  const { cells, perCell } = options;
  const found = new Map<string, Tenant[]>(cells.map((cell) => [cell, []]));
  const triesMax = cells.length * perCell * TRIES_PER_TENANT_MAX;
  for (let n = 0; n < triesMax; n++) {
    if ([...found.values()].every((tenants) => tenants.length >= perCell)) break;
    const tenant = await locate(options, `${options.prefix}-${n}`);
    const tenants = tenant && found.get(tenant.cell);
    if (tenant && tenants && tenants.length < perCell) tenants.push(tenant);
  }
  const short = [...found]
    .filter(([, tenants]) => tenants.length < perCell)
    .map(([cell, tenants]) => `${cell}: ${tenants.length}`);
  if (short.length > 0) {
    throw new Error(
      `Too few tenants after ${triesMax} names (${short.join(', ')}; wanted: ${perCell} each). Is every cell in the map, and does it answer?`,
    );
  }
  return [...found.values()].flat();
}

async function locate(options: FindTenants, id: string): Promise<Tenant | null> {
  const token = await options.tokens.issueToken(id);
  for (const origin of options.routers) {
    const outcome = await options.http.send({
      origin,
      method: 'GET',
      path: '/carts/where',
      headers: { authorization: `Bearer ${token}` },
      body: null,
      deadlineMs: LOOK_DEADLINE_MS,
    });
    if (outcome.cell !== null) return { id, cell: outcome.cell, token };
  }
  return null;
}
