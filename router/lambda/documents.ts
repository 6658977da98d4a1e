/** Small documents from outside, out of band: the map's snapshot from its bucket and the issuer's keys. Bounded in time and size. */
import type { Clock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import { SNAPSHOT_BYTES_MAX } from '../../core/map-snapshot.ts';
import type { FetchMap } from '../map/map-poller.ts';
import type { HttpCall, HttpsCaller } from './https-caller.ts';
import type { CallSigner } from './signed-call.ts';

/** A bucket in the region answers in some 50 ms; a start with empty hands waits this long at most. */
export const DOCUMENT_TIMEOUT_MS = 1_500;
const KEYS_BYTES_MAX = 64 * 1024;

interface DocumentPorts {
  readonly clock: Clock;
  readonly caller: HttpsCaller;
}

export function snapshotSource(
  from: DocumentPorts & { readonly signer: CallSigner; readonly url: string; readonly region: string },
): FetchMap {
  return async (etag) => {
    const headers = etag === null ? [] : ['if-none-match', etag];
    const signed = await from.signer.sign({
      ...{ url: from.url, method: 'GET', headers, body: null, service: 's3', region: from.region },
    });
    const answer = await fetchBounded(from, { ...signed, bytesMax: SNAPSHOT_BYTES_MAX });
    if (answer.status === 304) return { kind: 'unchanged' };
    return {
      kind: 'document',
      document: readJson(answer, 'The bucket of the cell map'),
      etag: etagOf(answer.rawHeaders),
    };
  };
}

export async function fetchKeys(from: DocumentPorts, url: string): Promise<unknown> {
  const call = { url: new URL(url), method: 'GET', headers: {}, body: null, bytesMax: KEYS_BYTES_MAX };
  return readJson(await fetchBounded(from, call), 'The source of the keys');
}

interface Fetched {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

async function fetchBounded({ clock, caller }: DocumentPorts, call: Omit<HttpCall, 'signal'>): Promise<Fetched> {
  const [late, ended] = [new AbortController(), new AbortController()];
  // The sleep is cut short when the call ended first.
  clock.sleep(DOCUMENT_TIMEOUT_MS, ended.signal).then(
    () => late.abort(),
    () => undefined,
  );
  const outcome = await caller.call({ ...call, signal: late.signal });
  ended.abort();
  if (outcome.kind !== 'answered') throw noDocument(`${call.url.host} did not answer (${outcome.kind}).`);
  return outcome;
}

function readJson(answer: Fetched, who: string): unknown {
  if (answer.status !== 200) throw noDocument(`${who} answered ${answer.status}. Allowed: 200 or 304.`);
  return JSON.parse(answer.body.toString('utf8'));
}

function etagOf(rawHeaders: readonly string[]): string | null {
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'etag');
  return at < 0 ? null : (rawHeaders[at + 1] ?? null);
}

function noDocument(message: string): PlatformError {
  return new PlatformError({ code: 'NO_CELL_MAP', kind: 'dependency', effect: 'none', message });
}
