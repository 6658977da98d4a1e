/**
 * Turns whatever a route threw into a problem document. Invariant: an error of a write whose effect is unknown leaves as
 * `OUTCOME_UNKNOWN` with the idempotency key and what to do, never as something that reads like "nothing happened".
 */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import type { RoutePolicy } from '../../core/consistency.ts';
import { PlatformError, toPlatformError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { EffectiveModes } from '../../core/modes/effective-modes.ts';
import { PROBLEM_CONTENT_TYPE, toProblem } from '../../core/problem.ts';
import { MOVING_HEADER, notActive, OWNER_HEADER } from './call.ts';

export interface ProblemContext {
  readonly runtime: CellRuntime;
  /** What is switched off is offered to nobody as a way forward. */
  readonly modes: EffectiveModes;
  /** `null`: the request reached no route. */
  readonly policy: RoutePolicy | null;
  readonly idempotencyKey: string | null;
}

/** Details that may leave the process: set by a route on an error that is the caller's. */
export interface PublicDetails {
  readonly instance?: string;
  readonly members?: Readonly<Record<string, Json>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export function problemResponse(thrown: unknown, context: ProblemContext): Response {
  const error = asCallerSeesIt(toPlatformError(thrown), context);
  const { instance, members, headers } = error.details as PublicDetails;
  const { status, body } = toProblem(error, instance === undefined ? {} : { instance });
  const isCallers = error.kind === 'caller';
  const extra = isCallers && !isInDoubt(error) ? members : recovery(error, context);
  return new Response(JSON.stringify({ ...extra, ...body }), {
    status,
    headers: { 'content-type': PROBLEM_CONTENT_TYPE, ...hints(error, context), ...(isCallers ? headers : {}) },
  });
}

function asCallerSeesIt(error: PlatformError, { runtime, policy }: ProblemContext): PlatformError {
  const { code, effect } = error;
  if (effect === 'none' && (code === 'LEASE_NOT_HELD' || code === 'FENCE_STALE_EPOCH')) {
    const standing = runtime.standing();
    // With nobody known to send the router to, "writes are paused" is the honest answer, not "go elsewhere".
    return standing.state === 'standby' ? notActive(standing) : error;
  }
  if (effect === 'none' || error.code === 'OUTCOME_UNKNOWN' || error.kind === 'caller') return error;
  const isRead = policy === null || policy.ack === 'none';
  return isRead ? withoutEffect(error) : outcomeUnknown(error);
}

/** What a read left behind is known: nothing. */
function withoutEffect({ code, kind, message, details, cause }: PlatformError): PlatformError {
  return new PlatformError({ code, kind, message, details, cause, effect: 'none' });
}

function outcomeUnknown(cause: PlatformError): PlatformError {
  // A bug stays a 500: repeating it with the same key would only meet it again.
  if (cause.kind === 'bug') return cause;
  const { kind, message, details } = cause;
  return new PlatformError({ code: 'OUTCOME_UNKNOWN', kind, effect: 'unknown', message, details, cause });
}

/** Leadership or the other region is in doubt: refused without an effect, and over in about a lease. */
const IN_DOUBT: ReadonlySet<string> = new Set([
  'NOT_ACTIVE',
  'LEASE_NOT_HELD',
  'FENCE_STALE_EPOCH',
  'PEER_UNREPLICATED',
]);
const isInDoubt = ({ code }: PlatformError) => IN_DOUBT.has(code);

const IN_MOTION: ReadonlySet<string> = new Set(['LEASE_NOT_HELD', 'FENCE_STALE_EPOCH']);

function recovery(error: PlatformError, { idempotencyKey, modes }: ProblemContext): Readonly<Record<string, Json>> {
  if (isInDoubt(error)) {
    const same = idempotencyKey === null ? '' : ' with this idempotency key';
    const taken = modes.operations.get('putCartItem')?.grant.kind !== 'refused';
    const carts = taken ? '; carts go on being taken meanwhile' : '';
    const repeat = `Nothing was changed. Repeat the same request${same} in a few seconds${carts}.`;
    return idempotencyKey === null ? { repeat } : { idempotencyKey, repeat };
  }
  if (error.effect === 'none') return {};
  const repeat =
    idempotencyKey === null
      ? 'Repeat the same request: doing it twice is doing it once.'
      : 'Repeat the same request with this idempotency key: it is carried out at most once, and a repeat is told how it ended.';
  return { idempotencyKey, repeat };
}

function hints(error: PlatformError, { runtime }: ProblemContext): Record<string, string> {
  const { code } = error;
  // The lease seemed valid and the store knew better: a router then asks the other region, and waits for the cell to arrive.
  if (error.effect === 'none' && IN_MOTION.has(code)) return { 'retry-after': '1', [MOVING_HEADER]: '1' };
  if (code === 'NOT_ACTIVE' || code === 'COPY_BEHIND') {
    const standing = runtime.standing();
    if (standing.state === 'active') return {};
    return standing.owner === null ? { 'retry-after': '1' } : { [OWNER_HEADER]: standing.owner };
  }
  return code === 'OUTCOME_UNKNOWN' || code === 'OVERLOADED' || isInDoubt(error) ? { 'retry-after': '1' } : {};
}
