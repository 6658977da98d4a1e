/**
 * Between Node's HTTP and Lambda's Function URLs (payload format 2.0), so that on one machine the same handler is called with
 * the same shapes as on AWS. Source: AWS Lambda Developer Guide, "Invoking Lambda function URLs". Pure.
 */
import type { IncomingHttpHeaders } from 'node:http';

export interface HttpRequest {
  readonly method: string;
  /** Path and query, as received. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly sourceIp: string;
}

export interface FunctionUrlEvent {
  readonly version: '2.0';
  readonly routeKey: '$default';
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly cookies?: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly queryStringParameters?: Readonly<Record<string, string>>;
  readonly requestContext: {
    readonly accountId: string;
    readonly apiId: string;
    readonly domainName: string;
    readonly domainPrefix: string;
    readonly http: {
      readonly method: string;
      readonly path: string;
      readonly protocol: string;
      readonly sourceIp: string;
      readonly userAgent: string;
    };
    readonly requestId: string;
    readonly routeKey: '$default';
    readonly stage: '$default';
    readonly time: string;
    readonly timeEpoch: number;
  };
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

/** What a handler may return; anything else is sent as the JSON body of a 200. */
export interface FunctionUrlResult {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string | number | boolean>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

/** Lambda passes these as text; every other body arrives in base64. */
const TEXT_TYPE = /^(text\/|application\/(json|javascript|xml|x-www-form-urlencoded|[\w.-]+\+(json|xml)))/i;
/** Said by the host itself, about this very message. */
const HOP_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date']);
const LOCAL_NAME = 'localhost';

export function toFunctionUrlEvent(
  request: HttpRequest,
  told: { readonly requestId: string; readonly nowMs: number },
): FunctionUrlEvent {
  const { path, query } = splitUrl(request.url);
  const { cookie, ...others } = request.headers;
  const headers = joined(others);
  const parameters = queryParameters(query);
  const text = isText(headers);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    ...(cookie ? { cookies: cookie.split(/; */) } : {}),
    headers,
    ...(parameters ? { queryStringParameters: parameters } : {}),
    requestContext: {
      accountId: 'anonymous',
      apiId: LOCAL_NAME,
      domainName: headers.host ?? LOCAL_NAME,
      domainPrefix: LOCAL_NAME,
      http: {
        method: request.method,
        path,
        protocol: 'HTTP/1.1',
        sourceIp: request.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: told.requestId,
      routeKey: '$default',
      stage: '$default',
      time: new Date(told.nowMs).toISOString(),
      timeEpoch: told.nowMs,
    },
    ...(request.body.length > 0 ? { body: request.body.toString(text ? 'utf8' : 'base64') } : {}),
    isBase64Encoded: request.body.length > 0 && !text,
  };
}

export function toHttpReply(result: unknown): HttpReply {
  if (!isResult(result)) {
    const body = typeof result === 'string' ? result : JSON.stringify(result ?? null);
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) };
  }
  const headers = Object.entries(result.headers ?? {}).filter(([name]) => !HOP_HEADERS.has(name.toLowerCase()));
  const cookies: Record<string, string[]> = result.cookies?.length ? { 'set-cookie': [...result.cookies] } : {};
  return {
    status: result.statusCode ?? 200,
    headers: { ...Object.fromEntries(headers.map(([name, value]) => [name, String(value)])), ...cookies },
    body: Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8'),
  };
}

function isResult(value: unknown): value is FunctionUrlResult {
  return typeof value === 'object' && value !== null && 'statusCode' in value;
}

function splitUrl(url: string): { readonly path: string; readonly query: string } {
  const mark = url.indexOf('?');
  return mark < 0 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

function joined(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(',') : value]],
    ),
  );
}

/** A name that occurs twice has its values joined by a comma, as Lambda does. */
function queryParameters(query: string): Record<string, string> | null {
  if (query === '') return null;
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    const before = parameters.get(name);
    parameters.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(parameters);
}

function isText(headers: Readonly<Record<string, string>>): boolean {
  return headers['content-encoding'] === undefined && TEXT_TYPE.test(headers['content-type'] ?? '');
}
