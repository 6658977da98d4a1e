/** Reads from a copy: answered only within the bound that was asked for, and marked with their age. */
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../core/fake-clock.ts';
import { epoch, regionName } from '../../core/ids.ts';
import { createCartApp } from '../../services/cart/app.ts';
import { createCheckoutApp } from '../../services/checkout/app.ts';
import { MemoryRuntime } from '../doubles/memory-runtime.ts';
import { ScriptedProvider } from '../doubles/scripted-provider.ts';
import { send } from './requests.ts';

const WEST = regionName('us-west-2');

function standby(options: { stalenessMs: number | null; owner?: typeof WEST | null }) {
  const runtime = new MemoryRuntime({ clock: new FakeClock() });
  const checkout = createCheckoutApp(runtime, new ScriptedProvider());
  runtime.staleness = options.stalenessMs;
  runtime.current = { state: 'standby', owner: options.owner === undefined ? WEST : options.owner, epoch: epoch(8) };
  const stock = (asked?: string) =>
    send(checkout, 'GET /stock/anchor-mug', asked === undefined ? {} : { headers: { 'x-max-staleness-ms': asked } });
  return { runtime, checkout, stock, cart: createCartApp(runtime) };
}

describe('a standby', () => {
  it('answers within the bound and says how old the answer may be', async () => {
    const answer = await standby({ stalenessMs: 1_200.3 }).stock('2000');
    expect([answer.status, answer.headers.get('x-staleness-ms'), answer.headers.get('x-degraded')]).toEqual([
      200,
      '1201',
      null,
    ]);
    expect(answer.body.available).toBe(500);
  });

  it.each([
    ['its copy is older than asked for', { stalenessMs: 2_001 }, '2000'],
    ['its copy is older than the route allows', { stalenessMs: 10_001 }, '60000'],
    ['it does not know how old its copy is', { stalenessMs: null }, '60000'],
    ['it was the owner, and nobody is known now', { stalenessMs: null, owner: null }, '60000'],
  ])('sends on when %s', async (_why, options, asked) => {
    const refused = await standby(options).stock(asked);
    expect([refused.status, refused.body.code, refused.body.effect]).toEqual([421, 'COPY_BEHIND', 'none']);
    expect(refused.headers.get('x-holdfast-owner')).toBe('owner' in options ? null : WEST);
    expect(refused.headers.has('x-staleness-ms')).toBe(false);
  });

  it('sends on without a bound, as ever', async () => {
    expect((await standby({ stalenessMs: 0 }).stock()).body.code).toBe('NOT_ACTIVE');
  });

  it('counts the time that the read itself took, and sends on when that made it too old', async () => {
    for (const [tookMs, expected] of [
      [300, [200, '1300']],
      [1_001, [421, null]],
    ] as const) {
      const { runtime, stock } = standby({ stalenessMs: 1_000 });
      runtime.store.probe = ({ phase }) => {
        if (phase === 'before') (runtime.clock as FakeClock).jump(tookMs);
      };
      const answer = await stock('2000');
      expect([answer.status, answer.headers.get('x-staleness-ms')]).toEqual(expected);
    }
  });

  it('takes no write because of a bound', async () => {
    const { checkout, runtime } = standby({ stalenessMs: 0 });
    const options = { body: { available: 1, priceCents: 1 }, headers: { 'x-max-staleness-ms': '60000' } };
    expect((await send(checkout, 'PUT /stock/anchor-mug', options)).body.code).toBe('NOT_ACTIVE');
    expect(runtime.store.commits).toEqual([]);
  });

  it.each(['-1', '1.5', '60001', 'soon', '', '007'])('refuses the bound %j and says what is allowed', async (asked) => {
    const refused = await standby({ stalenessMs: 0 }).stock(asked);
    expect([refused.status, refused.body.code]).toEqual([400, 'INVALID_INPUT']);
    expect(refused.body.detail).toContain('0–60000');
  });

  it('shows a cart that is older than asked for, and marks it: neither region has a better one', async () => {
    const { cart, runtime } = standby({ stalenessMs: 5_000 });
    const ask = () => send(cart, 'GET /carts/c1', { headers: { 'x-max-staleness-ms': '1000' } });
    expect([(await ask()).status, (await ask()).headers.get('x-degraded')]).toEqual([200, 'stale']);
    runtime.staleness = 400;
    const answer = await ask();
    expect([answer.headers.get('x-degraded'), answer.headers.get('x-staleness-ms')]).toEqual([null, '400']);
  });
});

it('is not asked at the owner: its answer is current, whatever the bound', async () => {
  const { runtime, stock } = standby({ stalenessMs: 9_999_999 });
  runtime.current = { state: 'active', epoch: epoch(8) };
  const answer = await stock('0');
  expect([answer.status, answer.headers.get('x-staleness-ms')]).toEqual([200, null]);
});
