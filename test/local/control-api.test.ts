/** The control API over real HTTP, with a platform of the test's behind it: what goes in, and what the operator is told. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { PlatformError } from '../../core/errors.ts';
import { HttpPlatformControl } from '../../local/http-platform-control.ts';
import type { PlatformControl } from '../../local/platform-control.ts';
import { type ControlApi, serveControlApi } from '../../local/supervisor/control-api.ts';

let api: ControlApi | null = null;
afterEach(() => api?.close());

async function remoteOf(control: Partial<PlatformControl>): Promise<HttpPlatformControl> {
  api = await serveControlApi(control as PlatformControl, 's3cret');
  return new HttpPlatformControl({ url: api.url, secret: 's3cret' });
}

describe('an order to run a release', () => {
  it('arrives with the process, the release and the token of its rollout', async () => {
    const seen: unknown[] = [];
    const remote = await remoteOf({
      replace: async (name, order) => {
        seen.push([name, order]);
        return { name } as never;
      },
      settleRelease: async (order) => {
        seen.push(order);
      },
    });
    expect(await remote.replace('c01@us-east-1', { release: 'r1', token: 7 })).toEqual({ name: 'c01@us-east-1' });
    await remote.settleRelease({ release: 'r1' });
    expect(seen).toEqual([['c01@us-east-1', { release: 'r1', token: 7 }], { release: 'r1' }]);
  });

  it('that was not carried out says why, whatever it was: only the operator asks here', async () => {
    const message = 'c01@us-east-1 was not ready within 20000 ms and was taken down.';
    const remote = await remoteOf({
      replace: async () => {
        throw new PlatformError({ code: 'PROCESS_FAILED', kind: 'dependency', effect: 'none', message });
      },
    });
    await expect(remote.replace('c01@us-east-1', { release: 'r1' })).rejects.toMatchObject({
      ...{ code: 'PROCESS_FAILED', effect: 'none', message },
    });
  });

  it.each([{ release: '../../etc' }, { release: 'r1', token: -1 }, { release: 'r1', token: 1.5 }])(
    'is refused when it is none: %j',
    async (order) => {
      const remote = await remoteOf({ replace: () => Promise.reject(new Error('it must not come so far')) });
      await expect(remote.replace('c01@us-east-1', order)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    },
  );
});
