/**
 * The one table from error codes to HTTP problem documents (RFC 9457). Invariant: nothing internal leaks. Only the text
 * of a `caller` error, which was written for the caller, goes out; every other error gets the fixed text of its code.
 */
import type { Effect, ErrorCode, PlatformError } from './errors.ts';

export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly instance?: string;
  /** `none`: nothing was changed, the request may be repeated. `unknown`: repeat only with the same idempotency key. */
  readonly effect: Effect;
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/** A detail echoes what the caller sent; this bounds the echo. */
const DETAIL_LENGTH_MAX = 1_000;

interface Row {
  readonly status: number;
  readonly title: string;
  /** What the caller reads when the error's own text is not for it. */
  readonly detail: string;
}

const AGAIN = 'Nothing was changed; try again.';
const LATER = 'Nothing was changed; try again in a moment.';
const NOT_FOR_REQUESTS = 'The platform could not do that.';

export const PROBLEMS: Readonly<Record<ErrorCode, Row>> = {
  INVALID_INPUT: row(400, 'Invalid input', 'The request is not valid.'),
  INVALID_TOPOLOGY: row(400, 'Invalid topology', 'The topology is not valid.'),
  INVALID_CELL_MAP: row(400, 'Invalid cell map', 'The cell map is not valid.'),
  UNAUTHENTICATED: row(401, 'Not authenticated', 'Send a valid bearer token.'),
  FORBIDDEN: row(403, 'Forbidden', 'The token does not allow this.'),
  NOT_FOUND: row(404, 'Not found', 'There is nothing at this path.'),
  PAYLOAD_TOO_LARGE: row(413, 'Payload too large', 'The body is larger than allowed.'),
  HEADERS_TOO_LARGE: row(431, 'Headers too large', 'The headers are larger than allowed.'),
  UNSUPPORTED: row(415, 'Unsupported', 'The content type or encoding is not supported.'),
  IDEMPOTENCY_KEY_REUSED: row(422, 'Idempotency key reused', 'This idempotency key belongs to another request.'),
  IDEMPOTENCY_KEY_MISSING: row(400, 'Idempotency key missing', 'Send an idempotency-key header.'),
  BUSINESS_REFUSED: row(409, 'Refused', 'The request cannot be carried out as things stand.'),

  WRONG_CELL: row(421, 'Wrong cell', 'This cell does not serve the tenant.'),
  NOT_ACTIVE: row(421, 'Region not active', 'Another region is active for this cell.'),
  COPY_BEHIND: row(421, 'Not here yet', 'This region does not have the newest state yet.'),
  LEASE_NOT_HELD: row(503, 'Writes paused', `No region may write for this cell at the moment. ${LATER}`),
  FENCE_STALE_EPOCH: row(503, 'Ownership moved', `The cell moved to another region meanwhile. ${AGAIN}`),
  PEER_UNREPLICATED: row(503, 'Writes paused', `The write could not be made safe in a second region. ${LATER}`),

  VERSION_CONFLICT: row(409, 'Changed meanwhile', `Somebody else changed the same data. ${AGAIN}`),
  STORE_CONFLICT: row(503, 'Busy', `Too many changes of the same data at once. ${AGAIN}`),
  STORE_THROTTLED: row(503, 'Busy', `The store takes no more at the moment. ${LATER}`),
  STORE_UNAVAILABLE: row(503, 'Store unavailable', `The store does not answer. ${LATER}`),
  ARBITER_UNAVAILABLE: row(503, 'Unavailable', `Ownership could not be established. ${LATER}`),
  ARBITER_CONFLICT: row(409, 'Changed meanwhile', `Somebody else changed the same record. ${AGAIN}`),
  CELL_UNREACHABLE: row(503, 'Cell unreachable', `The cell that serves this tenant does not answer. ${LATER}`),
  PAYMENT_UNAVAILABLE: row(503, 'Payment unavailable', 'The payment provider does not answer.'),
  NO_CELL_MAP: row(503, 'Not ready', `The router has no cell map yet. ${LATER}`),
  OVERLOADED: row(503, 'Overloaded', `There is more work than the platform takes. ${LATER}`),
  DEGRADED: row(503, 'Switched off', `This is switched off for the time being. ${LATER}`),
  DEADLINE_EXCEEDED: row(504, 'Deadline exceeded', 'The request took longer than its deadline.'),
  OUTCOME_UNKNOWN: row(
    503,
    'Outcome unknown',
    'It is not known whether the change was made. Repeat the request with the same idempotency key.',
  ),

  DOCUMENT_REFUSED: row(409, 'Document refused', 'The document was not published.'),
  RECONCILE_REFUSED: row(409, 'Reconciliation refused', 'The quarantined commit was left as it is.'),
  ROLLOUT_REFUSED: row(409, 'Rollout refused', NOT_FOR_REQUESTS),
  ROLLOUT_IN_PROGRESS: row(409, 'Rollout under way', NOT_FOR_REQUESTS),
  FAILOVER_REFUSED: row(409, 'Failover refused', 'The failover was refused.'),
  FAILOVER_IN_PROGRESS: row(409, 'Failover in progress', 'A failover of this cell is already running.'),
  FAILOVER_FAILED: row(500, 'Failover failed', 'The failover did not finish.'),

  CLOUD_UNAVAILABLE: row(503, 'Cloud unavailable', NOT_FOR_REQUESTS),
  DEPLOY_REFUSED: row(409, 'Deployment refused', NOT_FOR_REQUESTS),
  DEPLOY_FAILED: row(500, 'Deployment failed', NOT_FOR_REQUESTS),
  RELEASE_DAMAGED: row(409, 'Release damaged', NOT_FOR_REQUESTS),
  RELEASE_EXISTS: row(409, 'Release exists', NOT_FOR_REQUESTS),
  ENGINE_MISSING: row(500, 'Engine missing', NOT_FOR_REQUESTS),
  PORT_IN_USE: row(500, 'Port in use', NOT_FOR_REQUESTS),
  PLATFORM_NOT_RUNNING: row(503, 'Platform not running', NOT_FOR_REQUESTS),
  PROCESS_FAILED: row(500, 'Process failed', NOT_FOR_REQUESTS),
  INTERNAL: row(500, 'Internal error', 'The platform made a mistake. It is not known whether anything was changed.'),
};

export function toProblem(
  error: PlatformError,
  options: { readonly instance?: string } = {},
): { readonly status: number; readonly body: ProblemDocument } {
  const { status, title, detail } = PROBLEMS[error.code];
  const body: ProblemDocument = {
    type: `urn:holdfast:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    code: error.code,
    detail: error.kind === 'caller' ? bounded(error.message) : detail,
    ...(options.instance === undefined ? {} : { instance: options.instance }),
    effect: error.effect,
  };
  return { status, body };
}

function row(status: number, title: string, detail: string): Row {
  return { status, title, detail };
}

function bounded(text: string): string {
  return text.length > DETAIL_LENGTH_MAX ? `${text.slice(0, DETAIL_LENGTH_MAX - 1)}…` : text;
}
