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
  const url = new URL('/map', options.url);
  return async (etag, signal) => {
    const headers = { authorization: options.credential, ...(etag === null ? {} : { 'if-none-match': etag }) };
    const answer = await agent.request({ ...target(url), headers, signal: bounded(signal) });
    if (answer.statusCode === 304) {
      await answer.body.dump();
      return { kind: 'unchanged' };
    }
    const document = await readJson(answer, 'The source of the cell map');
    return { kind: 'document', document, etag: oneValue(answer.headers.etag) };
  };
}

export function httpKeySource(url: string): (signal: AbortSignal) => Promise<unknown> {
  const agent = sourceAgent();
  return async (signal) => {
    const answer = await agent.request({ ...target(new URL(url)), signal: bounded(signal) });
    return readJson(answer, 'The source of the keys');
  };
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

function bounded(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
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
