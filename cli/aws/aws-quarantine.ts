/**
 * The quarantine on AWS. Looking is done here, on the tables, with the operator's own credentials, so that it works while no
 * function answers. Settling is a fenced commit, and only a process that holds the lease may make one: the owner's relay
 * gets the order (docs/decisions/aws-operator.md). An operator never acts as the owner.
 */
import { userInfo } from 'node:os';
import type { ConflictRule, ReconciledCommit } from '../../cell/cell-store.ts';
import { QuarantineView } from '../../cell/reconcile/quarantine-view.ts';
import type { SettleRequest } from '../../cell/reconcile/settle-order.ts';
import type { RegionFunctions } from '../../control/aws/region-functions.ts';
import { ARBITER_MS_MAX } from '../../control/failover/failover-limits.ts';
import { cellFunctionName, LIVE } from '../../core/aws-names.ts';
import { ERROR_CODES, PlatformError } from '../../core/errors.ts';
import type { CellId, RegionName } from '../../core/ids.ts';
import type { Machine } from '../failover-operator.ts';
import { type OperatorPorts, openOperatorPorts } from '../operator-ports.ts';
import type { OperatorReach } from '../operator-reach.ts';
import type { QuarantineOperator } from '../services.ts';

export interface AwsQuarantineParts {
  readonly reach: OperatorReach & { functions(region: string): RegionFunctions };
  readonly machine: Machine;
  /** How the services merge, for what `show` says a merge would do. */
  readonly rules: readonly ConflictRule[];
}

const relayOf = (cell: CellId) => `${cellFunctionName(cell, 'relay')}:${LIVE}`;

interface Owned {
  readonly owner: RegionName;
  readonly peer: RegionName;
  readonly opened: OperatorPorts;
}

/** The relay itself bounds a settlement by 10 s; a cold start comes before it. */
const SETTLE_MS_MAX = 25_000;

export function openAwsQuarantine(parts: AwsQuarantineParts): QuarantineOperator {
  const look = <T>(cell: CellId, use: (view: QuarantineView) => Promise<T>) =>
    withOwner(parts, cell, (owned) => use(viewOf(parts, { cell, ...owned })));
  return {
    list: (cell, after) => look(cell, (view) => view.list(after)),
    settled: (cell, after) => look(cell, (view) => view.settled(after)),
    show: (cell, id) => look(cell, (view) => view.show(id)),
    settle: (cell, order) =>
      withOwner(parts, cell, ({ owner }) =>
        settle(parts, { cell, owner, order: { ...order, by: `${userInfo().username} by hand` } }),
      ),
  };
}

/** Over the first region that reaches the arbiter. */
async function withOwner<T>(
  { reach, machine }: AwsQuarantineParts,
  cell: CellId,
  use: (owned: Owned) => Promise<T>,
): Promise<T> {
  const spec = reach.topology.cells.find((each) => each.id === cell);
  let lastError: unknown = null;
  for (const [region, other] of spec ? [[spec.home, spec.standby] as const, [spec.standby, spec.home] as const] : []) {
    const opened = openOperatorPorts({ reach, region, ...machine });
    try {
      const limit = { withinMs: ARBITER_MS_MAX + reach.coldMs };
      const lease = await opened.ports.leases.read(cell, limit).catch((thrown: unknown) => {
        lastError = thrown;
        return undefined;
      });
      if (lease === undefined) continue;
      const owner = lease?.holder ?? region;
      return await use({ owner, peer: owner === region ? other : region, opened });
    } finally {
      opened.close();
    }
  }
  throw new PlatformError({
    code: 'ARBITER_UNAVAILABLE',
    kind: 'dependency',
    effect: 'none',
    message: `No region says who owns ${cell}. Nothing was changed. "holdfast status --target aws" shows what answers.`,
    cause: lastError,
  });
}

/** What the owner's own desk would show. */
function viewOf(
  { machine, rules }: AwsQuarantineParts,
  { cell, owner, peer, opened }: Owned & { readonly cell: CellId },
): QuarantineView {
  return new QuarantineView({
    ...{ region: owner, peerRegion: peer, clock: machine.clock },
    own: opened.store({ cell, region: owner }),
    peer: opened.store({ cell, region: peer }),
    ruleOf: (aggregate) => rules.find(({ prefix }) => aggregate.startsWith(prefix)) ?? null,
  });
}

async function settle(
  { reach }: AwsQuarantineParts,
  { cell, owner, order }: { readonly cell: CellId; readonly owner: RegionName; readonly order: SettleRequest },
): Promise<ReconciledCommit> {
  const event = { holdfast: 'settle', order };
  const { body, functionError } = await reach
    .functions(owner)
    .invoke(relayOf(cell), event, AbortSignal.timeout(SETTLE_MS_MAX))
    .catch((cause: unknown) => Promise.reject(notTold({ cell, owner, cause })));
  const { settled, problem } = (body ?? {}) as { readonly settled?: unknown; readonly problem?: unknown };
  if (functionError === null && settled) return settled as ReconciledCommit;
  if (functionError === null && problem) throw refusalOf(problem);
  throw notTold({ cell, owner, cause: functionError ?? 'an answer of another version' });
}

function refusalOf(problem: unknown): PlatformError {
  const { code, message, effect } = problem as Readonly<Record<string, unknown>>;
  return new PlatformError({
    code: ERROR_CODES.find((known) => known === code) ?? 'INTERNAL',
    kind: 'caller',
    effect: effect === 'none' ? 'none' : 'unknown',
    message: typeof message === 'string' ? message : 'The owner refused without a reason.',
  });
}

function notTold({ cell, owner, cause }: { cell: CellId; owner: RegionName; cause: unknown }): PlatformError {
  const seen = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return new PlatformError({
    code: 'CELL_UNREACHABLE',
    kind: 'dependency',
    effect: 'unknown',
    message: `${relayOf(cell)} in ${owner}, which owns ${cell}, did not say what became of it (${seen}). It may or may not have been done: repeat it, nothing is done twice.`,
    cause,
  });
}
