/** A cell on its way from one region to the other: requests wait for it, for a while, and none is carried out twice. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { CellMotion, MOTION_MS_MAX, MOTION_PAUSES_MS } from '../../router/core/motion.ts';
import { HOSTS } from './hosts.ts';
import { EAST, RouterUnderTest, WEST } from './router-under-test.ts';
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

describe('the motion of a cell', () => {
  const at = (nowMs: number, round = 0, remainingMs = 10_000) => ({ round, remainingMs, nowMs });

  it('is waited for longer each time, and not for ever', () => {
    const motion = new CellMotion();
    const pauses = MOTION_PAUSES_MS.map((_, round) => motion.pause(at(0, round)));
    expect(pauses).toEqual(MOTION_PAUSES_MS);
    expect(motion.pause(at(0, MOTION_PAUSES_MS.length))).toBeNull();
  });

  it('that does not end is no motion: requests are told at once, until the owner has answered again', () => {
    const motion = new CellMotion();
    for (let nowMs = 0; nowMs <= MOTION_MS_MAX; nowMs += 500) expect(motion.pause(at(nowMs))).not.toBeNull();
    expect(motion.pause(at(MOTION_MS_MAX + 1))).toBeNull();
    motion.arrived();
    expect(motion.pause(at(MOTION_MS_MAX + 2))).not.toBeNull();
  });

  it('long after the last one is another one', () => {
    const motion = new CellMotion();
    motion.pause(at(0));
    expect(motion.pause(at(60_000))).not.toBeNull();
  });

  it('is not waited for by more requests than the cell could take when it arrives', () => {
    const motion = new CellMotion();
    const waiting = Array.from({ length: 1_000 }, () => motion.pause(at(0))).filter((pause) => pause !== null);
    expect(waiting).toHaveLength(256);
    motion.resume();
    expect(motion.pause(at(0))).not.toBeNull();
  });

  it('is not waited for past the deadline', () => {
    expect(new CellMotion().pause(at(0, 0, 100))).toBeNull();
  });
});
