/** The cart over HTTP: either region takes changes, and both show the same cart once their lanes have crossed. */
import { describe, expect, it } from '@jest/globals';
import { createCartApp } from '../../services/cart/app.ts';
import { APPLIED_KEYS_MAX } from '../../services/cart/lane-items.ts';
import { MemoryRuntime } from '../doubles/memory-runtime.ts';
import { send } from './requests.ts';

function twoRegions() {
  const east = new MemoryRuntime();
  const west = new MemoryRuntime({ region: 'us-west-2', peer: 'us-east-1' });
  west.current = { state: 'standby', owner: east.identity.region, epoch: null };
  const replicate = () => {
    for (const commit of east.store.commits.filter((each) => each.origin === east.identity.region))
      west.store.absorb(commit);
    for (const commit of west.store.commits.filter((each) => each.origin === west.identity.region))
      east.store.absorb(commit);
  };
  return { east, west, eastApp: createCartApp(east), westApp: createCartApp(west), replicate };
}

const put = (quantity: number, headers: Record<string, string> = {}) => ({ body: { quantity }, headers });

describe('a cart', () => {
  it('is empty until something is put in', async () => {
    const { eastApp } = twoRegions();
    expect((await send(eastApp, 'GET /carts/c1')).body).toEqual({ cart: 'c1', lines: [] });
  });

  it('holds the quantity that was put last, and forgets what was deleted', async () => {
    const { eastApp } = twoRegions();
    await send(eastApp, 'PUT /carts/c1/items/anchor-mug', put(5));
    await send(eastApp, 'PUT /carts/c1/items/anchor-mug', put(2));
    const answer = await send(eastApp, 'PUT /carts/c1/items/tide-clock', put(1));
    expect(answer.body.lines).toEqual([
      { sku: 'anchor-mug', quantity: 2 },
      { sku: 'tide-clock', quantity: 1 },
    ]);
    const deleted = await send(eastApp, 'DELETE /carts/c1/items/anchor-mug');
    expect(deleted.body.lines).toEqual([{ sku: 'tide-clock', quantity: 1 }]);
  });

  it('belongs to its tenant', async () => {
    const { eastApp } = twoRegions();
    await send(eastApp, 'PUT /carts/c1/items/anchor-mug', put(5));
    expect((await send(eastApp, 'GET /carts/c1', { headers: { 'x-holdfast-tenant': 'other' } })).body.lines).toEqual(
      [],
    );
  });

  it('takes changes in both regions while they are apart and converges to all of them', async () => {
    const { eastApp, westApp, replicate } = twoRegions();
    await send(eastApp, 'PUT /carts/c1/items/anchor-mug', put(2));
    expect((await send(westApp, 'PUT /carts/c1/items/tide-clock', put(1))).status).toBe(200);
    await send(westApp, 'PUT /carts/c1/items/anchor-mug', put(3));
    replicate();
    const [east, west] = [await send(eastApp, 'GET /carts/c1'), await send(westApp, 'GET /carts/c1')];
    expect(east.body.lines).toEqual([
      { sku: 'anchor-mug', quantity: 5 },
      { sku: 'tide-clock', quantity: 1 },
    ]);
    expect(west.body).toEqual(east.body);
  });

  it('shows exactly what was put after both regions took away the same pieces', async () => {
    const { eastApp, westApp, replicate } = twoRegions();
    await send(eastApp, 'PUT /carts/c1/items/anchor-mug', put(2));
    replicate();
    await send(eastApp, 'DELETE /carts/c1/items/anchor-mug');
    await send(westApp, 'DELETE /carts/c1/items/anchor-mug');
    replicate();
    expect((await send(eastApp, 'GET /carts/c1')).body.lines).toEqual([]);
    const answer = await send(westApp, 'PUT /carts/c1/items/anchor-mug', put(4));
    expect(answer.body.lines).toEqual([{ sku: 'anchor-mug', quantity: 4 }]);
  });

  it('applies a change with an idempotency key once, also when the repeat meets the other region', async () => {
    const { eastApp, westApp, replicate } = twoRegions();
    const once = put(2, { 'idempotency-key': 'k1' });
    await send(eastApp, 'PUT /carts/c1/items/anchor-mug', once);
    await send(eastApp, 'PUT /carts/c1/items/anchor-mug', put(7));
    replicate();
    expect((await send(eastApp, 'PUT /carts/c1/items/anchor-mug', once)).body.lines).toEqual([
      { sku: 'anchor-mug', quantity: 7 },
    ]);
    expect((await send(westApp, 'PUT /carts/c1/items/anchor-mug', once)).body.lines).toEqual([
      { sku: 'anchor-mug', quantity: 7 },
    ]);
  });

  it('refuses a key that belongs to another change', async () => {
    const { eastApp } = twoRegions();
    await send(eastApp, 'PUT /carts/c1/items/anchor-mug', put(2, { 'idempotency-key': 'k1' }));
    const answer = await send(eastApp, 'PUT /carts/c1/items/anchor-mug', put(3, { 'idempotency-key': 'k1' }));
    expect([answer.status, answer.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });

  it('remembers a bounded number of keys', async () => {
    const { east, eastApp } = twoRegions();
    for (let n = 0; n <= APPLIED_KEYS_MAX; n++) {
      await send(eastApp, 'PUT /carts/c1/items/anchor-mug', put(n, { 'idempotency-key': `k${n}` }));
    }
    const [lane] = east.store.commits.map((commit) => commit.aggregate);
    const kept = lane && east.store.peek(lane).get('keys')?.applied;
    expect(kept).toHaveLength(APPLIED_KEYS_MAX);
    expect(lane && east.store.records(lane)).toEqual([]);
  });

  it('is bounded in lines', async () => {
    const { eastApp } = twoRegions();
    for (let n = 0; n < 200; n++) await send(eastApp, `PUT /carts/c1/items/sku-${n}`, put(1));
    const answer = await send(eastApp, 'PUT /carts/c1/items/one-more', put(1));
    expect([answer.status, answer.body.code, answer.body.effect]).toEqual([409, 'BUSINESS_REFUSED', 'none']);
    expect((await send(eastApp, 'PUT /carts/c1/items/sku-7', put(2))).status).toBe(200);
  });

  it('drops lines that say nothing any more instead of filling up', async () => {
    const { east, eastApp } = twoRegions();
    for (let n = 0; n < 450; n++) {
      await send(eastApp, `PUT /carts/c1/items/sku-${n}`, put(1));
      expect((await send(eastApp, `DELETE /carts/c1/items/sku-${n}`)).status).toBe(200);
    }
    const [first] = east.store.commits;
    expect(first && east.store.peek(first.aggregate).size).toBeLessThanOrEqual(401);
  });

  it('takes concurrent changes one after the other', async () => {
    const { eastApp } = twoRegions();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => send(eastApp, `PUT /carts/c1/items/sku-${n}`, put(n + 1))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect((await send(eastApp, 'GET /carts/c1')).body.lines).toHaveLength(8);
  });
});
