/**
 * The router as a function: one event in, one result out. It holds what the requests of one environment share, and between
 * them it is frozen: the map is refreshed while a request is under way, never by a request that waits for it, except when
 * there is nothing at all to serve from.
 */
import type { Clock } from '../../core/clock.ts';
import { isPlatformError, type PlatformError, toPlatformError } from '../../core/errors.ts';
import type { TenantId } from '../../core/ids.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import { judgeRequestLine } from '../core/decide.ts';
import { INTROSPECTION_PREFIX, type Introspected, introspect } from '../core/introspection.ts';
import { problemAnswer } from '../core/own-answer.ts';
import { readHead } from '../core/request-head.ts';
import { isSafe } from '../core/retry.ts';
import { DOCUMENT_TIMEOUT_MS } from './documents.ts';
import { Exchange, type ExchangeParts } from './exchange.ts';
import { type Ending, failureLine } from './failure-metric.ts';
import type { KeptSnapshot } from './kept-snapshot.ts';
import type { OutOfBand } from './out-of-band.ts';
import { isProbe, probeCells } from './probe-errand.ts';
import { readUrlEvent, toUrlResult, type UrlRequest, type UrlResult } from './url-event.ts';

export interface FunctionParts extends ExchangeParts, Introspected {
  readonly clock: Clock;
  readonly authenticator: Authenticator;
  readonly holder: ExchangeParts['holder'];
  readonly kept: KeptSnapshot;
  readonly refreshMap: OutOfBand;
  readonly refreshKeys: OutOfBand;
  /** A line of the function's log. */
  readonly log: (line: string) => void;
}

/** The part of Lambda's context that is used. */
export interface InvocationContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** What remains for giving the answer when an invocation's own time is the shorter one. */
const MARGIN_MS = 250;

export function routerFunction(parts: FunctionParts): (event: unknown, context: InvocationContext) => Promise<unknown> {
  return async (event, context) => {
    await supply(parts);
    const result = isProbe(event) ? await probeCells(parts) : await answerUrl(parts, event, context);
    parts.kept.save(parts.holder.map, parts.snapshots);
    return result;
  };
}

/** Starts what is due, and waits for it only when this environment has never had a map or keys. */
export async function supply(parts: FunctionParts): Promise<void> {
  parts.refreshMap.kick();
  parts.refreshKeys.kick();
  if (!parts.snapshots.hasAddresses) await parts.refreshMap.settled(DOCUMENT_TIMEOUT_MS);
  if (!parts.authenticator.hasKeys) await parts.refreshKeys.settled(DOCUMENT_TIMEOUT_MS);
}

async function answerUrl(parts: FunctionParts, event: unknown, context: InvocationContext): Promise<UrlResult> {
  const request = readUrlEvent(event);
  if (isPlatformError(request)) return refuse(request, { requestId: context.awsRequestId });
  const head = readHead(request.rawHeaders);
  if (isPlatformError(head)) return refuse(head, { requestId: context.awsRequestId });
  const requestId = head.requestId ?? context.awsRequestId;
  const misfit = judgeRequestLine(request);
  if (misfit !== null) return refuse(misfit, { requestId });
  if (request.target.startsWith(INTROSPECTION_PREFIX)) {
    const answer = introspect(parts, { target: request.target, requestId });
    return toUrlResult({ ...answer, body: answer.text });
  }
  const limitMs = Math.min(head.deadlineMs, context.getRemainingTimeInMillis() - MARGIN_MS);
  const deadlineAtMs = parts.clock.monotonicMs() + limitMs;
  const tenant = await authenticate(parts, { authorization: head.authorization, method: request.method });
  if (isPlatformError(tenant)) return refuse(tenant, { requestId });
  return deliver(parts, { request, head, tenant, requestId, deadlineAtMs });
}

async function deliver(
  parts: FunctionParts,
  ask: {
    readonly request: UrlRequest;
    readonly head: { readonly forwarded: string[]; readonly maxStalenessMs: number | null };
    readonly tenant: TenantId;
    readonly requestId: string;
    readonly deadlineAtMs: number;
  },
): Promise<UrlResult> {
  const { request, head, tenant, requestId, deadlineAtMs } = ask;
  const { method, target, body } = request;
  const { forwarded, maxStalenessMs } = head;
  const errand = { tenant, method, target, forwarded, maxStalenessMs, body, requestId, deadlineAtMs };
  const ended = await Exchange.run(parts, errand).catch((thrown: unknown) => {
    const error = toPlatformError(thrown);
    console.error(error);
    return { error, cell: null };
  });
  const failed = 'error' in ended;
  const result = failed
    ? refuse(ended.error, { requestId, headers: ended.cell === null ? [] : ['x-cell', ended.cell] })
    : toUrlResult(ended);
  if (ended.cell !== null) {
    const status = result.statusCode;
    tellFailure(parts, { cell: ended.cell, status, code: failed ? ended.error.code : null, requestId });
  }
  return result;
}

function tellFailure(parts: FunctionParts, ending: Omit<Ending, 'region'>): void {
  const line = failureLine({ ...ending, region: parts.region }, parts.clock.wallMs());
  if (line !== null) parts.log(line);
}

async function authenticate(
  { authenticator }: FunctionParts,
  { authorization, method }: { readonly authorization: string | null; readonly method: string },
): Promise<TenantId | PlatformError> {
  // Only a header that is there can be unknown.
  return (
    authenticator.check(authorization, isSafe(method) ? 'read' : 'write') ??
    (await authenticator.verify(authorization ?? ''))
  );
}

function refuse(error: PlatformError, options: { requestId: string; headers?: readonly string[] }): UrlResult {
  const answer = problemAnswer(error, options);
  return toUrlResult({ ...answer, body: answer.text });
}
