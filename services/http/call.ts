/**
 * One request as the domain sees it: who calls, until when, under which idempotency key. Built from headers that the
 * router set, and checked again here: a cell refuses a tenant that is not its own and a write while it is not active.
 */
import type { CellRuntime, Standing } from '../../cell/cell-runtime.ts';
import type { RoutePolicy } from '../../core/consistency.ts';
import { invalid, PlatformError } from '../../core/errors.ts';
import { type Epoch, shown, type TenantId, tenantId } from '../../core/ids.ts';
import type { EffectiveModes, OperationMode } from '../../core/modes/effective-modes.ts';
import { Session } from '../session/session.ts';
import type { SessionBounds } from '../session/session-store.ts';
import { SESSION_HEADER } from '../session/session-token.ts';
import { askedStalenessMs, copyBoundMs, type Freshness, judgeFreshness, MAX_STALENESS_HEADER } from './freshness.ts';
import { refuseSwitchedOff } from './switched-off.ts';

export interface Call extends SessionBounds {
  readonly session: Session;
  readonly tenant: TenantId;
  readonly idempotencyKey: string | null;
  /** The epoch under which the request was let in; `null` for what needs no lease. */
  readonly epoch: Epoch | null;
  readonly freshness: Freshness;
  /** What is left of the operation; never nothing, for then the request was refused. */
  readonly mode: OperationMode;
}

/** The header by its lower-case name; `undefined` when absent. */
export type HeaderReader = (name: string) => string | undefined;

export const TENANT_HEADER = 'x-holdfast-tenant';
export const CELL_HEADER = 'x-holdfast-cell';
export const OWNER_HEADER = 'x-holdfast-owner';
export const MOVING_HEADER = 'x-holdfast-moving';
export const DEADLINE_HEADER = 'x-deadline-ms';
export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';

/** Long enough for a UUID with a prefix or a signed reference; it becomes part of an item. */
export const IDEMPOTENCY_KEY_LENGTH_MAX = 128;
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;
const DEADLINE = /^\d{1,9}$/;

interface Admission {
  readonly runtime: CellRuntime;
  readonly policy: RoutePolicy;
  readonly header: HeaderReader;
  readonly mode: OperationMode;
  readonly modes: EffectiveModes;
}

/**
 * Throws what keeps the request out: `INVALID_INPUT`, `WRONG_CELL`, `DEGRADED`, `NOT_ACTIVE`, `COPY_BEHIND`, `DEADLINE_EXCEEDED`,
 * `IDEMPOTENCY_KEY_MISSING`. Whose request it is comes first: no mode tells a stranger anything, or lets one in.
 */
export function admit({ runtime, policy, header, mode, modes }: Admission): Call {
  const tenant = tenantId(header(TENANT_HEADER));
  checkCell({ runtime, tenant, addressed: header(CELL_HEADER) });
  refuseSwitchedOff({ mode, modes, clock: runtime.clock, rng: runtime.rng });
  const askedMs = askedStalenessMs(header(MAX_STALENESS_HEADER)) ?? copyBoundMs(mode);
  const freshness = judgeFreshness(runtime, { policy, askedMs });
  return {
    tenant,
    mode,
    ...standingFor({ runtime, policy, freshness }),
    session: new Session(runtime, header(SESSION_HEADER)),
    keepsSession: policy.ack === 'none',
    deadlineAtMs: runtime.clock.monotonicMs() + allowedMs(policy, header(DEADLINE_HEADER)),
    idempotencyKey: idempotencyKey(policy, header(IDEMPOTENCY_KEY_HEADER)),
  };
}

/** Mergeable aggregates are written by each region in its own lane, so either region takes them. */
function standingFor(options: { runtime: CellRuntime; policy: RoutePolicy; freshness: Freshness | null }) {
  const { runtime, policy, freshness } = options;
  if (freshness !== null && (policy.class === 'mergeable' || freshness.kind !== 'unbounded')) {
    return { epoch: null, freshness };
  }
  const { epoch } = requireActive(runtime.standing());
  return { epoch, freshness: { kind: 'unbounded' } as const };
}

export function requireActive(standing: Standing): Standing & { readonly state: 'active' } {
  if (standing.state === 'active') return standing;
  throw notActive(standing);
}

export function notActive(standing: Standing): PlatformError {
  const owner = standing.state === 'standby' ? standing.owner : null;
  const where = owner === null ? ', and no region is known to be' : `; ${owner} is`;
  return new PlatformError({
    code: 'NOT_ACTIVE',
    kind: 'caller',
    effect: 'none',
    message: `This region is not active for the cell${where}. Nothing was done.${owner === null ? '' : ' Send the request to the active region.'}`,
  });
}

function checkCell(options: { runtime: CellRuntime; tenant: TenantId; addressed: string | undefined }): void {
  const { runtime, tenant, addressed } = options;
  const { cell } = runtime.identity;
  if ((addressed === undefined || addressed === cell) && runtime.servesTenant(tenant)) return;
  throw new PlatformError({
    code: 'WRONG_CELL',
    kind: 'caller',
    effect: 'none',
    message: `Cell ${cell} does not serve this request (addressed to ${shown(addressed ?? 'no cell')}). Nothing was done. Look the tenant's cell up again.`,
  });
}

function allowedMs(policy: RoutePolicy, value: string | undefined): number {
  if (value === undefined) return policy.deadlineMs;
  if (!DEADLINE.test(value)) {
    throw invalid(
      `Not a deadline: ${shown(value)} in ${DEADLINE_HEADER}. Allowed: whole milliseconds, 1–${policy.deadlineMs}.`,
    );
  }
  const askedMs = Number(value);
  if (askedMs > 0) return Math.min(askedMs, policy.deadlineMs);
  throw new PlatformError({
    code: 'DEADLINE_EXCEEDED',
    kind: 'dependency',
    effect: 'none',
    message: 'No time was left when the request arrived. Nothing was done; repeat with a longer deadline.',
  });
}

/** The key of a request that was refused before it was looked at; `null`: none that could be repeated with. */
export function repeatableKey(value: string | undefined): string | null {
  return value !== undefined && IDEMPOTENCY_KEY.test(value) ? value : null;
}

function idempotencyKey(policy: RoutePolicy, value: string | undefined): string | null {
  if (value === undefined || value === '') {
    if (policy.idempotency === 'natural') return null;
    throw new PlatformError({
      code: 'IDEMPOTENCY_KEY_MISSING',
      kind: 'caller',
      effect: 'none',
      message: `This route needs the header ${IDEMPOTENCY_KEY_HEADER}. Choose a new random key for each purchase, and send the same key when you repeat it.`,
    });
  }
  if (IDEMPOTENCY_KEY.test(value)) return value;
  throw invalid(
    `Not an idempotency key: ${shown(value)}. Allowed: 1–${IDEMPOTENCY_KEY_LENGTH_MAX} printable ASCII characters without spaces.`,
  );
}
