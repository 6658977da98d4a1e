/**
 * The one retry. It is allowed only where the first attempt provably changed nothing: the cell refused it (421), it was
 * never sent, or the method is safe. A request that was sent and got no answer may have been done: its outcome is
 * *unknown* and the caller is told so; an idempotency key makes the caller's repeat safe, not the router's.
 */
import { PlatformError } from '../../core/errors.ts';
import type { RegionName } from '../../core/ids.ts';
import type { Forward } from './decide.ts';
import { ATTEMPTS_MAX } from './limits.ts';
import { OPEN_MS } from './link-breaker.ts';

export type Failure =
  /** The cell answered 421; `owner` is who the map names after learning from its hint. */
  | { readonly kind: 'not-here'; readonly owner: RegionName | null }
  /** No connection: the request never left. */
  | { readonly kind: 'never-sent' }
  /** Sent, and the connection ended without an answer. */
  | { readonly kind: 'lost' };

export interface Attempted {
  readonly forward: Forward;
  /** Where the failed attempt went. */
  readonly region: RegionName;
  readonly attempts: number;
  readonly method: string;
  /** No body, or one that is kept whole. */
  readonly replayable: boolean;
}

/** Where to try again; `null`: answer with what there is. */
export function retryRegion(failure: Failure, attempted: Attempted): RegionName | null {
  if (attempted.attempts >= ATTEMPTS_MAX || !attempted.replayable) return null;
  const { forward, region } = attempted;
  switch (failure.kind) {
    case 'not-here':
      return failure.owner === region ? null : failure.owner;
    case 'never-sent':
      return otherRegion(forward, region);
    case 'lost':
      return isSafe(attempted.method) ? otherRegion(forward, region) : null;
  }
}

/** What the caller is told when a failure ends the request. */
export function failureError(failure: Failure, seen: { method: string; forward: Forward }): PlatformError {
  const { cell } = seen.forward;
  if (failure.kind === 'lost' && !isSafe(seen.method)) {
    return new PlatformError({
      code: 'OUTCOME_UNKNOWN',
      kind: 'dependency',
      effect: 'unknown',
      message: `Cell ${cell} got the request and the connection ended before it answered.`,
    });
  }
  return new PlatformError({
    code: 'CELL_UNREACHABLE',
    kind: 'dependency',
    effect: 'none',
    message: `Cell ${cell} could not be reached in any region that was tried.`,
  });
}

/** Nothing is sent where it would get lost; what tries whether the cell is back finds out soon enough. */
export function knownGoneError(seen: { cell: string }): PlatformError {
  return new PlatformError({
    code: 'CELL_UNREACHABLE',
    kind: 'dependency',
    effect: 'none',
    message: `The connections to cell ${seen.cell} break in both of its regions. One request every ${OPEN_MS} ms tries each of them; this one was not sent.`,
  });
}

export function deadlineError(seen: { method: string; sent: boolean }): PlatformError {
  return new PlatformError({
    code: 'DEADLINE_EXCEEDED',
    kind: 'dependency',
    effect: seen.sent && !isSafe(seen.method) ? 'unknown' : 'none',
    message: 'The cell did not answer within the deadline.',
  });
}

export function overloadedError(seen: { cell: string; inFlightMax: number }): PlatformError {
  return new PlatformError({
    code: 'OVERLOADED',
    kind: 'dependency',
    effect: 'none',
    message: `Cell ${seen.cell} has ${seen.inFlightMax} requests in flight from this router, which is its limit.`,
  });
}

/** Safe in the sense of RFC 9110 §9.2.1: doing it twice changes no more than doing it never. */
export function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

function otherRegion(forward: Forward, region: RegionName): RegionName {
  return region === forward.region ? forward.alternative : forward.region;
}
