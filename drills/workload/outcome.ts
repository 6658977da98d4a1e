/**
 * What a client knows after a call. Only a success is `ok`; only an error that *says* it had no effect, or a connection
 * that was never made, is `fail`; everything else, whatever it looks like, is `info`.
 */
import type { Json } from '../../core/json.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed where it is JSON, else `null`. */
  readonly body: Json;
}

interface Answered {
  readonly status: number;
  readonly body: Json;
  readonly cell: string | null;
  readonly region: string | null;
  readonly epoch: number | null;
  /** The session token of the answer, to be sent with the next call. */
  readonly session?: string | null;
  /** By how much the answer may be behind, where it said so. */
  readonly stalenessMs?: number | null;
  /** All that the answer lacks, as it says. */
  readonly degraded?: string | null;
  /** Of a refusal, when it says so. */
  readonly retryAfterS?: number | null;
  /** The release that answered, as the answer names it. */
  readonly release?: string | null;
}

export type Outcome =
  | (Answered & { readonly type: 'ok'; readonly degraded: string | null })
  | (Answered & { readonly type: 'fail' | 'info'; readonly code: string });

/** Nobody answered. */
export const SILENCE: Answered = { status: 0, body: null, cell: null, region: null, epoch: null };

export function outcomeOfAnswer(answer: Answer): Outcome {
  const { status, body } = answer;
  const answered = {
    status,
    body,
    cell: headerOf(answer, 'x-cell'),
    region: headerOf(answer, 'x-region'),
    epoch: epochOf(answer),
    session: headerOf(answer, 'x-session'),
    stalenessMs: numberOf(answer, 'x-staleness-ms'),
    degraded: headerOf(answer, 'x-degraded'),
    retryAfterS: numberOf(answer, 'retry-after'),
    release: headerOf(answer, 'x-release'),
  } satisfies Answered;
  if (status >= 200 && status < 300) return { ...answered, type: 'ok' };
  const code = memberOf(body, 'code') ?? (isUnrun(answer) ? UNRUN : `HTTP_${status}`);
  if (code === UNRUN) return { ...answered, type: 'fail', code };
  return { ...answered, type: memberOf(body, 'effect') === 'none' ? 'fail' : 'info', code };
}

/** Lambda turned the call away itself: no code of ours ran. */
const UNRUN = 'FUNCTION_NOT_RUN';
/** The request certainly reached nobody: nobody listens there, or nobody was let run. */
const NEVER_SENT: ReadonlySet<string> = new Set(['ECONNREFUSED', UNRUN]);

/** Ours say 429 with a problem's `code`; Lambda names its exception in a header of its own. */
function isUnrun({ status, headers }: Answer): boolean {
  return status === 429 && String(headers['x-amzn-errortype'] ?? '').startsWith('TooManyRequestsException');
}

export function outcomeOfError(thrown: unknown): Outcome {
  const code = errorCode(thrown);
  return { ...SILENCE, type: NEVER_SENT.has(code) ? 'fail' : 'info', code };
}

/** Whether the far end itself was away, so that another entry may be tried. */
export function isNeverSent(outcome: Outcome): boolean {
  return outcome.type === 'fail' && NEVER_SENT.has(outcome.code);
}

/** By shape and not by class: errors of the runtime's own sockets need not be instances of this module's `Error`. */
function errorCode(thrown: unknown): string {
  const { code, name } = (thrown ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  if (name === 'AbortError' || name === 'TimeoutError') return 'CLIENT_TIMEOUT';
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : 'UNKNOWN';
}

function headerOf(answer: Answer, name: string): string | null {
  const value = answer.headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

function epochOf(answer: Answer): number | null {
  const value = Number(headerOf(answer, 'x-cell-epoch') ?? Number.NaN);
  return Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function numberOf(answer: Answer, name: string): number | null {
  const text = headerOf(answer, name);
  const value = Number(text);
  return text !== null && Number.isFinite(value) && value >= 0 ? value : null;
}

export function memberOf(body: Json, name: string): string | null {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return null;
  const value = (body as { readonly [key: string]: Json })[name];
  return typeof value === 'string' ? value : null;
}
