/** Answers that are the router's own: problem documents and the introspection's JSON, as every host sends them. */
import type { PlatformError } from '../../core/errors.ts';
import { PROBLEM_CONTENT_TYPE, toProblem } from '../../core/problem.ts';
import { RETRY_AFTER_S } from './limits.ts';

export interface OwnAnswer {
  readonly status: number;
  /** Name, value, name, value … */
  readonly headers: string[];
  readonly text: string;
}

export interface RefuseOptions {
  readonly requestId: string;
  /** Name, value, name, value … */
  readonly headers?: readonly string[];
}

export function problemAnswer(error: PlatformError, options: RefuseOptions): OwnAnswer {
  const { status, body } = toProblem(error, { instance: `urn:holdfast:request:${options.requestId}` });
  const headers = ['content-type', PROBLEM_CONTENT_TYPE, ...(options.headers ?? [])];
  if (status === 401) headers.push('www-authenticate', 'Bearer');
  if (error.code === 'OVERLOADED' || error.code === 'CELL_UNREACHABLE')
    headers.push('retry-after', String(RETRY_AFTER_S));
  return { status, headers, text: JSON.stringify(body) };
}

export function jsonAnswer(reply: { readonly status: number; readonly body: unknown }): OwnAnswer {
  const headers = ['content-type', 'application/json', 'cache-control', 'no-store'];
  return { status: reply.status, headers, text: JSON.stringify(reply.body) };
}
