import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../core/fake-clock.ts';
import { Admission } from '../../resilience/admission.ts';

function door(limits: { concurrentRequestsMax?: number; tenantRequestsPerSecondMax?: number } = {}) {
  const clock = new FakeClock();
  const now = { concurrentRequestsMax: 100, tenantRequestsPerSecondMax: 1_000, ...limits };
  return { clock, now, admission: new Admission({ clock, limits: () => now }) };
}
const work = async () => 'done';
const REFUSED = { code: 'OVERLOADED', effect: 'none' };

describe('admission', () => {
  it('works on so many at once, refuses the next before it begins, and takes one more when one has ended, well or not', async () => {
    const { admission } = door({ concurrentRequestsMax: 1 });
    let fail: (error: Error) => void = () => undefined;
    const first = admission.run(
      'a',
      () =>
        new Promise((_, reject) => {
          fail = reject;
        }),
    );
    let began = false;
    await expect(
      admission.run('b', async () => {
        began = true;
      }),
    ).rejects.toMatchObject(REFUSED);
    expect([began, admission.status]).toEqual([false, { underWay: 1, refused: 1 }]);
    fail(new Error('it broke'));
    await expect(first).rejects.toThrow('it broke');
    await expect(admission.run('b', work)).resolves.toBe('done');
  });

  it('takes so many a second of one tenant and says when the next fits; others notice nothing', async () => {
    const { admission, clock } = door({ tenantRequestsPerSecondMax: 2 });
    await admission.run('loud', work);
    await admission.run('loud', work);
    await expect(admission.run('loud', work)).rejects.toMatchObject({ ...REFUSED, details: { retryAfterMs: 500 } });
    await expect(admission.run('quiet', work)).resolves.toBe('done');
    await clock.advance(500);
    await expect(admission.run('loud', work)).resolves.toBe('done');
    await expect(admission.run('loud', work)).rejects.toMatchObject(REFUSED);
  });

  it('obeys a limit that changes, for the very next request', async () => {
    const { admission, now, clock } = door({ tenantRequestsPerSecondMax: 1_000 });
    await admission.run('a', work);
    now.tenantRequestsPerSecondMax = 1;
    await admission.run('a', work);
    await expect(admission.run('a', work)).rejects.toMatchObject(REFUSED);
    now.tenantRequestsPerSecondMax = 1_000;
    await clock.advance(10);
    await expect(admission.run('a', work)).resolves.toBe('done');
  });

  it('forgets who came longest ago when there are too many, and lets them in', async () => {
    const { admission } = door({ tenantRequestsPerSecondMax: 1 });
    await admission.run('first', work);
    await expect(admission.run('first', work)).rejects.toMatchObject(REFUSED);
    for (let n = 0; n < 10_000; n++) await admission.run(`t${n}`, work);
    await expect(admission.run('first', work)).resolves.toBe('done');
    await expect(admission.run('t9999', work)).rejects.toMatchObject(REFUSED);
  });
});
