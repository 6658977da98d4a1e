/** The front of a cell's host over real HTTP, with a handler of the test's in the place of a service. */
import { once } from 'node:events';
import { request, type Server } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AnswerCounts } from '../../core/answer-counts.ts';
import { systemClock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import { BODY_BYTES_MAX } from '../../local/hosts/bounded-body.ts';
import { createCellServer, type Handler } from '../../local/hosts/cell-server.ts';
import { Drain } from '../../local/hosts/drain.ts';
import type { Desk } from '../../local/hosts/quarantine-endpoint.ts';

const SECRET = { authorization: 'Holdfast-Internal s3cret' };
let server: Server | null = null;
let rung = 0;
let drain = new Drain(systemClock);
let answers = new AnswerCounts(systemClock);

function end(): void {
  server?.closeAllConnections();
  server?.close();
}
afterEach(end);

const refused = () =>
  new PlatformError({ code: 'RECONCILE_REFUSED', kind: 'caller', effect: 'none', message: 'others wrote since' });
const settled: unknown[] = [];
const desk: Desk = {
  list: async (after) => ({ rows: [], next: after ?? null, unread: [] }),
  settled: async (after) => ({ rows: [], next: after ?? 'a#2', unread: [] }),
  show: async (id) => ({ id }) as never,
  settle: async (id, order) => {
    settled.push([id, order]);
    throw refused();
  },
};

async function serve(handler: Handler): Promise<string> {
  end();
  rung = 0;
  answers = new AnswerCounts(systemClock);
  drain = new Drain(systemClock);
  server = createCellServer({
    name: 'c01@r1',
    internalSecret: 's3cret',
    services: new Map([['carts', { name: 'cart', handler }]]),
    status: async () => ({ standing: 'active' }),
    ring: () => {
      rung += 1;
    },
    quarantine: desk,
    answers,
    drain,
    release: { name: 'r1', digest: 'sha256:0123456789abcdef' },
    clock: systemClock,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

const never: Handler = () => Promise.reject(new Error('the handler must not be called'));

describe('the cell server', () => {
  it('calls the service of the path, without the secret', async () => {
    const url = await serve(async (event, context) => ({
      statusCode: 200,
      body: JSON.stringify({
        path: event.rawPath,
        authorization: event.headers.authorization ?? null,
        name: context.functionName,
      }),
    }));
    const answer = await fetch(`${url}/carts/a?b=c`, { headers: SECRET });
    expect(await answer.json()).toEqual({ path: '/carts/a', authorization: null, name: 'c01@r1-cart' });
  });

  it('refuses who does not know the secret', async () => {
    const url = await serve(never);
    const answer = await fetch(`${url}/carts/a`, { headers: { authorization: 'Holdfast-Internal guess!' } });
    expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'UNAUTHENTICATED', effect: 'none' }]);
  });

  it('names the paths it has when it is asked for another', async () => {
    const url = await serve(never);
    const answer = await fetch(`${url}/cart`, { headers: SECRET });
    expect([answer.status, await answer.json()]).toMatchObject([404, { detail: expect.stringContaining('/carts…') }]);
  });

  it('answers status and the doorbell itself', async () => {
    const url = await serve(never);
    expect(await (await fetch(`${url}/_holdfast/status`, { headers: SECRET })).json()).toEqual({ standing: 'active' });
    expect((await fetch(`${url}/_holdfast/doorbell`, { method: 'POST', headers: SECRET })).status).toBe(202);
    expect(rung).toBe(1);
  });

  it('refuses a body by its declared length before it is sent', async () => {
    const url = await serve(never);
    const asked = request(`${url}/carts`, {
      method: 'POST',
      headers: { ...SECRET, 'content-length': BODY_BYTES_MAX + 1 },
    });
    asked.on('error', () => undefined);
    asked.flushHeaders();
    const [response] = await once(asked, 'response');
    expect(response.statusCode).toBe(413);
  });

  it('refuses a body of undeclared length while it reads', async () => {
    const url = await serve(never);
    const asked = request(`${url}/carts`, { method: 'POST', headers: { ...SECRET, 'transfer-encoding': 'chunked' } });
    asked.on('error', () => undefined);
    const block = Buffer.alloc(1024 * 1024);
    for (let sent = 0; sent <= BODY_BYTES_MAX; sent += block.length) asked.write(block);
    const [response] = await once(asked, 'response');
    expect(response.statusCode).toBe(413);
  });

  it('keeps what broke inside to itself', async () => {
    const url = await serve(() => Promise.reject(new Error('table key 42 is broken')));
    const error = console.error;
    console.error = () => undefined;
    const answer = await fetch(`${url}/carts/a`, { headers: SECRET });
    console.error = error;
    const text = await answer.text();
    expect(answer.status).toBe(500);
    expect(text).not.toContain('42');
  });
});

describe('the answers of a cell', () => {
  it('carry the release, and are counted by how they ended', async () => {
    const bodies = [
      { statusCode: 200, body: '{}' },
      { statusCode: 404, body: '{}' },
      { statusCode: 503, body: JSON.stringify({ code: 'STORE_UNAVAILABLE' }) },
      { statusCode: 503, body: JSON.stringify({ code: 'OUTCOME_UNKNOWN' }) },
      { statusCode: 500, body: 'no JSON' },
    ];
    const url = await serve(async () => bodies.shift());
    const marks = [];
    for (let left = bodies.length; left > 0; left--) {
      const answer = await fetch(`${url}/carts/a`, { headers: SECRET });
      await answer.text();
      marks.push(answer.headers.get('x-release'));
    }
    await fetch(`${url}/_holdfast/status`, { headers: SECRET });
    expect(new Set(marks)).toEqual(new Set(['0123456789ab']));
    expect(answers.report()).toMatchObject({
      total: { ok: 1, refused: 1, failed: 2, unknown: 1 },
      failedByCode: { STORE_UNAVAILABLE: 1, OTHER: 1 },
    });
  });
});

describe('a cell that takes its leave', () => {
  it('finishes what is under way, sends the rest elsewhere without effect, and lets go of connections', async () => {
    let finish: (reply: unknown) => void = () => undefined;
    let begun: () => void = () => undefined;
    const underWay = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const url = await serve(() => {
      begun();
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    const first = fetch(`${url}/carts/a`, { headers: SECRET });
    await underWay;
    const left = drain.run(server as Server, { withinMs: 60_000 });
    const second = await fetch(`${url}/carts/b`, { headers: SECRET });
    expect([second.status, await second.json()]).toMatchObject([421, { code: 'NOT_ACTIVE', effect: 'none' }]);
    expect([second.headers.get('connection'), second.headers.get('x-holdfast-owner')]).toEqual(['close', null]);
    expect((await fetch(`${url}/_holdfast/status`, { headers: SECRET })).status).toBe(200);
    finish({ statusCode: 200, body: '"whole"' });
    expect(await (await first).json()).toBe('whole');
    await left;
    await expect(fetch(`${url}/carts/c`, { headers: SECRET })).rejects.toThrow();
  });

  it('does not wait for what never ends', async () => {
    const url = await serve(() => new Promise(() => undefined));
    const asked = fetch(`${url}/carts/a`, { headers: SECRET }).catch(() => 'cut off');
    while (drain.underWay === 0) await systemClock.sleep(5);
    await drain.run(server as Server, { withinMs: 200 });
    expect(drain.underWay).toBe(1);
    end();
    expect(await asked).toBe('cut off');
  });
});

describe('the quarantine of a cell', () => {
  const QUARANTINE = '/_holdfast/quarantine';
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${await serve(never)}${path}`, { ...init, headers: SECRET });
    return [answer.status, await answer.json()] as const;
  };
  const post = (body: unknown) => ask(QUARANTINE, { method: 'POST', body: JSON.stringify(body) });

  it('is listed, shown and audited', async () => {
    expect(await ask(QUARANTINE)).toMatchObject([200, { rows: [], next: null }]);
    expect(await ask(`${QUARANTINE}?after=a%231`)).toMatchObject([200, { next: 'a#1' }]);
    expect(await ask(`${QUARANTINE}?id=a%231`)).toEqual([200, { id: 'a#1' }]);
    expect(await ask(`${QUARANTINE}/settled`)).toMatchObject([200, { next: 'a#2' }]);
    expect(await ask(`${QUARANTINE}/settled?after=a%231`)).toMatchObject([200, { next: 'a#1' }]);
    expect(await ask(`${QUARANTINE}?after=${'a'.repeat(1_001)}`)).toMatchObject([400, { code: 'INVALID_INPUT' }]);
  });

  it('takes the choice of a person, and says why it was refused', async () => {
    const order = { wish: 'adopt', by: 'ann', reason: 'asked' };
    expect(await post({ id: 'a', ...order })).toMatchObject([
      409,
      { code: 'RECONCILE_REFUSED', detail: 'others wrote since', effect: 'none' },
    ]);
    expect(settled).toEqual([['a', order]]);
  });

  it.each([
    { id: 'a', wish: 'automatic', by: 'ann', reason: 'x' },
    { id: 'a', wish: 'discard', by: 'ann', reason: ' ' },
    { wish: 'discard', by: 'ann', reason: 'x' },
    'discard',
  ])('refuses %j', async (body) => {
    expect(await post(body)).toMatchObject([400, { code: 'INVALID_INPUT', effect: 'none' }]);
  });

  it('has nothing else', async () => {
    expect(await ask(QUARANTINE, { method: 'DELETE' })).toMatchObject([404, { code: 'NOT_FOUND' }]);
  });
});
