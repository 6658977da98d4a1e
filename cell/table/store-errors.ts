/** Translates what the SDK throws, once, where it is called: into refusals of conditions and into errors with their effect. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { isPlatformError, PlatformError } from '../../core/errors.ts';
import type { Item, Refusal } from './table.ts';

type RawItem = Record<string, AttributeValue>;

interface CancellationReason {
  readonly Code?: string;
  readonly Item?: RawItem;
}

interface SdkError extends Error {
  readonly code?: string;
  readonly Item?: RawItem;
  readonly CancellationReasons?: readonly CancellationReason[];
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Connection errors of which we know that no byte of the request reached a server. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']);
const THROTTLED = new Set(['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded']);

/** The refusals of a conditional write, or `null` when the error is something else. */
export function refusalsOf(thrown: unknown, unmarshal: (item: RawItem) => Item): readonly Refusal[] | null {
  const error = (isPlatformError(thrown) ? thrown.cause : thrown) as SdkError;
  if (error?.name === 'ConditionalCheckFailedException') {
    return [{ index: 0, existing: error.Item ? unmarshal(error.Item) : null }];
  }
  if (error?.name !== 'TransactionCanceledException') return null;
  const refusals: Refusal[] = [];
  error.CancellationReasons?.forEach((reason, index) => {
    if (reason.Code !== 'ConditionalCheckFailed') return;
    refusals.push({
      index,
      existing: reason.Item && Object.keys(reason.Item).length > 0 ? unmarshal(reason.Item) : null,
    });
  });
  return refusals.length > 0 ? refusals : null;
}

export function translateStoreError(thrown: unknown, options: { kind: 'read' | 'write' }): PlatformError {
  if (isPlatformError(thrown)) return thrown;
  const error = thrown as SdkError;
  const cause = { cause: thrown, kind: 'dependency' } as const;
  if (isConflict(error)) {
    const message =
      'Another transaction was changing the same items. Nothing was written; repeat after a short random wait.';
    return new PlatformError({ ...cause, code: 'STORE_CONFLICT', effect: 'none', message });
  }
  if (THROTTLED.has(error.name) || error.CancellationReasons?.some((reason) => reason.Code === 'ThrottlingError')) {
    const message = 'The store throttled the call. Nothing was written; repeat after a wait.';
    return new PlatformError({ ...cause, code: 'STORE_THROTTLED', effect: 'none', message });
  }
  if (isMalformed(error)) {
    const message = `The store refuses this request itself, whoever sends it and whenever (${error.message}). Nothing was written.`;
    return new PlatformError({ ...cause, kind: 'bug', code: 'INTERNAL', effect: 'none', message });
  }
  // A read has no effect whatever became of it. A write that may have left this process may have been carried out.
  const effect = options.kind === 'read' || NEVER_SENT.has(error.code ?? '') || isRejected(error) ? 'none' : 'unknown';
  const code = isAborted(error) ? 'DEADLINE_EXCEEDED' : 'STORE_UNAVAILABLE';
  const message = `The store did not answer as expected (${error.name}: ${error.message}).`;
  return new PlatformError({ ...cause, code, effect, message });
}

function isConflict(error: SdkError): boolean {
  if (error.name === 'TransactionConflictException' || error.name === 'TransactionInProgressException') return true;
  return error.CancellationReasons?.some((reason) => reason.Code === 'TransactionConflict') ?? false;
}

/** Repeating it would not help: an item or a transaction that is too large, or a request that makes no sense. */
function isMalformed(error: SdkError): boolean {
  if (error.name === 'ValidationException') return true;
  return error.CancellationReasons?.some((reason) => reason.Code === 'ValidationError') ?? false;
}

/** The store answered with a 4xx: it understood the request and refused it. */
function isRejected(error: SdkError): boolean {
  const status = error.$metadata?.httpStatusCode ?? 0;
  return status >= 400 && status < 500;
}

function isAborted(error: SdkError): boolean {
  return error.name === 'AbortError' || error.name === 'TimeoutError';
}
