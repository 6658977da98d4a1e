import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { IN_FLIGHT_PER_LINK_MAX } from '../../router/core/limits.ts';
import { FAILURES_MAX, OPEN_MS, SILENCE_MS } from '../../router/core/link-breaker.ts';
import { MOTION_PAUSES_MS } from '../../router/core/motion.ts';
import { HOSTS, testOnNode } from './hosts.ts';
import { EAST, RouterUnderTest, signToken, tenantOn, WEST } from './router-under-test.ts';
import { echo, notActive } from './scripted-cells.ts';

/** Twice, and twice more after each wait for a cell that may be on its way. */
const ASKED_MAX = 2 * (MOTION_PAUSES_MS.length + 1);

describe.each(HOSTS)('on %s', (host) => {
  const onNode = testOnNode(host);
  let under: RouterUnderTest;
  const start = async (...handlers: Parameters<typeof RouterUnderTest.start>) => {
    under = await RouterUnderTest.start(handlers[0], host);
    return under;
  };
  afterEach(() => under.close());

  describe('a cell that is not active', () => {
    it('is believed once: the request goes to the owner, and so does the next one directly', async () => {
      await start({ [EAST]: notActive({ owner: WEST, epoch: 5 }) });
      const answer = await under.ask({ method: 'POST', body: '{"sku":"a"}' });
      expect(answer.headers['x-region']).toBe(WEST);
      await under.ask();
      expect(under.seen.map(({ region, body }) => [region, body])).toEqual([
        [EAST, '{"sku":"a"}'],
        [WEST, '{"sku":"a"}'],
        [WEST, ''],
      ]);
    });

    it('is asked a few times more when both regions refuse, and then the caller gets the 421', async () => {
      await start({ [EAST]: notActive({ owner: WEST, epoch: 5 }), [WEST]: notActive({ owner: EAST, epoch: 6 }) });
      expect((await under.ask({ method: 'POST' })).status).toBe(421);
      expect(under.seen.slice(0, 2).map(({ region }) => region)).toEqual([EAST, WEST]);
      expect(under.seen.length).toBeLessThanOrEqual(ASKED_MAX);
    });

    it("is followed by the cell's other region when it knows no owner, or names one that is not the cell's", async () => {
      await start({ [EAST]: notActive({}) });
      expect((await under.ask({ method: 'POST' })).status).toBe(200);
      under.on(EAST, notActive({ owner: 'eu-west-1', epoch: 9 }));
      expect((await under.ask({ method: 'POST' })).status).toBe(200);
      expect(under.seen.map(({ region }) => region)).toEqual([EAST, WEST, EAST, WEST]);
    });

    it('passes its 421 on when the other region does not have the cell either', async () => {
      await start({ [EAST]: notActive({}), [WEST]: notActive({}) });
      expect((await under.ask()).json).toMatchObject({ code: 'NOT_ACTIVE' });
      expect(under.seen.slice(0, 2).map(({ region }) => region)).toEqual([EAST, WEST]);
      expect(under.seen.length).toBeLessThanOrEqual(ASKED_MAX);
    });

    it('is passed by from the first answer of the new owner on', async () => {
      await start({
        [EAST]: notActive({}),
        [WEST]: (_request, response) => {
          response.writeHead(200, { 'x-holdfast-owner': WEST, 'x-cell-epoch': '9' });
          response.end('{}');
        },
      });
      await under.ask();
      await under.ask();
      expect(under.seen.map(({ region }) => region)).toEqual([EAST, WEST, WEST]);
    });

    it('gets a body that was too large to keep only once', async () => {
      await start({ [EAST]: notActive({ owner: WEST, epoch: 5 }) });
      expect((await under.ask({ method: 'POST', body: 'x'.repeat(100_000) })).status).toBe(421);
      expect(under.seen.map(({ region }) => region)).toEqual([EAST]);
    });

    it('gets a small streamed body replayed at the owner', async () => {
      await start({ [EAST]: notActive({ owner: WEST, epoch: 5 }) });
      const answer = await under.ask({ method: 'POST', body: Readable.from(['one ', 'two']) });
      expect(answer.status).toBe(200);
      expect(under.seen.map(({ region, body }) => [region, body])).toEqual([
        [EAST, 'one two'],
        [WEST, 'one two'],
      ]);
    });
  });

  describe('a cell that is gone', () => {
    it('refuses connections: the other region is asked, for writes too, since nothing was sent', async () => {
      await start();
      await under.goDark(EAST);
      const answer = await under.ask({ method: 'POST', body: '{}' });
      expect(answer.json).toEqual({ region: WEST });
    });

    it('refuses connections in both regions: 503, with no effect', async () => {
      await start();
      await under.goDark(EAST);
      await under.goDark(WEST);
      const answer = await under.ask({ method: 'POST', body: '{}' });
      expect(answer.status).toBe(503);
      expect(answer.json).toMatchObject({ code: 'CELL_UNREACHABLE', effect: 'none' });
    });

    it('resets after a write was sent: the outcome is unknown and nothing is sent again', async () => {
      await start({ [EAST]: (request) => request.socket.destroy() });
      const answer = await under.ask({ method: 'POST', body: '{}', headers: { 'idempotency-key': 'k' } });
      expect(answer.status).toBe(503);
      expect(answer.json).toMatchObject({ code: 'OUTCOME_UNKNOWN', effect: 'unknown' });
      expect(under.seen).toHaveLength(1);
    });

    it('resets after a read was sent: the other region is asked', async () => {
      await start({ [EAST]: (request) => request.socket.destroy() });
      expect((await under.ask()).json).toEqual({ region: WEST });
    });

    it('is avoided after a few losses: writes go where they may, the rest has no effect, and it is found again', async () => {
      await start({ [EAST]: (request) => request.socket.destroy() });
      const write = () => under.ask({ method: 'POST', body: '{}' });
      for (let n = 0; n < 3; n++) expect((await write()).json.code).toBe('OUTCOME_UNKNOWN');
      expect((await write()).json).toEqual({ region: WEST });
      under.on(WEST, notActive({ owner: EAST, epoch: 1 }));
      await write();
      expect((await write()).json).toMatchObject({ status: 503, code: 'CELL_UNREACHABLE', effect: 'none' });
      under.on(EAST, echo(EAST));
      while ((await write()).headers['x-region'] !== EAST);
      expect((await write()).json).toEqual({ region: EAST });
    });

    // A function can't close its caller's connection; see router-function.test.ts for what it says.
    it('resets in both regions: refused without being sent, but for what tries them, and found again', async () => {
      const reset = (request: IncomingMessage) => request.socket.destroy();
      await start({ [EAST]: reset, [WEST]: reset });
      const write = () => under.ask({ method: 'POST', body: '{}' });
      for (let n = 0; n < 2 * FAILURES_MAX; n++) expect((await write()).json.code).toBe('OUTCOME_UNKNOWN');
      under.seen.length = 0;
      const answers = [];
      const untilMs = performance.now() + 4 * OPEN_MS;
      while (performance.now() < untilMs) answers.push(await write());
      const refused = answers.filter(({ json }) => json.code === 'CELL_UNREACHABLE');
      expect(refused.every(({ json, headers }) => json.effect === 'none' && headers['retry-after'] === '1')).toBe(true);
      // Each region is tried once in half a second, and what was tried is all that was sent.
      expect(under.seen.length).toBe(answers.length - refused.length);
      expect(under.seen.length).toBeLessThanOrEqual(10);
      expect(refused.length).toBeGreaterThan(under.seen.length);
      under.on(EAST, echo(EAST));
      const backMs = performance.now();
      while ((await write()).headers['x-region'] !== EAST);
      expect(performance.now() - backMs).toBeLessThan(OPEN_MS + 1_000);
      expect((await write()).json).toEqual({ region: EAST });
    });

    it('is asked as ever while it is only slow, in both regions', async () => {
      const never = () => undefined;
      await start({ [EAST]: never, [WEST]: never });
      const headers = { 'x-deadline-ms': String(SILENCE_MS + 50) };
      const late = Array.from({ length: 2 * FAILURES_MAX }, () => under.ask({ method: 'POST', body: '{}', headers }));
      await Promise.all(late);
      await Promise.all(late.map(() => under.ask({ method: 'POST', body: '{}', headers })));
      under.on(EAST, echo(EAST));
      under.on(WEST, echo(WEST));
      const answers = await Promise.all(late.map(() => under.ask({ method: 'POST', body: '{}' })));
      expect(answers.map(({ status }) => status)).toEqual(late.map(() => 200));
    });

    onNode('breaks off in the middle of an answer: so does the router', async () => {
      await start({
        [EAST]: (request, response) => {
          response.writeHead(200, { 'content-length': '100' });
          response.write('half', () => request.socket.destroy());
        },
      });
      await expect(under.ask()).rejects.toThrow();
    });
  });

  describe('a cell that is slow', () => {
    const never = () => undefined;

    it('ends with 504 at the deadline; a write may have been done, a read was not', async () => {
      await start({ [EAST]: never });
      const headers = { 'x-deadline-ms': '400' };
      const write = await under.ask({ method: 'POST', body: '{}', headers });
      expect([write.status, write.json.code, write.json.effect]).toEqual([504, 'DEADLINE_EXCEEDED', 'unknown']);
      expect((await under.ask({ headers })).json).toMatchObject({ code: 'DEADLINE_EXCEEDED', effect: 'none' });
    });

    // Lambda does not tell a function that its caller left.
    onNode('hears of it when the caller goes away', async () => {
      let cancelled: (value: unknown) => void = never;
      const cancellation = new Promise((resolve) => {
        cancelled = resolve;
      });
      const abort = new AbortController();
      await start({
        [EAST]: (request) => {
          request.socket.once('close', cancelled);
          abort.abort();
        },
      });
      const asked = fetch(`${under.url}/carts/1`, {
        headers: { authorization: `Bearer ${under.token}` },
        signal: abort.signal,
      });
      await expect(asked).rejects.toThrow();
      await cancellation;
    });

    // An environment serves one request at a time; the cell's reserved concurrency is the bulkhead there.
    onNode('fills its own bulkhead only', async () => {
      const waiting: (() => void)[] = [];
      let full: (value: unknown) => void = never;
      const filled = new Promise((resolve) => {
        full = resolve;
      });
      await start({
        [EAST]: (request, response) => {
          if (request.headers['x-holdfast-cell'] === 'c02') return echo(EAST)(request, response);
          waiting.push(() => echo(EAST)(request, response));
          if (waiting.length === IN_FLIGHT_PER_LINK_MAX) full(null);
        },
      });
      const asked = Array.from({ length: IN_FLIGHT_PER_LINK_MAX }, () => under.ask());
      await filled;
      const refused = await under.ask();
      expect(refused.json).toMatchObject({ code: 'OVERLOADED', effect: 'none' });
      expect(refused.headers['retry-after']).toBe('1');
      const neighbour = await signToken({ tenant: tenantOn('c02', under.placement) });
      expect((await under.ask({ token: neighbour })).status).toBe(200);
      for (const release of waiting) release();
      expect((await Promise.all(asked)).every(({ status }) => status === 200)).toBe(true);
    });
  });
});
