/**
 * The HTTP front of a cell's host. It stands where IAM and Lambda stand on AWS: it lets in only who knows the platform's
 * secret, bounds bodies and concurrency, and calls the service that the path belongs to with a Function URL event.
 */
import { randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AnswerCounts } from '../../core/answer-counts.ts';
import type { Clock } from '../../core/clock.ts';
import { PlatformError, toPlatformError } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import { PROBLEM_CONTENT_TYPE, toProblem } from '../../core/problem.ts';
import { readBoundedBody } from './bounded-body.ts';
import { countAnswer } from './count-answer.ts';
import type { Drain } from './drain.ts';
import { type FunctionUrlEvent, type HttpReply, toFunctionUrlEvent, toHttpReply } from './function-url-event.ts';
import { type ReleaseTold, shortDigest } from './host-status.ts';
import { answerQuarantine, type Desk, QUARANTINE_PATH } from './quarantine-endpoint.ts';

export type Handler = (event: FunctionUrlEvent, context: LambdaContext) => Promise<unknown>;

/** The part of Lambda's context that a handler may rely on in both places. */
export interface LambdaContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  getRemainingTimeInMillis(): number;
}

export interface CellServerOptions {
  readonly name: string;
  readonly internalSecret: string;
  /** The service that the path's first segment belongs to. */
  readonly services: ReadonlyMap<string, { readonly name: string; readonly handler: Handler }>;
  readonly status: () => Promise<unknown>;
  readonly ring: () => void;
  readonly quarantine: Desk;
  /** Of what services answered; the host's own pages are not counted. */
  readonly answers: AnswerCounts;
  readonly drain: Drain;
  /** Stands on every answer and every line of the log. */
  readonly release: ReleaseTold | null;
  readonly clock: Clock;
}

/** Requests under way in one cell; each waits for two stores, so more would only queue there. */
const CONCURRENCY_MAX = 512;
/** Lambda's own limit for these functions. */
const INVOCATION_MS_MAX = 30_000;
const OWN_PAGES = '/_holdfast/';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export function createCellServer(options: CellServerOptions): Server {
  const wanted = Buffer.from(`Holdfast-Internal ${options.internalSecret}`);
  const { answers, drain, release } = options;
  const stamp: Readonly<Record<string, string>> = release === null ? {} : { 'x-release': shortDigest(release.digest) };
  const finish = async (reply: HttpReply, { request, response }: Exchange) => {
    // A router that hears of it lets go of the connection by itself, instead of losing a request on it.
    const leaving: Readonly<Record<string, string>> = drain.draining ? { connection: 'close' } : {};
    await send(response, { ...reply, headers: { ...reply.headers, ...stamp, ...leaving } });
    if (!request.url?.startsWith(OWN_PAGES)) countAnswer(answers, reply, { taken: response.writableFinished });
  };
  const server = createServer((request, response) => {
    const exchange = { request, response };
    if (drain.underWay >= CONCURRENCY_MAX) return void finish(refusal(overloaded(), options), exchange);
    drain.enter();
    void answer({ ...options, wanted }, request)
      .catch((thrown: unknown) => refusal(toPlatformError(thrown), options))
      .then((reply) => finish(reply, exchange))
      .finally(() => {
        drain.leave();
        // A body that was refused unread would be taken for the next request.
        if (!request.complete) request.destroy();
      });
  });
  // The router keeps its connections; closing them first would race with its next request.
  server.keepAliveTimeout = 60_000;
  return server;
}

async function answer(options: CellServerOptions & { wanted: Buffer }, request: IncomingMessage): Promise<HttpReply> {
  assertInternal(request, options.wanted);
  const { method = 'GET', url = '/' } = request;
  const [path = ''] = url.split('?', 1);
  if (path === '/_holdfast/status' && method === 'GET') return json(200, await options.status());
  if (path === '/_holdfast/doorbell' && method === 'POST') {
    options.ring();
    return json(202, {});
  }
  if (path === QUARANTINE_PATH || path.startsWith(`${QUARANTINE_PATH}/`)) {
    const body = () => readBoundedBody(request);
    return json(200, await answerQuarantine(options.quarantine, { method, url, body }));
  }
  if (options.drain.draining) throw leavingError(options.name);
  const service = options.services.get(path.split('/', 2)[1] ?? '');
  if (!service) throw unknownPath(path, [...options.services.keys()]);
  const body = await readBoundedBody(request);
  const { authorization: _internal, ...headers } = request.headers;
  const requestId = String(request.headers['x-request-id'] ?? randomUUID());
  const endAtMs = options.clock.monotonicMs() + INVOCATION_MS_MAX;
  const event = toFunctionUrlEvent(
    { method, url, headers, body, sourceIp: request.socket.remoteAddress ?? '' },
    { requestId, nowMs: options.clock.wallMs() },
  );
  const result = await service.handler(event, {
    awsRequestId: requestId,
    functionName: `${options.name}-${service.name}`,
    getRemainingTimeInMillis: () => Math.max(0, endAtMs - options.clock.monotonicMs()),
  });
  return toHttpReply(result);
}

function assertInternal(request: IncomingMessage, wanted: Buffer): void {
  const given = Buffer.from(request.headers.authorization ?? '');
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  throw new PlatformError({
    code: 'UNAUTHENTICATED',
    kind: 'caller',
    effect: 'none',
    message: 'A cell takes requests from its routers only. Send the request to a router.',
  });
}

function unknownPath(path: string, known: readonly string[]): PlatformError {
  return new PlatformError({
    code: 'NOT_FOUND',
    kind: 'caller',
    effect: 'none',
    message: `No service of this cell has the path ${shown(path)}. Allowed: ${known.map((first) => `/${first}…`).join(', ')}.`,
  });
}

/** Without a hint of the owner: a router then asks the cell's other region, once, which is safe because nothing was done. */
function leavingError(name: string): PlatformError {
  return new PlatformError({
    code: 'NOT_ACTIVE',
    kind: 'caller',
    effect: 'none',
    message: `${name} is being replaced and takes nothing new. Nothing was done. Send the request to the cell's other region.`,
  });
}

function overloaded(): PlatformError {
  return new PlatformError({
    code: 'OVERLOADED',
    kind: 'dependency',
    effect: 'none',
    message: `The cell has ${CONCURRENCY_MAX} requests under way, which is its limit. Try again in a moment.`,
  });
}

function refusal(error: PlatformError, { name, release }: CellServerOptions): HttpReply {
  if (error.kind === 'bug') console.error(`${name} release ${release?.name ?? 'none'}:`, error);
  const { status, body } = toProblem(error);
  return { status, headers: { 'content-type': PROBLEM_CONTENT_TYPE }, body: Buffer.from(JSON.stringify(body)) };
}

function json(status: number, body: unknown): HttpReply {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) };
}

function send(response: ServerResponse, reply: HttpReply): Promise<void> {
  return new Promise((resolve) => {
    // The caller may have left; then there is nobody to answer, and 'close' comes at once.
    response.once('close', resolve);
    response.writeHead(reply.status, { ...reply.headers, 'content-length': reply.body.length });
    response.end(reply.body);
  });
}
