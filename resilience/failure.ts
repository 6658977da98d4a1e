/** Which errors speak against a dependency, and which may be retried. One place, so that breaker and retry agree. */
import { type ErrorCode, isPlatformError } from '../core/errors.ts';

/** The dependency was slow, silent or broken. A refusal or a conflict is an answer: it shows that the dependency works. */
const DEPENDENCY_FAILED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'STORE_THROTTLED',
  'STORE_UNAVAILABLE',
  'ARBITER_UNAVAILABLE',
  'CELL_UNREACHABLE',
  'PAYMENT_UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'OUTCOME_UNKNOWN',
  'INTERNAL',
]);

/** Another try at the same place can help. Not: who has no right to write, no time left, or too much work already. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'STORE_CONFLICT',
  'STORE_THROTTLED',
  'STORE_UNAVAILABLE',
  'ARBITER_UNAVAILABLE',
  'ARBITER_CONFLICT',
  'CELL_UNREACHABLE',
  'PAYMENT_UNAVAILABLE',
  'OUTCOME_UNKNOWN',
]);

/** An error that is none of ours counts: it came out of the call, and nobody foresaw it. */
export function speaksAgainstDependency(thrown: unknown): boolean {
  return !isPlatformError(thrown) || DEPENDENCY_FAILED.has(thrown.code);
}

/** Only what had no effect, or has the same effect when done twice. What nobody foresaw has an unknown effect. */
export function mayRetry(thrown: unknown, options: { readonly idempotent: boolean }): boolean {
  if (!isPlatformError(thrown) || !TRANSIENT.has(thrown.code)) return false;
  return thrown.effect === 'none' || options.idempotent;
}
