/** What the function lives on (snapshot and keys) and what it tells a probe. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { encodePlacement } from '../../core/cell-map.ts';
import { encodeSnapshot } from '../../core/map-snapshot.ts';
import type { ProbeReport } from '../../router/lambda/probe-errand.ts';
import type { UrlResult } from '../../router/lambda/url-event.ts';
import { closeAll, event, placement, read, serving, started } from './function-under-test.ts';
import { EAST, publicJwk } from './router-under-test.ts';

afterEach(closeAll);

describe('the snapshot', () => {
  it('is asked for once at the start and then not again within two seconds, and no request waits for it', async () => {
    let asked = 0;
    const { ask, parts } = await started({
      bucket: () => {
        asked += 1;
      },
    });
    expect((await ask()).json).toMatchObject({ code: 'NO_CELL_MAP', effect: 'none' });
    await ask();
    expect([asked, parts.snapshots.version]).toEqual([1, 0]);
  });

  it('is there again after a restart in the same environment, without the bucket', async () => {
    const { ask, parts, reopen } = await started();
    await ask();
    const again = reopen();
    expect(again.parts.snapshots.version).toBe(parts.snapshots.version);
    expect(again.parts.holder.map?.source).toBe('disk');
    expect((await again.ask()).statusCode).toBe(200);
    expect(read((await again.ask({ rawPath: '/_holdfast/status' })) as UrlResult).json).toMatchObject({ region: EAST });
  });

  it('that has no address of a cell makes it unreachable, with no effect', async () => {
    const { ask } = await started({
      bucket: (_request, response) =>
        response.end(
          encodeSnapshot({
            version: 1,
            writtenAtMs: 0,
            placement: encodePlacement(placement),
            ownership: [],
            addresses: [],
          }),
        ),
    });
    expect((await ask({ method: 'POST', body: '{}' })).json).toMatchObject({
      code: 'CELL_UNREACHABLE',
      effect: 'none',
    });
  });
});

describe('keys', () => {
  it('come from the issuer when there are none, and the first request waits for them', async () => {
    const url = await serving((_request, response) => response.end(JSON.stringify({ keys: [publicJwk] })));
    const { ask } = await started({ keys: { url } });
    expect((await ask()).statusCode).toBe(200);
  });
});

describe('a probe', () => {
  it('asks each cell as one of its tenants, and says where and how it was answered', async () => {
    const tenants = new Set<unknown>();
    const { handler } = await started({
      east: (request, response) => {
        tenants.add(request.headers['x-holdfast-tenant']);
        const cell = String(request.headers['x-holdfast-cell']);
        response.writeHead(cell === 'c01' ? 404 : 503, { 'x-cell': cell, 'x-region': EAST }).end();
      },
    });
    const context = { awsRequestId: 'q', getRemainingTimeInMillis: () => 30_000 };
    const report = (await handler({ holdfast: 'probe' }, context)) as ProbeReport;
    const byCell = [...report.cells].sort((a, b) => (a.cell < b.cell ? -1 : 1));
    expect(byCell).toMatchObject([
      { cell: 'c01', ok: true, region: EAST, release: 'r7', saw: '404' },
      { cell: 'c02', ok: false, region: EAST, saw: '503' },
    ]);
    expect(tenants.size).toBe(2);
  });

  it('can not be sent through the URL', async () => {
    const { handler } = await started();
    const context = { awsRequestId: 'q', getRemainingTimeInMillis: () => 30_000 };
    const result = await handler({ ...event({ headers: { authorization: '' } }), holdfast: 'probe' }, context);
    expect((result as UrlResult).statusCode).toBe(401);
  });
});
