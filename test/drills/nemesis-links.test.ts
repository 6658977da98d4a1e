/** Each fault of a link that drills inject, on a real link with real traffic: it bites, the nemesis sees it bite, and it heals. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../core/clock.ts';
import { seededRng } from '../../core/rng.ts';
import type { Fault } from '../../drills/nemesis/fault.ts';
import { Nemesis } from '../../drills/nemesis/nemesis.ts';
import type { PlatformPort, PlatformSight } from '../../drills/ports/platform-port.ts';
import { HttpClient } from '../../drills/workload/http-client.ts';
import { FaultLink } from '../../local/links/fault-link.ts';

const LINK = 'c01@east>c01@west.store';
const QUICK_MS = 150;

const opened: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function setUp() {
  const server: Server = createServer((_, response) => response.end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const link = new FaultLink({ clock: systemClock, rng: seededRng(3) });
  await link.listen();
  link.setTarget({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const http = new HttpClient(systemClock);
  opened.push(
    () => server.closeAllConnections(),
    () => server.close(),
    () => link.close(),
    () => http.close(),
  );
  const sight = (): PlatformSight => ({
    ...{ engine: 'none', versions: {}, routers: {}, processes: [], payments: '', internalSecret: '' },
    topology: {
      regions: [],
      cells: [],
      lease: { ttlMs: 1 },
      automation: { cellsMovedMax: 2, windowMs: 60_000, cooldownMs: 600_000 },
    },
    links: [{ name: LINK, from: 'c01@east', to: 'c01@west.store', fault: link.fault, counters: link.counters }],
  });
  const platform: PlatformPort = {
    view: async () => sight(),
    act: async () => undefined,
    throttle: async () => undefined,
    setFault: async (_, fault) => link.setFault(fault),
    heal: async () => link.setFault(null),
  };
  const beganMs = systemClock.monotonicMs();
  const nowMs = () => systemClock.monotonicMs() - beganMs;
  const nemesis = new Nemesis({ platform, http, clock: systemClock, nowMs, experimentBitesWithinMs: 0 });
  const call = (deadlineMs = QUICK_MS) =>
    http.send({ origin: link.url, method: 'GET', path: '/', headers: {}, body: null, deadlineMs });
  return { nemesis, call, link };
}

/** What a caller sees while the fault lasts. */
const FAULTS: readonly { fault: Fault; seen: RegExp; counter: RegExp }[] = [
  { fault: { kind: 'cut', links: [LINK], direction: 'both' }, seen: /CLIENT_TIMEOUT/, counter: /^held: \d+/ },
  { fault: { kind: 'cut', links: [LINK], direction: 'up' }, seen: /CLIENT_TIMEOUT/, counter: /^held: \d+/ },
  { fault: { kind: 'cut', links: [LINK], direction: 'down' }, seen: /CLIENT_TIMEOUT/, counter: /^held: \d+/ },
  {
    fault: { kind: 'slow', links: [LINK], latencyMs: 500, jitterMs: 0 },
    seen: /CLIENT_TIMEOUT/,
    counter: /^delayed: \d+/,
  },
  { fault: { kind: 'lossy', links: [LINK], lossRatio: 1 }, seen: /CLIENT_TIMEOUT/, counter: /^lost: \d+/ },
  { fault: { kind: 'reset', links: [LINK] }, seen: /ECONNRESET|UND_ERR_SOCKET/, counter: /^resets: \d+/ },
];

const nameOf = (fault: Fault) => `${fault.kind}${'direction' in fault ? ` ${fault.direction}` : ''}`;

describe.each(FAULTS.map((row) => ({ name: nameOf(row.fault), ...row })))(
  '$name of a link',
  ({ fault, seen, counter }) => {
    it('takes effect, says by what it saw it, and is healed', async () => {
      const { nemesis, call, link } = await setUp();
      expect((await call(2_000)).type).toBe('ok');
      const injected = await nemesis.inject(fault);
      const outcome = await call();
      expect(outcome.type).not.toBe('ok');
      expect('code' in outcome && outcome.code).toMatch(seen);
      expect(await injected.verified).toBe(true);
      expect(nemesis.records[0]?.evidence).toMatch(counter);
      await injected.heal();
      expect(link.fault).toBeNull();
      expect((await call(2_000)).type).toBe('ok');
    });

    it('is not believed without traffic', async () => {
      const { nemesis, link } = await setUp();
      const injected = await nemesis.inject(fault);
      await injected.heal();
      expect(await injected.verified).toBe(false);
      expect(nemesis.records[0]).toMatchObject({ effectiveAtMs: null, evidence: 'no effect was seen' });
      expect(link.fault).toBeNull();
    });
  },
);

describe('a cut in one direction', () => {
  it('lets the request through and loses the answer, when only answers are cut', async () => {
    const { nemesis, call, link } = await setUp();
    await call(2_000);
    // So that its connection is idle and the next call takes it: a new one needs both directions.
    await systemClock.sleep(50);
    const before = link.counters;
    await nemesis.inject({ kind: 'cut', links: [LINK], direction: 'down' });
    await call();
    const after = link.counters;
    expect(after.bytesUp).toBeGreaterThan(before.bytesUp);
    expect(after.bytesDown).toBe(before.bytesDown);
    await nemesis.healAll();
  });

  it('loses the request, when only requests are cut', async () => {
    const { nemesis, call, link } = await setUp();
    await call(2_000);
    const before = link.counters;
    await nemesis.inject({ kind: 'cut', links: [LINK], direction: 'up' });
    await call();
    expect(link.counters.bytesUp).toBe(before.bytesUp);
    await nemesis.healAll();
  });
});
