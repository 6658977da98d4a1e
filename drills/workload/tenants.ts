/** The tenants of a drill: fresh names, issued tokens, and the cell that the router itself says each one lives in. */

import type { Clock } from '../../core/clock.ts';
import type { Tenant } from './entry.ts';
import type { HttpClient } from './http-client.ts';

export interface TenantPort {
  /** A bearer token for the tenant, as the routers accept it. */
  issueToken(tenant: string): Promise<string>;
}

export interface FindTenants {
  readonly clock: Clock;
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
const SERVING_TRIES = 50;
const SERVING_POLL_MS = 200;

/** Throws when a cell gets too few: then it has no share of the map, or the router does not say where it sent a call. */
export async function findTenants(options: FindTenants): Promise<readonly Tenant[]> {
  const { cells, perCell } = options;
  await untilServing(options);
  const found = new Map<string, Tenant[]>(cells.map((cell) => [cell, []]));
  const triesMax = cells.length * perCell * TRIES_PER_TENANT_MAX;
  for (let n = 0; n < triesMax; n++) {
    if ([...found.values()].every((tenants) => tenants.length >= perCell)) break;
    const id = `${options.prefix}-${n}`;
    const { cell, token } = await locate(options, id);
    const tenants = found.get(cell ?? '');
    if (cell !== null && tenants && tenants.length < perCell) tenants.push({ id, cell, token });
  }
  const short = [...found].filter(([, tenants]) => tenants.length < perCell);
  if (short.length === 0) return [...found.values()].flat();
  const counts = short.map(([cell, tenants]) => `${cell}: ${tenants.length}`).join(', ');
  throw new Error(
    `Too few tenants after ${triesMax} names (${counts}; wanted: ${perCell} each). Is every cell in the map, and does it answer?`,
  );
}

/** A platform that has just started says so a moment before its routers have their map. */
async function untilServing(options: FindTenants): Promise<void> {
  let seen = '';
  for (let attempt = 0; attempt < SERVING_TRIES; attempt++) {
    const { cell, said } = await locate(options, `${options.prefix}-first`);
    if (cell !== null) return;
    seen = said;
    await options.clock.sleep(SERVING_POLL_MS);
  }
  const waitedMs = SERVING_TRIES * SERVING_POLL_MS;
  throw new Error(`No router sends a call to a cell after ${waitedMs} ms; the last answer was ${seen}.`);
}

async function locate(options: FindTenants, id: string): Promise<{ cell: string | null; token: string; said: string }> {
  const token = await options.tokens.issueToken(id);
  let said = 'none';
  for (const origin of options.routers) {
    const outcome = await options.http.send({
      origin,
      method: 'GET',
      path: '/carts/where',
      headers: { authorization: `Bearer ${token}` },
      body: null,
      deadlineMs: LOOK_DEADLINE_MS,
    });
    said = `${outcome.status} ${JSON.stringify(outcome.body)}`.slice(0, 300);
    if (outcome.cell !== null) return { cell: outcome.cell, token, said };
  }
  return { cell: null, token, said };
}
