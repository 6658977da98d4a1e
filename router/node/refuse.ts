/**
 * Answers of the router's own: problem documents and the introspection's JSON. When much of the request's body may still
 * be on its way, the connection is closed after a short while of reading on, so that the caller gets to read the answer
 * instead of a reset; a small rest is read and dropped by Node, and the connection stays.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PlatformError } from '../../core/errors.ts';
import { PROBLEM_CONTENT_TYPE, toProblem } from '../../core/problem.ts';
import { REPLAY_BYTES_MAX, RETRY_AFTER_S } from '../core/limits.ts';

/** How long a refused upload is read and thrown away. */
const LINGER_MS = 500;

export interface RefuseOptions {
  readonly requestId: string;
  /** Name, value, name, value … */
  readonly headers?: readonly string[];
}

export function refuse(response: ServerResponse, error: PlatformError, options: RefuseOptions): void {
  const { status, body } = toProblem(error, { instance: `urn:holdfast:request:${options.requestId}` });
  const headers = ['content-type', PROBLEM_CONTENT_TYPE, ...(options.headers ?? [])];
  if (status === 401) headers.push('www-authenticate', 'Bearer');
  if (error.code === 'OVERLOADED') headers.push('retry-after', String(RETRY_AFTER_S));
  answer(response, { status, headers, text: JSON.stringify(body) });
}

export function answerJson(response: ServerResponse, reply: { status: number; body: unknown }): void {
  const headers = ['content-type', 'application/json', 'cache-control', 'no-store'];
  answer(response, { status: reply.status, headers, text: JSON.stringify(reply.body) });
}

function answer(response: ServerResponse, reply: { status: number; headers: string[]; text: string }): void {
  const { req: request } = response;
  const body = Buffer.from(reply.text);
  reply.headers.push('content-length', String(body.length));
  if (request.complete || !hasLargeBody(request)) {
    response.writeHead(reply.status, reply.headers);
    response.end(body);
    return;
  }
  reply.headers.push('connection', 'close');
  response.writeHead(reply.status, reply.headers);
  response.write(body);
  linger(request, response);
}

function linger(request: IncomingMessage, response: ServerResponse): void {
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  request.once('end', end);
  response.once('close', () => clearTimeout(timer));
  request.unpipe();
  request.resume();
}

function hasLargeBody(request: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  return encoding !== undefined || Number(length ?? 0) > REPLAY_BYTES_MAX;
}
