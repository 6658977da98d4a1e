/** The payment provider: a key is charged at most once, a void is final, and no answer that was given is ever forgotten. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../core/fake-clock.ts';
import { seededRng } from '../../core/rng.ts';
import { behaviourInMemory, createPaymentsApp, HANG_MS_MAX } from '../../services/payments/app.ts';
import { Ledger } from '../../services/payments/ledger.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'payments-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const file = () => join(directory, 'payments.jsonl');

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

function provider(clock = new FakeClock()) {
  const ledger = new Ledger(file());
  const app = createPaymentsApp({ log: ledger, behaviour: behaviourInMemory(), clock, rng: seededRng(1) });
  const call = async (line: string, options: { body?: unknown; key?: string } = {}): Promise<Answer> => {
    const [method = 'GET', path = '/'] = line.split(' ');
    const response = await app.request(path, {
      method,
      headers: options.key === undefined ? {} : { 'idempotency-key': options.key },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };
  const settled = async (promise: Promise<Answer>): Promise<Answer> => {
    await clock.advance(0);
    return promise;
  };
  return {
    clock,
    ledger,
    call: (line: string, options?: { body?: unknown; key?: string }) => settled(call(line, options)),
    hanging: call,
    charge: (key: string, amountCents = 100) =>
      settled(call('POST /charges', { key, body: { orderId: key, amountCents } })),
    behave: (behaviour: Record<string, unknown>) => settled(call('PUT /behaviour', { body: behaviour })),
    statuses: () => ledger.entries.map(({ key, status }) => `${key} ${status}`),
  };
}

describe('a charge', () => {
  it('is made once for a key, and a repeat is told the same', async () => {
    const { charge, statuses } = provider();
    expect(await charge('a')).toEqual(await charge('a'));
    expect(statuses()).toEqual(['a captured', 'a repeated']);
  });

  it('is refused when the key belongs to another charge', async () => {
    const { charge, statuses } = provider();
    await charge('a', 100);
    const other = await charge('a', 999);
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    expect(statuses()).toEqual(['a captured', 'a mismatched']);
  });

  it('stays declined once it was declined', async () => {
    const { charge, behave } = provider();
    await behave({ declineRatio: 1 });
    expect((await charge('a')).status).toBe(402);
    await behave({});
    expect((await charge('a')).status).toBe(402);
  });

  it('needs a key and an amount', async () => {
    const { call } = provider();
    const body = { orderId: 'a', amountCents: 1 };
    expect((await call('POST /charges', { body })).status).toBe(400);
    for (const bad of [
      {},
      { orderId: 'a' },
      { orderId: 'a', amountCents: -1 },
      { orderId: '', amountCents: 1 },
      7,
      null,
    ]) {
      expect((await call('POST /charges', { key: 'k', body: bad })).status).toBe(400);
    }
  });
});

describe('a void', () => {
  it('bars the key for a charge that comes late', async () => {
    const { call, charge, statuses } = provider();
    expect((await call('POST /charges/a/void')).status).toBe(200);
    expect((await charge('a')).status).toBe(409);
    expect(statuses()).toEqual(['a voided', 'a refused']);
  });

  it('takes a capture back, once however often it is asked', async () => {
    const { call, charge, statuses } = provider();
    await charge('a');
    await call('POST /charges/a/void');
    await call('POST /charges/a/void');
    expect((await charge('a')).status).toBe(409);
    expect(statuses()).toEqual(['a captured', 'a voided', 'a refused']);
  });
});

describe('behaviour', () => {
  it('captures without answering, which the ledger shows', async () => {
    const { behave, hanging, clock, statuses, charge } = provider();
    await behave({ timeoutAfterChargeRatio: 1 });
    const silent = hanging('POST /charges', { key: 'a', body: { orderId: 'a', amountCents: 1 } });
    await clock.advance(1);
    expect(statuses()).toEqual(['a captured']);
    await clock.advance(HANG_MS_MAX);
    expect((await silent).status).toBe(500);
    await behave({});
    expect((await charge('a', 1)).status).toBe(200);
  });

  it('neither captures nor answers', async () => {
    const { behave, hanging, clock, statuses } = provider();
    await behave({ timeoutBeforeChargeRatio: 1 });
    const silent = hanging('POST /charges', { key: 'a', body: { orderId: 'a', amountCents: 1 } });
    await clock.advance(HANG_MS_MAX);
    expect((await silent).status).toBe(500);
    expect(statuses()).toEqual([]);
  });

  it('repeats itself for a seed', async () => {
    const run = async () => {
      const { behave, charge, ledger } = provider();
      await behave({ declineRatio: 0.5, errorRatio: 0.3, seed: 42 });
      const statuses: number[] = [];
      for (let n = 0; n < 20; n++) statuses.push((await charge(`k${n}`)).status);
      ledger.close();
      rmSync(file());
      return statuses;
    };
    const first = await run();
    expect(new Set(first)).toEqual(new Set([200, 402, 500]));
    expect(await run()).toEqual(first);
  });

  it.each([{ declineRatio: 2 }, { latencyMs: -1 }, { latencyMs: 1e9 }, { typo: 1 }, [], 'slow', null, { seed: 1.5 }])(
    'refuses %j',
    async (behaviour) => {
      const { call } = provider();
      expect((await call('PUT /behaviour', { body: behaviour })).status).toBe(400);
    },
  );
});

describe('the ledger', () => {
  it('is read again after a restart: keys, voids and positions', async () => {
    const before = provider();
    await before.charge('a');
    await before.call('POST /charges/b/void');
    const after = provider();
    expect((await after.charge('b')).status).toBe(409);
    expect((await after.charge('a')).status).toBe(200);
    expect(after.statuses()).toEqual(['a captured', 'b voided', 'b refused', 'a repeated']);
  });

  it('drops a torn last line and goes on behind the last whole one', async () => {
    await provider().charge('a');
    appendFileSync(file(), '{"seq":2,"key":"tor');
    const after = provider();
    await after.charge('b');
    expect(new Ledger(file()).entries.map(({ seq, key }) => [seq, key])).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
    expect(readFileSync(file(), 'utf8')).not.toContain('tor"');
  });

  it.each(['not json\n', '{"seq":7}\n', '[]\n'])('refuses to start on %j', (content) => {
    writeFileSync(file(), content);
    expect(() => new Ledger(file())).toThrow(/Line 1 of .* is no entry/);
  });

  it('is read page by page', async () => {
    const { call, charge } = provider();
    await charge('a');
    await charge('b');
    expect((await call('GET /charges?after=1')).body).toMatchObject({
      entries: [{ seq: 2, key: 'b' }],
      next: 2,
      total: 2,
    });
    expect((await call('GET /charges?after=2')).body).toMatchObject({ entries: [], next: 2 });
    expect((await call('GET /charges?after=x')).status).toBe(400);
  });
});
