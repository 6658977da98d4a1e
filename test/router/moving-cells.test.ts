/** A cell on its way from one region to the other: requests wait for it, for a while, and none is carried out twice. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { withOverride } from '../../core/cell-map.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { cellId, tenantId } from '../../core/ids.ts';
import { CellMotion, MOTION_MS_MAX, MOTION_PAUSES_MS, type Wait } from '../../router/core/motion.ts';
import { HOSTS } from './hosts.ts';
import { EAST, RouterUnderTest, tenantOn, WEST } from './router-under-test.ts';
import { type CellHandler, echo, moving, notActive } from './scripted-cells.ts';

describe.each(HOSTS)('on %s', (host) => {
  let under: RouterUnderTest;
  afterEach(() => under.close());

  /** Refuses so often, then serves. */
  function after(refusals: number, refuse: CellHandler, serve: CellHandler): CellHandler {
    let left = refusals;
    return (request, response) => {
      left -= 1;
      return (left >= 0 ? refuse : serve)(request, response);
    };
  }

  it('a write that both regions refuse is served when the cell has arrived, with its body', async () => {
    const arrived = after(2, notActive({}), echo(WEST));
    under = await RouterUnderTest.start({ [EAST]: moving, [WEST]: arrived }, host);
    const answer = await under.ask({ method: 'POST', body: '{"sku":"a"}' });
    expect([answer.status, answer.json]).toEqual([200, { region: WEST }]);
    expect(under.seen.map(({ region, body }) => [region, body])).toEqual(
      [EAST, WEST, EAST, WEST, EAST, WEST].map((region) => [region, '{"sku":"a"}']),
    );
  });

  it('a region that says so is followed by the other one, and callers never see that it did', async () => {
    under = await RouterUnderTest.start({ [EAST]: moving }, host);
    expect((await under.ask({ method: 'POST' })).json).toEqual({ region: WEST });
    under.on(WEST, moving);
    const refused = await under.ask({ method: 'POST' });
    expect([refused.status, refused.json]).toMatchObject([503, { code: 'FENCE_STALE_EPOCH', effect: 'none' }]);
    expect(refused.headers['x-holdfast-moving']).toBeUndefined();
  });

  it('the caller that has no time to wait gets the refusal at once', async () => {
    under = await RouterUnderTest.start({ [EAST]: moving, [WEST]: notActive({}) }, host);
    const answer = await under.ask({ method: 'POST', headers: { 'x-deadline-ms': '110' } });
    // On a machine with nothing to spare the deadline itself may come first; a wait would show in what the cells saw.
    expect([421, 504]).toContain(answer.status);
    expect(under.seen.length).toBeLessThanOrEqual(2);
  });

  it('a write whose connection broke on the way is not sent again, whatever the cell says elsewhere', async () => {
    under = await RouterUnderTest.start({ [EAST]: (request) => request.socket.destroy(), [WEST]: moving }, host);
    const answer = await under.ask({ method: 'POST', headers: { 'idempotency-key': 'k' } });
    expect(answer.json).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(under.seen).toHaveLength(1);
  });
});

// The snapshot of a router on Lambda is not asked for as often: there the caller gets the refusal.
describe('on the node host, a tenant that is given to another cell', () => {
  it('is served there as soon as the router knows it, by a request that the old cell has refused', async () => {
    const cellOf = ({ headers }: { headers: Record<string, unknown> }) => headers['x-holdfast-cell'];
    const refuseIn: CellHandler = (request, response) => {
      if (cellOf(request) === 'c02') return echo(EAST)(request, response);
      const tenant = tenantId(tenantOn('c01', under.placement));
      // The cell has heard of it before the router has.
      if (under.seen.length === 4) under.placement = withOverride(under.placement, { tenant, cell: cellId('c02') });
      return notActive({})(request, response);
    };
    const under = await RouterUnderTest.start({ [EAST]: refuseIn, [WEST]: refuseIn }, 'node');
    try {
      const answer = await under.ask({ method: 'POST', body: '{"sku":"a"}' });
      expect(answer.status).toBe(200);
      expect(under.seen.slice(0, 4).map(cellOf)).toEqual(['c01', 'c01', 'c01', 'c01']);
      expect([under.seen.at(-1)?.headers['x-holdfast-cell'], under.seen.at(-1)?.body]).toEqual(['c02', '{"sku":"a"}']);
    } finally {
      await under.close();
    }
  });
});

describe('the motion of a cell', () => {
  function setUp() {
    const clock = new FakeClock();
    const motion = new CellMotion(clock);
    const went: string[] = [];
    const wait = (name: string, before: Wait | null = null, remainingMs = 10_000) =>
      motion.wait({ before, remainingMs, go: () => went.push(name) });
    return { clock, motion, went, wait };
  }

  it('is asked for by one of those that wait, in growing pauses; the others go when it has arrived', async () => {
    const { clock, motion, went, wait } = setUp();
    let tries = wait('first');
    for (const name of ['second', 'third']) expect(wait(name)?.tries).toBe(false);
    for (const pauseMs of MOTION_PAUSES_MS.slice(0, 3)) {
      await clock.advance(pauseMs - 1);
      expect(went).toEqual([]);
      await clock.advance(1);
      expect(went.splice(0)).toEqual(['first']);
      tries = wait('first', tries);
    }
    motion.arrived();
    expect(went.sort()).toEqual(['first', 'second', 'third']);
    await clock.advance(10_000);
    expect(went).toHaveLength(3);
  });

  it('is asked for by another one when the one that asked is gone', async () => {
    const { clock, went, wait } = setUp();
    wait('gone')?.end();
    await clock.advance(300);
    expect(wait('next')?.tries).toBe(true);
    await clock.advance(100);
    expect(went).toEqual(['next']);
  });

  it('lets go those that waited in vain, in time for their refusal', async () => {
    const { clock, went, wait } = setUp();
    wait('asks');
    wait('patient');
    wait('in a hurry', null, 400);
    await clock.advance(300);
    expect(went).toEqual(['asks', 'in a hurry']);
    await clock.advance(1_400);
    expect(went).toEqual(['asks', 'in a hurry', 'patient']);
  });

  it('that does not end is no motion: requests are told at once, until the owner has answered again', async () => {
    const { clock, motion, wait } = setUp();
    for (let ms = 0; ms <= MOTION_MS_MAX; ms += 500) {
      expect(wait(`at ${ms}`)).not.toBeNull();
      await clock.advance(500);
    }
    expect(wait('late')).toBeNull();
    motion.arrived();
    expect(wait('of the next')).not.toBeNull();
  });

  it('long after the last one is another one', async () => {
    const { clock, wait } = setUp();
    wait('then');
    await clock.advance(60_000);
    expect(wait('now')).not.toBeNull();
  });

  it('is not waited for by more requests than the cell could take when it arrives', () => {
    const { wait } = setUp();
    const waits = Array.from({ length: 1_000 }, (_, n) => wait(`${n}`)).filter((each) => each !== null);
    expect(waits).toHaveLength(256);
    waits[9]?.end();
    expect(wait('one more')).not.toBeNull();
  });

  it('is waited for so often by one request and no more, and not past the deadline', async () => {
    const { clock, wait } = setUp();
    expect(wait('late', null, 100)).toBeNull();
    let before: Wait | null = null;
    for (const pauseMs of MOTION_PAUSES_MS) {
      before = wait('again', before);
      await clock.advance(pauseMs);
    }
    expect(wait('again', before)).toBeNull();
  });
});
