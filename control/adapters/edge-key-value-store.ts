/**
 * Keeps the edge router's key-value store as the map says: one read when nothing changed; else the difference, in batches, each
 * on the condition that nobody else has written since. Two regions' publishers may take turns, and a late one may put an
 * older state back until the next run: an edge router that is behind costs its requests a crossing and nothing else.
 */
import type { Clock } from '../../core/clock.ts';
import { edgeEntries } from '../../core/edge-entries.ts';
import { PlatformError } from '../../core/errors.ts';
import { fnv1a32 } from '../../core/hash.ts';
import type { Topology } from '../../core/topology.ts';
import { Deadline } from '../../resilience/deadline.ts';
import type { EdgeStore } from '../publisher/snapshot-publisher.ts';
import { type GlobalCredentials, signGlobally } from './global-signature.ts';

export interface EdgeStoreOptions {
  /** `arn:aws:cloudfront::<account>:key-value-store/<id>`. */
  readonly arn: string;
  readonly topology: Topology;
  readonly credentials: () => GlobalCredentials;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
}

/** What the entries add up to; written last, so that a run that broke off is taken up by the next. */
const SUM_KEY = 'sum';
/** The service's limit for one update, and for one page. */
const KEYS_PER_CALL_MAX = 50;
/** 10,000 pinned tenants and a thousand cells fit. */
const PAGES_MAX = 256;

interface Answer {
  readonly status: number;
  readonly etag: string;
  readonly json: Readonly<Record<string, unknown>>;
}

type Call = (ask: { method: 'GET' | 'POST'; path: string; ifMatch?: string; body?: object }) => Promise<Answer>;

export function edgeKeyValueStore(options: EdgeStoreOptions): EdgeStore {
  return {
    hold: (map, withinMs) =>
      new Deadline({ clock: options.clock, ms: withinMs }).run('the edge router’s store', async (signal) => {
        const call = caller(options, signal);
        const wanted = edgeEntries(map, options.topology.cells);
        const sum = sumOf(wanted);
        const present = await call({ method: 'GET', path: `/keys/${SUM_KEY}` });
        if (present.status === 200 && present.json.Value === sum) return;
        // First the version, then the content: what is written rests on what was read after it.
        const { etag } = expectDone(await call({ method: 'GET', path: '' }));
        await bringAbout(call, { wanted: new Map(wanted).set(SUM_KEY, sum), etag });
      }),
  };
}

async function bringAbout(call: Call, to: { wanted: ReadonlyMap<string, string>; etag: string }): Promise<void> {
  const present = await readAll(call);
  const puts = [...to.wanted].filter(([key, value]) => present.get(key) !== value);
  const deletes = [...present.keys()].filter((key) => !to.wanted.has(key));
  // The sum is the last of what is wanted, so the last of what is written.
  const changes = [
    ...deletes.map((Key) => ({ delete: { Key } })),
    ...puts.map(([Key, Value]) => ({ put: { Key, Value } })),
  ];
  let { etag } = to;
  for (let from = 0; from < changes.length; from += KEYS_PER_CALL_MAX) {
    const batch = changes.slice(from, from + KEYS_PER_CALL_MAX);
    const body = {
      Puts: batch.flatMap((change) => ('put' in change ? [change.put] : [])),
      Deletes: batch.flatMap((change) => ('delete' in change ? [change.delete] : [])),
    };
    ({ etag } = expectDone(await call({ method: 'POST', path: '/keys', ifMatch: etag, body })));
  }
}

async function readAll(call: Call): Promise<ReadonlyMap<string, string>> {
  const entries = new Map<string, string>();
  let next: unknown = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const token = typeof next === 'string' ? `&NextToken=${encodeURIComponent(next)}` : '';
    const { json } = expectDone(await call({ method: 'GET', path: `/keys?MaxResults=${KEYS_PER_CALL_MAX}${token}` }));
    for (const item of (json.Items ?? []) as readonly { Key: string; Value: string }[])
      entries.set(item.Key, item.Value);
    next = json.NextToken;
    if (typeof next !== 'string') break;
  }
  return entries;
}

function caller({ arn, credentials, clock, fetch }: EdgeStoreOptions, signal: AbortSignal): Call {
  const account = arn.split(':')[4] ?? '';
  const root = `https://${account}.cloudfront-kvs.global.api.aws/key-value-stores/${encodeURIComponent(arn)}`;
  return async ({ method, path, ifMatch, body }) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const url = new URL(root + path);
    const given = {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    };
    const { host: _ours, ...headers } = signGlobally(
      { method, url, headers: given, body: text },
      { credentials: credentials(), service: 'cloudfront-keyvaluestore', atMs: clock.wallMs() },
    );
    const answer = await fetch(url, { method, headers, signal, ...(text === '' ? {} : { body: text }) });
    const json = (await answer.json().catch(() => ({}))) as Answer['json'];
    return { status: answer.status, etag: answer.headers.get('etag') ?? '', json };
  };
}

function expectDone(answer: Answer): Answer {
  if (answer.status === 200) return answer;
  throw new PlatformError({
    code: 'STORE_UNAVAILABLE',
    kind: 'dependency',
    effect: 'unknown',
    message: `The edge router's store answered ${answer.status}. Allowed: 200. The next run takes it up.`,
  });
}

function sumOf(entries: ReadonlyMap<string, string>): string {
  return fnv1a32(JSON.stringify([...entries])).toString(16);
}
