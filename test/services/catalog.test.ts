/** The catalogue: browsing, searching, editing, and what it answers from a copy. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FakeClock } from '../../core/fake-clock.ts';
import { epoch, regionName } from '../../core/ids.ts';
import { createCatalogApp } from '../../services/catalog/app.ts';
import { SHELVES } from '../../services/catalog/catalog-shelves.ts';
import { PAGE_PRODUCTS_MAX } from '../../services/catalog/routes.ts';
import { fitOf, termsOf } from '../../services/catalog/search-terms.ts';
import { MemoryRuntime } from '../doubles/memory-runtime.ts';
import { send } from './requests.ts';

const open = () => {
  const runtime = new MemoryRuntime({ clock: new FakeClock() });
  return { runtime, app: createCatalogApp(runtime) };
};
const put = (title: string, summary = '') => ({ body: { title, summary } });
const skus = (body: Record<string, unknown>) => (body.products as readonly { sku: string }[]).map(({ sku }) => sku);

describe('browsing', () => {
  it('shows the sample catalogue in pages, each product once', async () => {
    const { app } = open();
    const seen: string[] = [];
    for (let after = ''; ; ) {
      const { status, body } = await send(app, `GET /products?limit=5${after && `&after=${after}`}`);
      expect(status).toBe(200);
      seen.push(...skus(body));
      if (body.next === null) break;
      after = String(body.next);
    }
    expect(seen).toHaveLength(12);
    expect(seen).toEqual([...new Set(seen)].sort());
  });

  it('reads a fixed number of aggregates, whatever the number of products', async () => {
    const { app, runtime } = open();
    for (let n = 0; n < 60; n++) await send(app, `PUT /products/p-${n}`, put(`Product ${n}`));
    let reads = 0;
    runtime.store.probe = ({ kind, phase }) => {
      if (kind === 'read' && phase === 'before') reads += 1;
    };
    expect(skus((await send(app, `GET /products?limit=${PAGE_PRODUCTS_MAX}`)).body)).toHaveLength(PAGE_PRODUCTS_MAX);
    expect(reads).toBe(SHELVES);
  });

  it.each(['limit=0', 'limit=51', 'limit=x', 'limit=5&limit=6', 'after=', 'after=%00', 'page=2', 'after=a&after=b'])(
    'refuses ?%s and says what is allowed',
    async (query) => {
      const refused = await send(open().app, `GET /products?${query}`);
      expect([refused.status, refused.body.code]).toEqual([400, 'INVALID_INPUT']);
    },
  );
});

describe('editing', () => {
  it('adds and renames; the same again changes nothing', async () => {
    const { app, runtime } = open();
    expect((await send(app, 'PUT /products/net-float', put('Net float', 'Green glass.'))).status).toBe(200);
    await send(app, 'PUT /products/net-float', put('Net float', 'Green glass.'));
    expect(runtime.store.commits).toHaveLength(1);
    await send(app, 'PUT /products/anchor-mug', put('Mug'));
    expect((await send(app, 'GET /products/anchor-mug')).body).toEqual({
      sku: 'anchor-mug',
      title: 'Mug',
      summary: '',
      priceCents: 1_450,
      available: 500,
    });
    expect((await send(app, 'GET /products/net-float')).body).toMatchObject({ title: 'Net float', priceCents: null });
  });

  it('needs the lease and nothing else: it is acknowledged here', async () => {
    const { app, runtime } = open();
    await send(app, 'PUT /products/net-float', put('Net float'));
    expect(runtime.store.commits[0]).toMatchObject({ class: 'leased', epoch: 7 });
    runtime.current = { state: 'standby', owner: regionName('us-west-2'), epoch: epoch(8) };
    expect((await send(app, 'PUT /products/net-float', put('x'))).body.code).toBe('NOT_ACTIVE');
  });

  it('is bounded: a full shelf takes no more, but still changes', async () => {
    const { app } = open();
    const statuses: number[] = [];
    for (let n = 0; n < 1_100; n++) statuses.push((await send(app, `PUT /products/p-${n}`, put('P'))).status);
    expect(new Set(statuses)).toEqual(new Set([200, 409]));
    expect((await send(app, 'PUT /products/p-0', put('Q'))).status).toBe(200);
  });

  it.each([{ title: '' }, { title: 'x'.repeat(121) }, { title: 'x', price: 1 }, { summary: 'x' }, { title: 7 }])(
    'refuses %j',
    async (body) => {
      const refused = await send(open().app, 'PUT /products/net-float', { body });
      expect([refused.status, refused.body.code]).toEqual([400, 'INVALID_INPUT']);
    },
  );

  it('takes no sku that is a path of its own', async () => {
    for (const sku of ['search', 'openapi.json']) {
      expect((await send(open().app, `PUT /products/${sku}`, put('x'))).status).toBe(400);
    }
  });

  it('says what is not there', async () => {
    const missing = await send(open().app, 'GET /products/nothing');
    expect([missing.status, missing.body.code]).toEqual([404, 'NOT_FOUND']);
  });
});

describe('searching', () => {
  const found = async (q: string) =>
    skus((await send(open().app, `GET /products/search?q=${encodeURIComponent(q)}`)).body);

  it('finds by the beginning of each word, whole words first', async () => {
    expect(await found('lamp')).toEqual(['bowline-lamp']);
    expect(await found('a')).toContain('anchor-mug');
    expect(await found('rope knot')).toEqual(['bowline-lamp']);
    expect(await found('rope nothing')).toEqual([]);
  });

  it('orders what it found by the document ranking, and not at all by a feature that nobody knows', async () => {
    const { app, runtime } = open();
    const titles = ['rope one', 'rope two', 'rope three'];
    for (const [index, title] of titles.entries()) await send(app, `PUT /products/r${index}`, put(title));
    const order = async () => {
      const all = skus((await send(app, 'GET /products/search?q=rope')).body);
      return all.filter((sku) => /^r\d$/.test(sku));
    };
    expect(await order()).toEqual(['r0', 'r1', 'r2']);
    const features = [
      { name: 'whole-word', weight: -1 },
      { name: 'term:two', weight: 5 },
      { name: 'of-tomorrow', weight: 9 },
      { name: 'term:one', weight: -5 },
    ];
    const body = { features };
    const said = { by: 'ann', why: 'x', publishedAtMs: 0, checksum: '' };
    expect(runtime.documents.take({ type: 'ranking', version: 1, body, ...said }, 'published')).toBe('taken');
    expect(await order()).toEqual(['r1', 'r2', 'r0']);
  });

  it('folds case, accents and compatibility forms', async () => {
    const { app } = open();
    await send(app, 'PUT /products/net-float', put('Bouée décorative ﬁne'));
    for (const q of ['BOUEE', 'bouée', 'boue\u0301e', 'ｂｏｕｅｅ', 'fine']) {
      const { body } = await send(app, `GET /products/search?q=${encodeURIComponent(q)}`);
      expect([q, skus(body)]).toEqual([q, ['net-float']]);
    }
  });

  it.each(['', 'x'.repeat(65), '!?', 'a b c d e f g h i', '\u0000'])('refuses the query %j', async (q) => {
    const refused = await send(open().app, `GET /products/search?q=${encodeURIComponent(q)}`);
    expect([refused.status, refused.body.code]).toEqual([400, 'INVALID_INPUT']);
  });

  it('takes any text: words are bounded and fold to themselves', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const terms = termsOf(text);
        expect(terms.length).toBeLessThanOrEqual(64);
        if (terms.length > 0) expect(fitOf(terms.slice(0, 1), terms)).not.toBeNull();
      }),
    );
  });
});

describe('in the standby', () => {
  const browse = (app: ReturnType<typeof open>['app'], asked: string) =>
    send(app, 'GET /products', { headers: { 'x-max-staleness-ms': asked } });

  it('shows the window within the bound, and beyond it only while the owner is silent, marked', async () => {
    const { app, runtime } = open();
    runtime.current = { state: 'standby', owner: regionName('us-west-2'), epoch: epoch(8) };
    runtime.staleness = 900;
    expect((await browse(app, '1000')).headers.get('x-staleness-ms')).toBe('900');
    runtime.staleness = 3_000;
    expect((await browse(app, '1000')).body.code).toBe('COPY_BEHIND');
    runtime.staleness = 30_000;
    const stale = await browse(app, '1000');
    expect([stale.status, stale.headers.get('x-degraded'), stale.headers.get('x-staleness-ms')]).toEqual([
      200,
      'stale',
      '30000',
    ]);
    runtime.staleness = null;
    const unknown = await browse(app, '1000');
    expect([unknown.headers.get('x-degraded'), unknown.headers.has('x-staleness-ms')]).toEqual(['stale', false]);
    expect((await send(app, 'GET /products')).body.code).toBe('NOT_ACTIVE');
  });
});
