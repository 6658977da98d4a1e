/**
 * The prober's questions on a running platform: a tenant of its own for each cell reads its cart and sets one line of it, through one
 * router after the other. Invariant: it finds its tenants by the map alone, so a cell that does not answer is a failed probe
 * and not a prober that can't begin.
 */
import type { ProbePort } from '../../control/rollout/gates/probes-gate.ts';
import { PlatformError } from '../../core/errors.ts';
import type { CellId } from '../../core/ids.ts';
import type { Topology } from '../../core/topology.ts';

export interface ShopProbesOptions {
  readonly topology: Topology;
  /** May still be looked for; while nobody knows them, every probe fails. */
  readonly routers: readonly string[] | Promise<readonly string[]>;
  readonly issueToken: (tenant: string) => Promise<string>;
}

interface ProbeTenant {
  readonly token: string;
}

/** Names are spread by weight: a cell with a hundredth of them is found in so many with near certainty. */
const NAMES_MAX = 1_000;
const CART = '/carts/rollout-probe';

export function shopProbes(options: ShopProbesOptions): ProbePort {
  const tenants = new Map<CellId, ProbeTenant>();
  const tenantOf = async (cell: CellId, signal: AbortSignal): Promise<ProbeTenant> => {
    const found = tenants.get(cell) ?? (await findTenant(options, { cell, signal }));
    tenants.set(cell, found);
    return found;
  };
  return {
    cells: options.topology.cells.map(({ id }) => id),
    ask: async (cell, turn, { signal }) => {
      const { token } = await tenantOf(cell, signal);
      const routers = await options.routers;
      const router = routers[turn % routers.length];
      // Each router gets both questions in turn.
      const isWrite = Math.floor(turn / routers.length) % 2 === 1;
      const response = await fetch(`${router}${CART}${isWrite ? '/items/probe' : ''}`, {
        signal,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(isWrite ? { method: 'PUT', body: '{"quantity":1}' } : {}),
      });
      const text = await response.text();
      return response.ok ? null : `${isWrite ? 'PUT' : 'GET'} ${response.status} ${codeOf(text)}`.trim();
    },
  };
}

/** The router says from memory where it would send a name. */
async function findTenant(
  { routers, issueToken }: ShopProbesOptions,
  { cell, signal }: { readonly cell: CellId; readonly signal: AbortSignal },
): Promise<ProbeTenant> {
  const [router] = await routers;
  for (let n = 0; n < NAMES_MAX; n++) {
    const tenant = `rollout-probe-${n}`;
    const response = await fetch(`${router}/_holdfast/explain?tenant=${tenant}`, { signal });
    const said = (await response.json()) as { readonly cell?: unknown };
    if (said.cell === cell) return { token: await issueToken(tenant) };
  }
  throw new PlatformError({
    code: 'NO_CELL_MAP',
    kind: 'dependency',
    effect: 'none',
    message: `None of ${NAMES_MAX} names lives in ${cell}: it has no share of the map, so nobody can probe it.`,
  });
}

function codeOf(text: string): string {
  try {
    return String((JSON.parse(text) as { readonly code?: unknown }).code ?? '');
  } catch {
    // No problem document: the status says enough.
    return '';
  }
}
