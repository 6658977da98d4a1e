/** Small documents by HTTP, out of band: bounded in time and size, JSON only. For the cell map and the issuer's keys. */
import { Agent, type Dispatcher } from 'undici';
import { PLACEMENT_BYTES_MAX } from '../../core/cell-map.ts';
import { PlatformError } from '../../core/errors.ts';
import type { FetchMap } from '../map/map-poller.ts';

/** Ten polls: control answers within one, so this long means that it is gone. */
const ANSWER_TIMEOUT_MS = 500;
const DOCUMENT_BYTES_MAX = PLACEMENT_BYTES_MAX * 4;

export function httpMapSource(options: { url: string; credential: string }): FetchMap {
  const agent = sourceAgent();
  const to = target(new URL('/map', options.url));
  return (etag, signal) =>
    withinTime(signal, async (bounded) => {
      const headers = { authorization: options.credential, ...(etag === null ? {} : { 'if-none-match': etag }) };
      const answer = await agent.request({ ...to, headers, signal: bounded });
      if (answer.statusCode === 304) {
        await answer.body.dump();
        return { kind: 'unchanged' };
      }
      const document = await readJson(answer, 'The source of the cell map');
      return { kind: 'document', document, etag: oneValue(answer.headers.etag) };
    });
}

export function httpKeySource(url: string): (signal: AbortSignal) => Promise<unknown> {
  const agent = sourceAgent();
  const to = target(new URL(url));
  return (signal) =>
    withinTime(signal, async (bounded) =>
      readJson(await agent.request({ ...to, signal: bounded }), 'The source of the keys'),
    );
}

function sourceAgent(): Agent {
  return new Agent({
    connections: 1,
    pipelining: 1,
    maxResponseSize: DOCUMENT_BYTES_MAX,
    connect: { timeout: ANSWER_TIMEOUT_MS },
  });
}

function target(url: URL): { origin: string; path: string; method: 'GET' } {
  return { origin: url.origin, path: url.pathname + url.search, method: 'GET' };
}

/** By hand: `AbortSignal.any` leaves a trace in a long-lived signal at each call, and this is called 20 times a second. */
async function withinTime<T>(signal: AbortSignal, work: (bounded: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const onAbort = () => abort.abort(signal.reason);
  const timer = setTimeout(() => abort.abort(new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`)), ANSWER_TIMEOUT_MS);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(abort.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

async function readJson(answer: Dispatcher.ResponseData, who: string): Promise<unknown> {
  if (answer.statusCode === 200) return answer.body.json();
  await answer.body.dump();
  throw new PlatformError({
    code: 'NO_CELL_MAP',
    kind: 'dependency',
    effect: 'none',
    message: `${who} answered ${answer.statusCode}. Allowed: 200 or 304.`,
  });
}

function oneValue(value: string | string[] | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
