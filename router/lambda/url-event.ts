/**
 * A Function URL's event (payload format 2.0) as a request, and an answer as its result. An event is user input: whatever
 * has not the documented shape is refused. Source: AWS Lambda Developer Guide, "Invoking Lambda function URLs".
 */
import { isUtf8 } from 'node:buffer';
import { invalid, PlatformError } from '../../core/errors.ts';
import { BODY_BYTES_MAX, HEADERS_BYTES_MAX } from '../core/limits.ts';
import { payloadTooLarge } from '../core/request-head.ts';

export interface UrlRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Name, value, name, value … */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer | null;
}

export interface UrlResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Returns the error instead of throwing it, as `readHead` does. */
export function readUrlEvent(event: unknown): UrlRequest | PlatformError {
  const { rawPath, rawQueryString, headers, requestContext, body, isBase64Encoded } = fieldsOf(event);
  const { method } = fieldsOf(fieldsOf(requestContext).http);
  if (typeof rawPath !== 'string' || typeof method !== 'string') {
    return invalid('Not an event of a Function URL. Allowed: payload format 2.0. Send an HTTP request to the URL.');
  }
  const rawHeaders = Object.entries(fieldsOf(headers)).flatMap(([name, value]) => [name, String(value)]);
  const bytes = rawHeaders.reduce((sum, text) => sum + text.length + 2, 0);
  if (bytes > HEADERS_BYTES_MAX) return headersTooLarge(bytes);
  const decoded = decodeBody(body, isBase64Encoded === true);
  if (decoded instanceof PlatformError) return decoded;
  // Should the path come decoded, its own "?" and "#" must not begin a query.
  const path = rawPath.replace(/[?#]/g, encodeURIComponent);
  const query = typeof rawQueryString === 'string' && rawQueryString !== '' ? `?${rawQueryString}` : '';
  return { method, target: path + query, rawHeaders, body: decoded };
}

/** `headers`: name, value, name, value … The length is Lambda's to say. */
export function toUrlResult(answer: { status: number; headers: readonly string[]; body: Buffer | string }): UrlResult {
  const headers = new Map<string, string>();
  const cookies: string[] = [];
  for (let at = 0; at < answer.headers.length; at += 2) {
    const [name, value] = [answer.headers[at] as string, answer.headers[at + 1] as string];
    const before = headers.get(name);
    if (name === 'set-cookie') cookies.push(value);
    else if (name !== 'content-length') headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  const { body } = answer;
  const text = typeof body === 'string' ? body : isUtf8(body) ? body.toString('utf8') : null;
  return {
    statusCode: answer.status,
    headers: Object.fromEntries(headers),
    ...(cookies.length > 0 ? { cookies } : {}),
    body: text ?? body.toString('base64'),
    isBase64Encoded: text === null,
  };
}

function decodeBody(body: unknown, base64: boolean): Buffer | null | PlatformError {
  if (body === undefined || body === null || body === '') return null;
  if (typeof body !== 'string' || (base64 && !BASE64.test(body)))
    return invalid('A body that is no text and no base64.');
  const decoded = Buffer.from(body, base64 ? 'base64' : 'utf8');
  return decoded.length > BODY_BYTES_MAX ? payloadTooLarge(decoded.length) : decoded;
}

function headersTooLarge(bytes: number): PlatformError {
  return new PlatformError({
    code: 'HEADERS_TOO_LARGE',
    kind: 'caller',
    effect: 'none',
    message: `Headers of ${bytes} bytes. Allowed: ${HEADERS_BYTES_MAX}. Send fewer or shorter ones.`,
  });
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
