/** What every route shares: who is let in, until when, and what a refusal says. */
import { describe, expect, it } from '@jest/globals';
import { epoch, regionName } from '../../core/ids.ts';
import { createCartApp } from '../../services/cart/app.ts';
import { cartRoutes } from '../../services/cart/routes.ts';
import { createCheckoutApp } from '../../services/checkout/app.ts';
import { checkoutRoutes } from '../../services/checkout/routes.ts';
import { MemoryRuntime } from '../doubles/memory-runtime.ts';
import { ScriptedProvider } from '../doubles/scripted-provider.ts';
import { send } from './requests.ts';

function services() {
  const runtime = new MemoryRuntime();
  return { runtime, cart: createCartApp(runtime), checkout: createCheckoutApp(runtime, new ScriptedProvider()) };
}

const STOCK = { available: 5, priceCents: 100 };

describe('admission', () => {
  it('says where the answer comes from', async () => {
    const { cart } = services();
    const { headers } = await send(cart, 'GET /carts/c1');
    expect(['x-cell', 'x-region', 'x-cell-epoch', 'x-staleness-ms'].map((name) => headers.get(name))).toEqual([
      'c01',
      'us-east-1',
      '7',
      '0',
    ]);
  });

  it('says how far a merged answer may be behind, and nothing when it is not known', async () => {
    const { cart, runtime } = services();
    runtime.staleness = 41.2;
    expect((await send(cart, 'GET /carts/c1')).headers.get('x-staleness-ms')).toBe('42');
    runtime.staleness = null;
    expect((await send(cart, 'GET /carts/c1')).headers.get('x-staleness-ms')).toBeNull();
  });

  it.each([
    ['PUT /stock/anchor-mug', { body: STOCK }],
    ['GET /stock/anchor-mug', {}],
    ['POST /checkout', { body: { cart: 'c1' }, headers: { 'idempotency-key': 'k' } }],
    [`GET /orders/ord_${'0'.repeat(32)}`, {}],
  ])('refuses %s with 421 and the owner while the region is not active', async (line, options) => {
    const { checkout, runtime } = services();
    runtime.current = { state: 'standby', owner: regionName('us-west-2'), epoch: epoch(8) };
    const refused = await send(checkout, line, options);
    expect([refused.status, refused.body.code, refused.body.effect]).toEqual([421, 'NOT_ACTIVE', 'none']);
    expect([refused.headers.get('x-holdfast-owner'), refused.headers.get('x-cell-epoch')]).toEqual(['us-west-2', '8']);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
  });

  it.each(['anchor-mug', 'nothing'])(
    'does not answer with what it read of %s when the lease ran out meanwhile',
    async (sku) => {
      const { checkout, runtime } = services();
      runtime.store.probe = async () => {
        runtime.current = { state: 'standby', owner: regionName('us-west-2'), epoch: epoch(8) };
      };
      const late = await send(checkout, `GET /stock/${sku}`);
      expect([late.status, late.body.code, late.headers.get('x-holdfast-owner')]).toEqual([
        421,
        'NOT_ACTIVE',
        'us-west-2',
      ]);
    },
  );

  it('does not answer with what it read under an epoch that is over, although it is active again', async () => {
    const { checkout, runtime } = services();
    runtime.store.probe = async () => {
      runtime.current = { state: 'active', epoch: epoch(9) };
    };
    expect((await send(checkout, 'GET /stock/anchor-mug')).status).toBe(421);
  });

  it('does not answer with what it read from a store that was fenced, whatever its lease says', async () => {
    const { checkout, runtime } = services();
    runtime.store.fenced = true;
    const late = await send(checkout, 'GET /stock/anchor-mug');
    expect([late.status, late.body.code, late.headers.get('retry-after')]).toEqual([503, 'LEASE_NOT_HELD', '1']);
  });

  it('names no owner while none is known', async () => {
    const { checkout, runtime } = services();
    runtime.current = { state: 'standby', owner: null, epoch: null };
    const refused = await send(checkout, 'GET /stock/anchor-mug');
    expect([refused.status, refused.headers.has('x-holdfast-owner'), refused.headers.has('x-cell-epoch')]).toEqual([
      421,
      false,
      false,
    ]);
  });

  it('sends the router on when the lease was lost between admission and commit', async () => {
    const { checkout, runtime } = services();
    runtime.store.probe = ({ kind }) => {
      if (kind === 'read') runtime.current = { state: 'standby', owner: regionName('us-west-2'), epoch: epoch(8) };
    };
    const refused = await send(checkout, 'PUT /stock/anchor-mug', { body: STOCK });
    expect([refused.status, refused.body.code, refused.body.effect]).toEqual([421, 'NOT_ACTIVE', 'none']);
    expect(refused.headers.get('x-holdfast-owner')).toBe('us-west-2');
  });

  it('refuses a request for another cell or for a tenant of another cell', async () => {
    const { cart, runtime } = services();
    const addressed = await send(cart, 'GET /carts/c1', { headers: { 'x-holdfast-cell': 'c02' } });
    expect([addressed.status, addressed.body.code]).toEqual([421, 'WRONG_CELL']);
    runtime.foreignTenants.add('acme');
    const foreign = await send(cart, 'GET /carts/c1');
    expect([foreign.status, foreign.body.code]).toEqual([421, 'WRONG_CELL']);
  });

  it.each([
    ['', 'tenant'],
    ['../etc', 'tenant'],
    ['a'.repeat(65), 'tenant'],
  ])('refuses the tenant %j', async (tenant, what) => {
    const { cart } = services();
    const refused = await send(cart, 'GET /carts/c1', { headers: { 'x-holdfast-tenant': tenant } });
    expect([refused.status, refused.body.code]).toEqual([400, 'INVALID_INPUT']);
    expect(refused.body.detail).toContain(what);
  });

  it.each(['soon', '-5', '1.5', '1e3', '99999999999'])('refuses the deadline %j', async (value) => {
    const { cart } = services();
    const refused = await send(cart, 'GET /carts/c1', { headers: { 'x-deadline-ms': value } });
    expect([refused.status, refused.body.code]).toEqual([400, 'INVALID_INPUT']);
  });

  it('does nothing when no time is left', async () => {
    const { cart, runtime } = services();
    const late = await send(cart, 'PUT /carts/c1/items/a', {
      body: { quantity: 1 },
      headers: { 'x-deadline-ms': '0' },
    });
    expect([late.status, late.body.code, late.body.effect]).toEqual([504, 'DEADLINE_EXCEEDED', 'none']);
    expect(runtime.store.commits).toEqual([]);
  });

  it('gives the store no more time than the route allows, and no more than the caller has', async () => {
    const { cart, runtime } = services();
    const seen: number[] = [];
    const read = runtime.store.read.bind(runtime.store);
    runtime.store.read = (aggregate, bounds) => {
      seen.push(bounds.deadlineAtMs - runtime.clock.monotonicMs());
      return read(aggregate, bounds);
    };
    await send(cart, 'GET /carts/c1', { headers: { 'x-deadline-ms': '100000' } });
    await send(cart, 'GET /carts/c1', { headers: { 'x-deadline-ms': '200' } });
    expect(Math.max(...seen.slice(0, 2))).toBeLessThanOrEqual(1_000);
    expect(Math.max(...seen.slice(2))).toBeLessThanOrEqual(200);
  });

  it('asks for an idempotency key where the route needs one, and refuses one that is none', async () => {
    const { checkout } = services();
    const missing = await send(checkout, 'POST /checkout', { body: { cart: 'c1' } });
    expect([missing.status, missing.body.code]).toEqual([400, 'IDEMPOTENCY_KEY_MISSING']);
    for (const key of ['with space', 'k'.repeat(129)]) {
      const bad = await send(checkout, 'POST /checkout', { body: { cart: 'c1' }, headers: { 'idempotency-key': key } });
      expect([bad.status, bad.body.code]).toEqual([400, 'INVALID_INPUT']);
    }
  });
});

describe('input', () => {
  it.each([
    ['{"quantity":-1}', 'quantity: seen -1; allowed: an integer 0–999.'],
    ['{"quantity":1000}', 'quantity: seen 1000; allowed: an integer 0–999.'],
    ['{"quantity":1.5}', 'quantity: seen 1.5; allowed: an integer 0–999.'],
    ['{"quantity":"2"}', 'quantity: seen "2"; allowed: an integer 0–999.'],
    ['{}', 'quantity: seen undefined; allowed: an integer 0–999.'],
    ['{"quantity":1,"x":2}', 'Unknown: ["x"]. Leave it out.'],
    ['[]', 'body: seen []; allowed: an object { quantity }.'],
    ['{"quantity":', 'The body is no JSON'],
    ['{"quantity":1e999}', 'quantity: seen null; allowed: an integer 0–999.'],
  ])('refuses %s and says what is allowed', async (rawBody, detail) => {
    const { cart, runtime } = services();
    const refused = await send(cart, 'PUT /carts/c1/items/anchor-mug', { rawBody });
    expect([refused.status, refused.body.code, refused.body.effect]).toEqual([400, 'INVALID_INPUT', 'none']);
    expect(refused.body.detail).toContain(detail);
    expect(runtime.store.commits).toEqual([]);
  });

  it.each(['/carts/a%20b', '/carts/a%2Fb', '/carts/%00', `/carts/${'a'.repeat(65)}`, '/carts/a@b', '/carts/ü'])(
    'refuses the cart id in %s',
    async (path) => {
      const { cart } = services();
      const refused = await send(cart, `GET ${path}`);
      expect([refused.status, refused.body.code]).toEqual([400, 'INVALID_INPUT']);
    },
  );

  it('refuses a large body by its declared length and by its real one', async () => {
    const { cart } = services();
    const rawBody = JSON.stringify({ quantity: 1, padding: 'x'.repeat(20_000) });
    for (const length of ['20050', '40000000', '10']) {
      const headers = { 'content-length': length };
      const refused = await send(cart, 'PUT /carts/c1/items/a', { rawBody, headers });
      expect([refused.status, refused.body.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    }
  });

  it('refuses a body that is not JSON by its type', async () => {
    const { cart } = services();
    const refused = await send(cart, 'PUT /carts/c1/items/a', {
      rawBody: 'quantity=1',
      headers: { 'content-type': 'text/plain' },
    });
    expect([refused.status, refused.body.code]).toEqual([415, 'UNSUPPORTED']);
  });

  it('answers an unknown path with a problem', async () => {
    const { cart } = services();
    const refused = await send(cart, 'GET /nowhere');
    expect([refused.status, refused.body.code]).toEqual([404, 'NOT_FOUND']);
  });
});

describe('errors', () => {
  it('keeps what is internal inside', async () => {
    const { cart, runtime } = services();
    runtime.store.probe = () => {
      throw new Error('secret table name');
    };
    const failed = await send(cart, 'GET /carts/c1');
    expect([failed.status, failed.body.code]).toEqual([500, 'INTERNAL']);
    expect(JSON.stringify(failed.body)).not.toContain('secret');
  });

  it('tells a hot spot as a conflict without an effect, after a bounded number of tries', async () => {
    const { cart, runtime } = services();
    let tries = 0;
    const { PlatformError } = await import('../../core/errors.ts');
    runtime.store.probe = ({ kind, phase }) => {
      if (kind !== 'commit' || phase !== 'before') return;
      tries++;
      throw new PlatformError({ code: 'VERSION_CONFLICT', kind: 'dependency', effect: 'none', message: 'moved' });
    };
    const busy = await send(cart, 'PUT /carts/c1/items/a', { body: { quantity: 1 } });
    expect([busy.status, busy.body.code, busy.body.effect]).toEqual([409, 'VERSION_CONFLICT', 'none']);
    expect(tries).toBeLessThanOrEqual(12);
  });
});

describe('/openapi.json', () => {
  it.each([
    ['cart', '/carts/openapi.json', cartRoutes],
    ['checkout', '/checkout/openapi.json', checkoutRoutes],
  ] as const)('of %s lists every route with its policy', async (name, path, routes) => {
    const app = services()[name];
    const { body } = await send(app, 'GET /openapi.json');
    expect((await send(app, `GET ${path}`)).body).toEqual(body);
    const paths = body.paths as Record<string, Record<string, Record<string, unknown>>>;
    for (const route of routes) {
      const operation = paths[route.path.replaceAll(/:(\w+)/g, '{$1}')]?.[route.method.toLowerCase()];
      expect(operation).toMatchObject({ operationId: route.operation, 'x-holdfast-policy': route.policy });
    }
    expect(Object.values(paths).flatMap(Object.keys)).toHaveLength(routes.length);
  });
});
