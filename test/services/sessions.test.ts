/** Sessions across two regions: what a caller wrote or saw is there when he reads again, or he is told that it is not. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RegionName } from '../../core/ids.ts';
import { createCartApp } from '../../services/cart/app.ts';
import { createCatalogApp } from '../../services/catalog/app.ts';
import { decodeToken, ENTRIES_MAX, SESSION_LENGTH_MAX } from '../../services/session/session-token.ts';
import { EAST, TwoRegions, WEST } from '../doubles/two-regions.ts';
import { type Sent, send } from './requests.ts';

class Visitor {
  readonly world: TwoRegions;
  token: string | null = null;

  constructor(world: TwoRegions) {
    this.world = world;
  }

  async send(region: RegionName, line: string, body?: unknown): Promise<Sent> {
    const { runtime } = this.world.at(region).cell;
    const app = line.includes('/carts') ? createCartApp(runtime) : createCatalogApp(runtime);
    const headers: Record<string, string> = { 'x-max-staleness-ms': '60000' };
    if (this.token !== null) headers['x-session'] = this.token;
    const sent = await this.world.settle(send(app, line, body === undefined ? { headers } : { body, headers }));
    this.token = sent.headers.get('x-session') ?? this.token;
    return sent;
  }
}

async function openWorld() {
  const world = new TwoRegions();
  await world.clock.advance(8_000);
  return { world, visitor: new Visitor(world) };
}

/** Replication out of a region stops: neither calls of its replicator nor its heartbeats arrive. */
const cut = (world: TwoRegions, region: RegionName) => {
  world.at(region).peer.state = 'timeout';
};

describe('a session', () => {
  it('begins with a write, and is not given to a reader who did not ask for one', async () => {
    const { visitor } = await openWorld();
    expect((await visitor.send(EAST, 'GET /products')).headers.has('x-session')).toBe(false);
    const written = await visitor.send(EAST, 'PUT /products/net-float', { title: 'Net float' });
    expect(written.headers.get('x-session')).toMatch(/^1\./);
  });

  it('shows in the standby what was written at the owner, once it is there', async () => {
    const { visitor, world } = await openWorld();
    await visitor.send(EAST, 'PUT /products/net-float', { title: 'Net float' });
    const read = await visitor.send(WEST, 'GET /products/net-float');
    expect([read.status, read.body.title, read.headers.has('x-staleness-ms')]).toEqual([200, 'Net float', true]);
    // Both regions have it: nothing is left to remember.
    expect(decodeToken(visitor.token ?? '').entries.size).toBe(0);
    expect(world).toBeDefined();
  });

  it('sends on to the owner, within the deadline, what has not arrived; without a session the copy answers', async () => {
    const { visitor, world } = await openWorld();
    cut(world, EAST);
    await visitor.send(EAST, 'PUT /products/net-float', { title: 'Net float' });
    const before = world.clock.monotonicMs();
    const refused = await visitor.send(WEST, 'GET /products/net-float');
    expect([refused.status, refused.body.code, refused.headers.get('x-holdfast-owner')]).toEqual([
      421,
      'COPY_BEHIND',
      EAST,
    ]);
    expect(world.clock.monotonicMs() - before).toBeLessThan(400);
    expect((await new Visitor(world).send(WEST, 'GET /products/net-float')).status).toBe(404);
  });

  it('keeps a cart together: the other region waits for the lane, or sends on without naming itself', async () => {
    const { visitor, world } = await openWorld();
    cut(world, WEST);
    await visitor.send(WEST, 'PUT /carts/c1/items/anchor-mug', { quantity: 2 });
    const refused = await visitor.send(EAST, 'GET /carts/c1');
    expect([refused.body.code, refused.headers.has('x-holdfast-owner')]).toEqual(['COPY_BEHIND', false]);
    expect((await visitor.send(WEST, 'GET /carts/c1')).body.lines).toHaveLength(1);
    world.at(WEST).peer.state = 'up';
    await world.clock.advance(5_000);
    expect((await visitor.send(EAST, 'GET /carts/c1')).body.lines).toHaveLength(1);
  });

  it('still takes a cart: a write is never held up by what was seen elsewhere', async () => {
    const { visitor, world } = await openWorld();
    cut(world, WEST);
    await visitor.send(WEST, 'PUT /carts/c1/items/anchor-mug', { quantity: 2 });
    expect((await visitor.send(EAST, 'PUT /carts/c1/items/tide-clock', { quantity: 1 })).status).toBe(200);
  });

  it('does not go back: what was read at the owner is not unread in the standby', async () => {
    const { world, visitor: writer } = await openWorld();
    const reader = new Visitor(world);
    await writer.send(EAST, 'PUT /products/net-float', { title: 'One' });
    await world.clock.advance(3_000);
    await reader.send(EAST, 'PUT /carts/own/items/anchor-mug', { quantity: 1 });
    await world.clock.advance(3_000);
    cut(world, EAST);
    await writer.send(EAST, 'PUT /products/net-float', { title: 'Two' });
    expect((await reader.send(EAST, 'GET /products/net-float')).body.title).toBe('Two');
    expect((await reader.send(WEST, 'GET /products/net-float')).body.code).toBe('COPY_BEHIND');
  });

  it('is told, once, when what it had written was lost with a region', async () => {
    const { visitor, world } = await openWorld();
    cut(world, EAST);
    await visitor.send(EAST, 'PUT /products/net-float', { title: 'Net float' });
    await world.crash(EAST);
    world.loseStore(EAST);
    await world.move({ kind: 'failover' });
    const told = await visitor.send(WEST, 'GET /products/net-float');
    expect([told.status, told.body.code, told.headers.get('x-degraded')]).toEqual([404, 'NOT_FOUND', 'session-lost']);
    const browsed = await visitor.send(WEST, 'GET /products');
    expect([browsed.status, browsed.headers.get('x-degraded')]).toEqual([200, 'session-lost']);
    const again = await visitor.send(WEST, 'GET /products');
    expect([again.status, again.headers.has('x-degraded')]).toEqual([200, false]);
  });

  it('is bounded: the oldest are covered by a mark of the region that wrote them', async () => {
    const { visitor, world } = await openWorld();
    cut(world, EAST);
    for (let n = 0; n < 40; n++) await visitor.send(EAST, `PUT /carts/c${n}/items/anchor-mug`, { quantity: 1 });
    const token = decodeToken(visitor.token ?? '');
    expect(token.entries.size).toBeLessThanOrEqual(ENTRIES_MAX);
    expect((visitor.token ?? '').length).toBeLessThanOrEqual(SESSION_LENGTH_MAX);
    expect([...token.marks.keys()]).toEqual([EAST]);
    // No entry names the first cart any more, but the mark does not let the other region forget it.
    expect((await visitor.send(WEST, 'GET /carts/c0')).body.code).toBe('COPY_BEHIND');
    world.at(EAST).peer.state = 'up';
    await world.clock.advance(10_000);
    expect((await visitor.send(WEST, 'GET /carts/c0')).body.lines).toHaveLength(1);
  });
});

describe('a session that nobody gave out', () => {
  it.each([
    '',
    'x',
    '1.',
    '1.!!',
    '2.W10',
    '1.bnVsbA',
    `1.${'A'.repeat(1_100)}`,
    '1.W1tdLFtdXQ',
    '1.W1tdLFtdLFtbMCwiYS8xIl1dXQ',
  ])('is refused: %j', async (token) => {
    const { visitor } = await openWorld();
    visitor.token = token;
    const refused = await visitor.send(EAST, 'GET /products');
    expect([refused.status, refused.body.code]).toEqual([400, 'INVALID_INPUT']);
  });

  it('never breaks the reader of tokens', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 1_100 }), fc.json().map(asToken)), (text) => {
        try {
          const token = decodeToken(text);
          expect(token.entries.size).toBeLessThanOrEqual(ENTRIES_MAX);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
        }
      }),
    );
  });

  it('that names the future is not waited for beyond the wait of any read', async () => {
    const { visitor, world } = await openWorld();
    await visitor.send(EAST, 'PUT /products/net-float', { title: 'Net float' });
    const wire = JSON.parse(Buffer.from((visitor.token ?? '').slice(2), 'base64url').toString());
    wire[1][0][2] = 9_999;
    visitor.token = asToken(JSON.stringify(wire));
    const before = world.clock.monotonicMs();
    expect((await visitor.send(EAST, 'GET /products/net-float')).body.code).toBe('COPY_BEHIND');
    expect(world.clock.monotonicMs() - before).toBeLessThan(400);
  });
});

function asToken(json: string): string {
  return `1.${Buffer.from(json).toString('base64url')}`;
}
