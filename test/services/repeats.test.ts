/**
 * The repeat of a request is acknowledged like the request: from what both regions have. What stands in one region only may
 * go with it, whoever asks for it again.
 */
import { describe, expect, it } from '@jest/globals';
import { createCartApp } from '../../services/cart/app.ts';
import { createCheckoutApp } from '../../services/checkout/app.ts';
import { ScriptedProvider } from '../doubles/scripted-provider.ts';
import { EAST, TwoRegions, WEST } from '../doubles/two-regions.ts';
import { type Sent, send } from './requests.ts';

const STOCK = { body: { available: 9, priceCents: 100 } };
const ORDER = { body: { cart: 'c1' }, headers: { 'idempotency-key': 'order-1' } };

async function openShop() {
  const world = new TwoRegions();
  await world.clock.advance(8_000);
  const { runtime } = world.at(EAST).cell;
  const provider = new ScriptedProvider();
  const [cart, checkout] = [createCartApp(runtime), createCheckoutApp(runtime, provider)];
  const ask = (line: string, options?: Parameters<typeof send>[2]) =>
    world.settle(send(line.includes('/carts') ? cart : checkout, line, options));
  await ask('PUT /carts/c1/items/anchor-mug', { body: { quantity: 1 } });
  const silence = (state: 'timeout' | 'up') => {
    world.at(EAST).peer.state = state;
  };
  return { world, provider, ask, silence };
}

const said = ({ status, body, headers }: Sent) => [status, body.code ?? null, headers.get('x-degraded')];

describe('the repeat of a request whose first answer was "unknown"', () => {
  it.each([
    ['PUT /stock/rope', STOCK, 200],
    ['POST /checkout', ORDER, 201],
  ] as const)('is not acknowledged while only this region has it: %s', async (line, options, status) => {
    const { world, ask, silence } = await openShop();
    silence('timeout');
    expect(said(await ask(line, options))).toEqual([503, 'OUTCOME_UNKNOWN', null]);
    expect(said(await ask(line, options))).toEqual([503, 'PEER_UNREPLICATED', null]);
    silence('up');
    await world.clock.advance(5_000);
    expect(said(await ask(line, options))).toEqual([status, null, null]);
  });

  it.each([
    ['PUT /stock/rope', STOCK, 200],
    ['POST /checkout', ORDER, 201],
  ] as const)('is acknowledged as unreplicated when the peer is gone: %s', async (line, options, status) => {
    const { world, ask, silence } = await openShop();
    silence('timeout');
    await ask(line, options);
    await world.clock.advance(8_000);
    expect(said(await ask(line, options))).toEqual([status, null, 'unreplicated']);
    expect(said(await ask(line, options))).toEqual([status, null, 'unreplicated']);
  });
});

describe('an order that others have decided meanwhile', () => {
  it('is answered as decided only once both regions know the decision', async () => {
    const { world, ask, silence, provider } = await openShop();
    // The money moves, and what came of it can not be told to the peer.
    provider.probe = ({ phase }) => {
      if (phase === 'after') silence('timeout');
    };
    const first = await ask('POST /checkout', ORDER);
    expect([first.status, first.body.status]).toEqual([202, 'PENDING']);
    provider.probe = () => undefined;
    expect(said(await ask('POST /checkout', ORDER))).toEqual([503, 'PEER_UNREPLICATED', null]);
    silence('up');
    await world.clock.advance(8_000);
    const last = await ask('POST /checkout', ORDER);
    expect([last.status, last.body.status, last.headers.get('x-degraded')]).toEqual([201, 'CONFIRMED', null]);
    expect(provider.captures).toHaveLength(1);
  });

  it('is there in the other region after any answer that was not marked', async () => {
    const { world, ask, silence, provider } = await openShop();
    provider.probe = ({ phase }) => {
      if (phase === 'after') silence('timeout');
    };
    await ask('POST /checkout', ORDER);
    provider.probe = () => undefined;
    const answers: Sent[] = [];
    for (let n = 0; n < 3; n++) answers.push(await ask('POST /checkout', ORDER));
    await world.crash(EAST);
    world.hideFromOperator(EAST);
    expect((await world.move({ kind: 'failover' })).state).toBe('done');
    const { runtime } = world.at(WEST).cell;
    const there = createCheckoutApp(runtime, provider);
    for (const { status, body, headers } of answers) {
      if (status >= 300 || headers.has('x-degraded')) continue;
      const order = await world.settle(send(there, `GET /orders/${String(body.order)}`));
      expect([order.status, order.body.status]).toEqual([200, body.status]);
    }
  });

  it('is charged by the outbox only once both regions have it', async () => {
    const { world, ask, silence, provider } = await openShop();
    silence('timeout');
    expect(said(await ask('POST /checkout', ORDER))).toEqual([503, 'OUTCOME_UNKNOWN', null]);
    // Less than a lease: nobody may go on alone yet, and the message is delivered again and again.
    await world.clock.advance(2_500);
    expect(provider.calls).toEqual([]);
    silence('up');
    await world.clock.advance(8_000);
    expect(provider.captures).toHaveLength(1);
  });
});
