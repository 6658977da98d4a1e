/** The edge's store: signed as AWS's own library signs, and brought to what the map says in few calls. */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { edgeKeyValueStore } from '../../control/adapters/edge-key-value-store.ts';
import { derivedKey, signGlobally } from '../../control/adapters/global-signature.ts';
import { buildPlacement, withOverride } from '../../core/cell-map.ts';
import { edgeEntries } from '../../core/edge-entries.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { cellId, epoch, regionName, tenantId } from '../../core/ids.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';

/** The key pair that AWS publishes for checking implementations. */
const credentials = {
  accessKeyId: 'AKISORANDOMAASORANDOM',
  secretAccessKey: 'q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom',
  sessionToken: '',
};
const ARN = 'arn:aws:cloudfront::123456789012:key-value-store/e5c2';
const topology = defaultTopology({ cells: 100 });

describe('the signature', () => {
  it("derives the key of AWS's own test vector", () => {
    const { d, x, y } = derivedKey(credentials).export({ format: 'jwk' });
    expect([d, x, y].map((part) => Buffer.from(part ?? '', 'base64url').toString('hex'))).toEqual([
      '7fd3bd010c0d9c292141c2b77bfbde1042c92e6836fff749d1269ec890fca1bd',
      '15d242ceebf8d8169fd6a8b5a746c41140414c3b07579038da06af89190fffcb',
      '0515242cedd82e94799482e4c0514b505afccf2c0c98d6a553bf539f424c5ec0',
    ]);
  });

  it('verifies under the public half, over the documented string', () => {
    const url = new URL('https://1.cloudfront-kvs.global.api.aws/key-value-stores/arn%3Aaws/keys?b=2&a=1');
    const call = { method: 'GET', url, headers: {}, body: '' };
    const headers = signGlobally(call, { credentials, service: 'cloudfront-keyvaluestore', atMs: 0 });
    const signature = /Signature=([0-9a-f]+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    // Canonical request written out by hand; its hash is what the string to sign ends with.
    const canonical = [
      'GET\n/key-value-stores/arn%253Aaws/keys\na=1&b=2\nhost:1.cloudfront-kvs.global.api.aws\nx-amz-date:19700101T000000Z',
      'x-amz-region-set:*\n\nhost;x-amz-date;x-amz-region-set\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    ].join('\n');
    const hash = createHash('sha256').update(canonical).digest('hex');
    const text = `AWS4-ECDSA-P256-SHA256\n19700101T000000Z\n19700101/cloudfront-keyvaluestore/aws4_request\n${hash}`;
    const key = createPublicKey(derivedKey(credentials));
    expect(verify('sha256', Buffer.from(text), key, Buffer.from(signature, 'hex'))).toBe(true);
  });
});

/** The service: all or nothing a batch, each under its version. */
class FakeKeyValueStore {
  readonly entries = new Map<string, string>();
  version = 1;
  calls: string[] = [];

  readonly fetch = async (
    input: unknown,
    init: { method?: string; headers?: Record<string, string>; body?: string },
  ) => {
    const { pathname, searchParams, host } = input as URL;
    expect(host).toBe('123456789012.cloudfront-kvs.global.api.aws');
    const rest = pathname.slice(`/key-value-stores/${encodeURIComponent(ARN)}`.length);
    this.calls.push(`${init.method} ${rest}`);
    if (init.method === 'POST') return this.#update(init);
    if (rest === '') return this.#answer({});
    if (rest !== '/keys') {
      const value = this.entries.get(rest.slice('/keys/'.length));
      return value === undefined ? this.#answer({}, 404) : this.#answer({ Value: value });
    }
    const from = Number(searchParams.get('NextToken') ?? 0);
    const Items = [...this.entries].slice(from, from + 50).map(([Key, Value]) => ({ Key, Value }));
    return this.#answer({ Items, ...(from + 50 < this.entries.size ? { NextToken: String(from + 50) } : {}) });
  };

  #update({ headers, body }: { headers?: Record<string, string>; body?: string }) {
    if (headers?.['if-match'] !== `v${this.version}`) return this.#answer({}, 409);
    const { Puts, Deletes } = JSON.parse(body ?? '{}') as {
      Puts: { Key: string; Value: string }[];
      Deletes: { Key: string }[];
    };
    expect(Puts.length + Deletes.length).toBeLessThanOrEqual(50);
    for (const { Key, Value } of Puts) this.entries.set(Key, Value);
    for (const { Key } of Deletes) expect(this.entries.delete(Key)).toBe(true);
    this.version += 1;
    return this.#answer({});
  }

  #answer(json: object, status = 200) {
    return new Response(JSON.stringify(json), { status, headers: { etag: `v${this.version}` } });
  }
}

function world() {
  const store = new FakeKeyValueStore();
  const edge = edgeKeyValueStore({
    ...{ arn: ARN, topology, clock: new FakeClock(), credentials: () => credentials },
    fetch: store.fetch as unknown as typeof fetch,
  });
  const first = buildPlacement(topology.cells);
  const pinned = withOverride(first, { tenant: tenantId('acme'), cell: cellId('c07') });
  const owner = new Map([[cellId('c01'), { region: regionName('us-west-2'), epoch: epoch(2) }]]);
  const expectHeld = (map: Parameters<typeof edgeEntries>[0]) => {
    const { sum: _sum, ...held } = Object.fromEntries(store.entries);
    expect(held).toEqual(Object.fromEntries(edgeEntries(map, topology.cells)));
  };
  return { store, edge, first, pinned, owner, expectHeld };
}

describe("the edge's store", () => {
  it('is filled, then looked at with one read while nothing changes', async () => {
    const { store, edge, first, expectHeld } = world();
    const map = { placement: first, ownership: new Map() };
    await edge.hold(map, 1_000);
    expectHeld(map);
    store.calls = [];
    await edge.hold(map, 1_000);
    expect(store.calls).toEqual(['GET /keys/sum']);
  });

  it('gets only what changed, and loses what is no more', async () => {
    const { store, edge, first, pinned, owner, expectHeld } = world();
    await edge.hold({ placement: pinned, ownership: new Map() }, 1_000);
    store.calls = [];
    await edge.hold({ placement: first, ownership: owner }, 1_000);
    expectHeld({ placement: first, ownership: owner });
    expect(store.calls.filter((call) => call.startsWith('POST'))).toHaveLength(1);
  });

  it('is left to another writer that was quicker, and taken up by the next run', async () => {
    const { store, edge, first, owner, expectHeld } = world();
    const map = { placement: first, ownership: owner };
    const { fetch } = store;
    let batches = 0;
    const meddling = edgeKeyValueStore({
      ...{ arn: ARN, topology, clock: new FakeClock(), credentials: () => credentials },
      fetch: (async (input: unknown, init: { method?: string }) => {
        if (init.method === 'POST' && ++batches === 2) store.version += 1;
        return fetch(input, init);
      }) as unknown as typeof globalThis.fetch,
    });
    await expect(meddling.hold(map, 1_000)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(store.entries.has('sum')).toBe(false);
    await edge.hold(map, 1_000);
    expectHeld(map);
  });
});
