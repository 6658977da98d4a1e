/**
 * The Node host: Node's own HTTP parser in front (strict: it refuses conflicting lengths, folded and malformed headers),
 * one `Exchange` for each request behind it. Bad requests that the parser refuses get a problem document too.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { invalid, isPlatformError, PlatformError } from '../../core/errors.ts';
import { PROBLEM_CONTENT_TYPE, toProblem } from '../../core/problem.ts';
import { judgeRequestLine } from '../core/decide.ts';
import { INTROSPECTION_PREFIX, introspect } from '../core/introspection.ts';
import { CLIENT_CONNECTIONS_MAX, DEADLINE_MAX_MS, HEADERS_BYTES_MAX } from '../core/limits.ts';
import { readHead } from '../core/request-head.ts';
import { Exchange } from './exchange.ts';
import { answer, refuse } from './refuse.ts';
import type { RouterParts } from './router-parts.ts';

/** Longer than the idle limit of load balancers in front (60 s), so that it is they who close. */
const CLIENT_IDLE_MS = 65_000;
const HEADERS_TIMEOUT_MS = 10_000;
/** How often the limits above and below are looked at; Node's own 30 s would triple them. */
const TIMEOUT_CHECK_MS = 2_000;

export function createRouterServer(parts: RouterParts): Server {
  const handle = requestHandler(parts);
  const server = createServer({
    maxHeaderSize: HEADERS_BYTES_MAX,
    keepAliveTimeout: CLIENT_IDLE_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: DEADLINE_MAX_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    noDelay: true,
    insecureHTTPParser: false,
  });
  server.on('request', handle);
  // Without a listener Node would say "continue" before anybody judged the request.
  server.on('checkContinue', handle);
  server.on('clientError', onClientError);
  // More than we allow is refused with 431 by `readHead`; Node would silently drop the rest.
  server.maxHeadersCount = 0;
  server.maxConnections = CLIENT_CONNECTIONS_MAX;
  return server;
}

function requestHandler(parts: RouterParts): (request: IncomingMessage, response: ServerResponse) => void {
  // Unique among processes and restarts: pid and start time, then a count.
  const prefix = `${process.pid.toString(36)}-${Math.floor(parts.clock.wallMs()).toString(36)}-`;
  let count = 0;
  return (request, response) => {
    const head = readHead(request.rawHeaders);
    const ownId = prefix + (count++).toString(36);
    if (isPlatformError(head)) return refuse(response, head, { requestId: ownId });
    const requestId = head.requestId ?? ownId;
    const target = request.url as string;
    const misfit = judgeRequestLine({ method: request.method as string, target });
    if (misfit !== null) return refuse(response, misfit, { requestId });
    if (target.startsWith(INTROSPECTION_PREFIX)) return answer(response, introspect(parts, { target, requestId }));
    new Exchange({ parts, request, response, head, requestId }).start();
  };
}

/** What the parser refused never became a request: answered by hand, and the connection ends. */
function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const { status, body } = toProblem(parserError(error.code));
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} ${body.title}\r\ncontent-type: ${PROBLEM_CONTENT_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  );
}

function parserError(code: string | undefined): PlatformError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new PlatformError({
      code: 'HEADERS_TOO_LARGE',
      kind: 'caller',
      effect: 'none',
      message: `Headers of more than ${HEADERS_BYTES_MAX} bytes. Allowed: at most that. Send fewer or shorter ones.`,
    });
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return invalid('The request did not arrive in time. Send it again, faster.');
  return invalid('Not a well-formed HTTP/1.1 request. Allowed: one framing (content-length or chunked), RFC 9112.');
}
