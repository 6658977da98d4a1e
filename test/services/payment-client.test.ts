/** The payment client: what an answer, a failure or silence of the provider means for the money. */
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../core/fake-clock.ts';
import { CALL_TIMEOUT_MS, PaymentClient } from '../../services/checkout/payment-client.ts';

const REQUEST = { key: 'ord_1', orderId: 'ord_1', amountCents: 500, paymentMethod: null };

type Fetch = typeof fetch;

function client(answer: (url: URL, init: RequestInit) => Promise<Response>) {
  const clock = new FakeClock();
  const sent: { readonly url: string; readonly key: string | null; readonly body: unknown }[] = [];
  const fetching = ((url: URL, init: RequestInit) => {
    const key = new Headers(init.headers).get('idempotency-key');
    sent.push({ url: url.pathname, key, body: JSON.parse(String(init.body)) });
    return answer(url, init);
  }) as Fetch;
  const payments = new PaymentClient({ baseUrl: 'http://payments.test', clock, fetch: fetching });
  const bounds = (ms = 5_000) => ({ deadlineAtMs: clock.monotonicMs() + ms });
  return { payments, clock, sent, bounds };
}

const answers = (status: number) => async () => new Response('{}', { status });

const silent = (_url: URL, { signal }: RequestInit) =>
  new Promise<Response>((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
  });

describe('the payment client', () => {
  it.each([
    [200, 'captured'],
    [201, 'captured'],
    [402, 'declined'],
    [409, 'voided'],
  ])('takes %i for %s', async (status, outcome) => {
    const { payments, bounds, sent } = client(answers(status));
    expect(await payments.charge(REQUEST, bounds())).toBe(outcome);
    const body = { orderId: 'ord_1', amountCents: 500, paymentMethod: null };
    expect(sent).toEqual([{ url: '/charges', key: 'ord_1', body }]);
  });

  it('does not know what a 5xx did', async () => {
    const { payments, bounds } = client(answers(502));
    await expect(payments.charge(REQUEST, bounds())).rejects.toMatchObject({
      code: 'PAYMENT_UNAVAILABLE',
      effect: 'unknown',
    });
    await expect(payments.void('ord_1', bounds())).rejects.toMatchObject({
      code: 'PAYMENT_UNAVAILABLE',
      effect: 'unknown',
    });
  });

  it('knows that a refused connection did nothing, and does not know about a broken one', async () => {
    const failing = (code: string) => async () => {
      throw Object.assign(new TypeError('fetch failed'), { cause: { code } });
    };
    const refused = client(failing('ECONNREFUSED'));
    await expect(refused.payments.charge(REQUEST, refused.bounds())).rejects.toMatchObject({ effect: 'none' });
    const broken = client(failing('ECONNRESET'));
    await expect(broken.payments.charge(REQUEST, broken.bounds())).rejects.toMatchObject({ effect: 'unknown' });
  });

  it.each([
    [60_000, CALL_TIMEOUT_MS],
    [300, 300],
  ])('waits no longer than the deadline of %i ms and its own bound: %i ms', async (deadlineMs, waitMs) => {
    const { payments, clock, bounds } = client(silent);
    const charge = payments.charge(REQUEST, bounds(deadlineMs)).then(
      () => 'answered',
      (error: unknown) => error,
    );
    await clock.advance(waitMs - 1);
    expect(await Promise.race([charge, Promise.resolve('waiting')])).toBe('waiting');
    await clock.advance(1);
    expect(await charge).toMatchObject({ kind: 'dependency', effect: 'unknown' });
  });

  it('sends nothing when no time is left', async () => {
    const { payments, bounds, sent } = client(answers(200));
    await expect(payments.charge(REQUEST, bounds(0))).rejects.toMatchObject({ effect: 'none' });
    expect(sent).toEqual([]);
  });

  it('stops calling a provider that keeps failing', async () => {
    const { payments, bounds, sent } = client(answers(500));
    for (let n = 0; n < 20; n++) await payments.charge(REQUEST, bounds()).catch(() => undefined);
    expect(sent.length).toBeLessThan(10);
    await expect(payments.charge(REQUEST, bounds())).rejects.toMatchObject({
      code: 'PAYMENT_UNAVAILABLE',
      effect: 'none',
    });
  });

  it('keeps calling a provider that declines', async () => {
    const { payments, bounds, sent } = client(answers(402));
    for (let n = 0; n < 20; n++) await payments.charge(REQUEST, bounds());
    expect(sent).toHaveLength(20);
  });

  it('holds a bounded number of calls open', async () => {
    const { payments, bounds, clock, sent } = client(silent);
    const calls = Array.from({ length: 40 }, () => payments.charge(REQUEST, bounds()).catch((error: unknown) => error));
    await clock.advance(0);
    expect(sent).toHaveLength(32);
    await clock.advance(CALL_TIMEOUT_MS);
    const errors = (await Promise.all(calls)) as { readonly code: string }[];
    expect(errors.filter(({ code }) => code === 'OVERLOADED')).toHaveLength(8);
  });
});
