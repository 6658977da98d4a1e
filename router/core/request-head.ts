/**
 * Reads the headers of a request in one pass: what the router itself needs, and the list of what the cell gets to see.
 * Invariant: only headers on the list below pass, so hop-by-hop headers, the caller's token, cookies and anything that
 * claims to be the router's (`x-holdfast-*`) can't reach a cell whatever a caller sends.
 */
import { MAX_STALENESS_ASKED_MS } from '../../core/consistency.ts';
import { invalid, PlatformError } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import { BODY_BYTES_MAX, DEADLINE_DEFAULT_MS, DEADLINE_MAX_MS, HEADERS_COUNT_MAX } from './limits.ts';

export interface RequestHead {
  readonly authorization: string | null;
  readonly deadlineMs: number;
  /** The caller takes an answer from a copy up to this old; `null`: it wants the active region's. */
  readonly maxStalenessMs: number | null;
  readonly requestId: string | null;
  /** Declared size of the body; `null` when the request names none. */
  readonly contentLength: number | null;
  readonly chunked: boolean;
  /** Name, value, name, value … of what is passed on. */
  readonly forwarded: string[];
}

type Rule =
  | 'forward'
  | 'authorization'
  | 'deadline'
  | 'staleness'
  | 'request-id'
  | 'content-length'
  | 'transfer-encoding'
  | 'drop';

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['accept', 'forward'],
  ['accept-encoding', 'forward'],
  ['accept-language', 'forward'],
  ['content-encoding', 'forward'],
  ['content-language', 'forward'],
  ['content-type', 'forward'],
  ['idempotency-key', 'forward'],
  ['if-match', 'forward'],
  ['if-none-match', 'forward'],
  ['traceparent', 'forward'],
  ['tracestate', 'forward'],
  ['x-priority', 'forward'],
  ['x-session', 'forward'],
  ['authorization', 'authorization'],
  ['x-deadline-ms', 'deadline'],
  ['x-max-staleness-ms', 'staleness'],
  ['x-request-id', 'request-id'],
  ['content-length', 'content-length'],
  ['transfer-encoding', 'transfer-encoding'],
]);

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;
const DEADLINE = /^[1-9][0-9]{0,4}$/;
const STALENESS = /^(0|[1-9][0-9]{0,4})$/;

/** Returns the error instead of throwing it: a flood of bad requests must stay cheap. */
export function readHead(rawHeaders: readonly string[]): RequestHead | PlatformError {
  if (rawHeaders.length > HEADERS_COUNT_MAX * 2) return tooManyHeaders(rawHeaders.length / 2);
  let authorization: string | null = null;
  let deadlineMs = 0;
  let maxStalenessMs: number | null = null;
  let requestId: string | null = null;
  let contentLength: number | null = null;
  let chunked = false;
  const forwarded: string[] = [];

  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    const value = rawHeaders[at + 1] as string;
    switch (RULES.get(name)) {
      case 'forward':
        forwarded.push(name, value);
        break;
      case 'authorization':
        if (authorization !== null) return invalid('Two authorization headers. Allowed: one. Send the token once.');
        authorization = value;
        break;
      case 'deadline':
        if (deadlineMs !== 0 || !DEADLINE.test(value) || Number(value) > DEADLINE_MAX_MS) return badDeadline(value);
        deadlineMs = Number(value);
        break;
      case 'staleness':
        if (maxStalenessMs !== null || !STALENESS.test(value) || Number(value) > MAX_STALENESS_ASKED_MS)
          return badStaleness(value);
        maxStalenessMs = Number(value);
        forwarded.push(name, value);
        break;
      case 'request-id':
        if (REQUEST_ID.test(value)) requestId = value;
        break;
      case 'content-length':
        contentLength = Number(value);
        break;
      case 'transfer-encoding':
        if (value.toLowerCase() !== 'chunked') return invalid(`Transfer-encoding ${shown(value)}. Allowed: chunked.`);
        chunked = true;
        break;
    }
  }
  if (contentLength !== null && contentLength > BODY_BYTES_MAX) return payloadTooLarge(contentLength);
  deadlineMs ||= DEADLINE_DEFAULT_MS;
  return { authorization, deadlineMs, maxStalenessMs, requestId, contentLength, chunked, forwarded };
}

export function payloadTooLarge(bytes: number): PlatformError {
  return new PlatformError({
    code: 'PAYLOAD_TOO_LARGE',
    kind: 'caller',
    effect: 'none',
    message: `A body of ${bytes} bytes or more. Allowed: ${BODY_BYTES_MAX}. Send less at once.`,
  });
}

function tooManyHeaders(count: number): PlatformError {
  return new PlatformError({
    code: 'HEADERS_TOO_LARGE',
    kind: 'caller',
    effect: 'none',
    message: `${count} headers. Allowed: ${HEADERS_COUNT_MAX}. Send fewer.`,
  });
}

function badDeadline(value: string): PlatformError {
  return invalid(
    `x-deadline-ms is ${shown(value)}. Allowed: one integer, 1–${DEADLINE_MAX_MS}. Leave it out for ${DEADLINE_DEFAULT_MS}.`,
  );
}

function badStaleness(value: string): PlatformError {
  return invalid(
    `x-max-staleness-ms is ${shown(value)}. Allowed: one integer, 0–${MAX_STALENESS_ASKED_MS}. Leave it out to read at the active region.`,
  );
}
