/**
 * The quarantine of a cell in an operator's hands: finds out at the arbiter who owns the cell, and asks that cell's own host,
 * over the links of the first region that reaches both.
 */
import { userInfo } from 'node:os';
import type { ReconciledCommit } from '../cell/cell-store.ts';
import type { QuarantineList, SettledList, WaitingDetail } from '../cell/reconcile/quarantine-view.ts';
import { ARBITER_MS_MAX } from '../control/failover/failover-limits.ts';
import { ERROR_CODES, PlatformError } from '../core/errors.ts';
import type { CellId, RegionName } from '../core/ids.ts';
import { QUARANTINE_PATH, SETTLED_PATH } from '../local/hosts/quarantine-endpoint.ts';
import type { PlatformView } from '../local/platform-control.ts';
import type { Machine } from './failover-operator.ts';
import { openOperatorPorts } from './operator-ports.ts';
import { linkReach, linkUrl } from './operator-reach.ts';
import type { QuarantineOperator } from './services.ts';

/** The host asks two stores, each within its own limit. */
const ANSWER_MS_MAX = 12_000;

interface Ask {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
}

export async function openQuarantineOperator(view: PlatformView, machine: Machine): Promise<QuarantineOperator> {
  const ask = <T>(cell: CellId, what: Ask) => askOwner({ view, machine, cell }, what) as Promise<T>;
  const by = `${userInfo().username} by hand`;
  return {
    list: (cell, after) => ask<QuarantineList>(cell, { method: 'GET', path: QUARANTINE_PATH + query({ after }) }),
    settled: (cell, after) => ask<SettledList>(cell, { method: 'GET', path: SETTLED_PATH + query({ after }) }),
    show: (cell, id) => ask<WaitingDetail>(cell, { method: 'GET', path: QUARANTINE_PATH + query({ id }) }),
    settle: (cell, order) =>
      ask<ReconciledCommit>(cell, { method: 'POST', path: QUARANTINE_PATH, body: { ...order, by } }),
  };
}

function query(members: Readonly<Record<string, string | null>>): string {
  const given = Object.entries(members).filter(([, value]) => value !== null);
  return given.map(([name, value]) => `?${name}=${encodeURIComponent(String(value))}`).join('');
}

interface Asking {
  readonly view: PlatformView;
  readonly machine: Machine;
  readonly cell: CellId;
}

async function askOwner({ view, machine, cell }: Asking, what: Ask): Promise<unknown> {
  const spec = view.topology.cells.find((each) => each.id === cell);
  const reach = linkReach(view, machine.clock);
  let lastError: unknown = null;
  for (const region of spec ? [spec.home, spec.standby] : []) {
    const opened = openOperatorPorts({ reach, region, ...machine });
    let response: Response;
    try {
      const lease = await opened.ports.leases.read(cell, { withinMs: ARBITER_MS_MAX });
      const owner: RegionName = lease?.holder ?? region;
      const url = `${linkUrl(view, { region, target: `${cell}@${owner}` })}${what.path}`;
      response = await send(url, { view, what });
    } catch (thrown) {
      lastError = thrown;
      // A choice that may have arrived is not sent a second time by another way.
      if (what.method === 'POST' && isSent(thrown)) break;
      continue;
    } finally {
      opened.close();
    }
    return answerOf(response);
  }
  throw unreachable(cell, { sent: what.method === 'POST' && isSent(lastError), cause: lastError });
}

function send(url: string, { view, what }: { readonly view: PlatformView; readonly what: Ask }): Promise<Response> {
  return fetch(url, {
    method: what.method,
    headers: { authorization: `Holdfast-Internal ${view.internalSecret}`, 'content-type': 'application/json' },
    ...(what.body === undefined ? {} : { body: JSON.stringify(what.body) }),
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
}

/** Anything but a lease that could not be read. */
const isSent = (thrown: unknown) => thrown !== null && !(thrown instanceof PlatformError);

async function answerOf(response: Response): Promise<unknown> {
  const body: unknown = await response.json();
  if (response.ok) return body;
  const { code, detail, effect } = body as {
    readonly code?: unknown;
    readonly detail?: unknown;
    readonly effect?: unknown;
  };
  throw new PlatformError({
    code: ERROR_CODES.find((known) => known === code) ?? 'INTERNAL',
    kind: response.status < 500 ? 'caller' : 'dependency',
    effect: effect === 'none' ? 'none' : 'unknown',
    message: typeof detail === 'string' ? detail : `The cell answered ${response.status}.`,
  });
}

function unreachable(
  cell: CellId,
  { sent, cause }: { readonly sent: boolean; readonly cause: unknown },
): PlatformError {
  const known = sent
    ? 'It may or may not have been done: repeat it, nothing is done twice.'
    : 'Nothing was changed. "holdfast status" shows what is down.';
  return new PlatformError({
    code: 'CELL_UNREACHABLE',
    kind: 'dependency',
    effect: sent ? 'unknown' : 'none',
    message: `The owner of ${cell} did not answer. ${known}`,
    cause,
  });
}
