/**
 * The one error type of the platform. `code` is what a program branches on, `effect` is what a retry may rest on:
 * only an error whose effect is `none` proves that nothing was changed. A time-out's effect is `unknown`.
 */

export const ERROR_CODES = [
  // the caller's
  'INVALID_INPUT',
  'INVALID_TOPOLOGY',
  'INVALID_CELL_MAP',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'PAYLOAD_TOO_LARGE',
  'HEADERS_TOO_LARGE',
  'UNSUPPORTED',
  'IDEMPOTENCY_KEY_REUSED',
  'IDEMPOTENCY_KEY_MISSING',
  'BUSINESS_REFUSED',
  // ownership
  'WRONG_CELL',
  'NOT_ACTIVE',
  'COPY_BEHIND',
  'LEASE_NOT_HELD',
  'FENCE_STALE_EPOCH',
  'PEER_UNREPLICATED',
  // dependencies
  'VERSION_CONFLICT',
  'STORE_CONFLICT',
  'STORE_THROTTLED',
  'STORE_UNAVAILABLE',
  'ARBITER_UNAVAILABLE',
  'ARBITER_CONFLICT',
  'CELL_UNREACHABLE',
  'PAYMENT_UNAVAILABLE',
  'NO_CELL_MAP',
  'OVERLOADED',
  'DEGRADED',
  'DEADLINE_EXCEEDED',
  'OUTCOME_UNKNOWN',
  // control
  'FAILOVER_REFUSED',
  'FAILOVER_IN_PROGRESS',
  'FAILOVER_FAILED',
  'RECONCILE_REFUSED',
  'DOCUMENT_REFUSED',
  'ROLLOUT_REFUSED',
  'ROLLOUT_IN_PROGRESS',
  // the cloud
  'CLOUD_UNAVAILABLE',
  'DEPLOY_REFUSED',
  'DEPLOY_FAILED',
  // releases
  'RELEASE_DAMAGED',
  'RELEASE_EXISTS',
  // this machine
  'ENGINE_MISSING',
  'PORT_IN_USE',
  'PLATFORM_NOT_RUNNING',
  'PROCESS_FAILED',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];
export type ErrorKind = 'caller' | 'dependency' | 'bug';
export type Effect = 'none' | 'unknown';

export interface PlatformErrorOptions {
  readonly code: ErrorCode;
  /** What happened, the value seen, the value allowed, what to do next. For people; never parsed. */
  readonly message: string;
  readonly kind: ErrorKind;
  readonly effect: Effect;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class PlatformError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly effect: Effect;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(options: PlatformErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PlatformError';
    this.code = options.code;
    this.kind = options.kind;
    this.effect = options.effect;
    this.details = options.details ?? {};
  }
}

export function isPlatformError(value: unknown): value is PlatformError {
  return value instanceof PlatformError;
}

/** A caller's mistake: nothing was done. */
export function invalid(message: string, details?: Readonly<Record<string, unknown>>): PlatformError {
  return new PlatformError({
    code: 'INVALID_INPUT',
    kind: 'caller',
    effect: 'none',
    message,
    ...(details ? { details } : {}),
  });
}

/** Anything that was thrown, as a `PlatformError`. What we did not foresee is a bug whose effect nobody knows. */
export function toPlatformError(thrown: unknown): PlatformError {
  if (isPlatformError(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new PlatformError({ code: 'INTERNAL', kind: 'bug', effect: 'unknown', message, cause: thrown });
}

/** Production assertion: stays on, and says what was believed. */
export function invariant(condition: boolean, belief: string): asserts condition {
  if (condition) return;
  throw new PlatformError({
    code: 'INTERNAL',
    kind: 'bug',
    effect: 'unknown',
    message: `Invariant broken: ${belief}. This is a bug in Holdfast; please report it with the logs of this process.`,
  });
}
