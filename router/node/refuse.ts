/**
 * Sends the router's own answers. When much of the request's body may still
 * be on its way, the connection is closed after a short while of reading on, so that the caller gets to read the answer
 * instead of a reset; a small rest is read and dropped by Node, and the connection stays.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PlatformError } from '../../core/errors.ts';
import { REPLAY_BYTES_MAX } from '../core/limits.ts';
import { type OwnAnswer, problemAnswer, type RefuseOptions } from '../core/own-answer.ts';

/** How long a refused upload is read and thrown away. */
const LINGER_MS = 500;

export function refuse(response: ServerResponse, error: PlatformError, options: RefuseOptions): void {
  answer(response, problemAnswer(error, options));
}

export function answer(response: ServerResponse, reply: OwnAnswer): void {
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
