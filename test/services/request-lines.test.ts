import { describe, expect, it } from '@jest/globals';
import { samplingDocument } from '../../core/documents/sampling-document.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { createCartApp } from '../../services/cart/app.ts';
import { LINES_PER_SECOND_MAX, type RequestLine, RequestLines } from '../../services/http/request-lines.ts';
import { MemoryRuntime } from '../doubles/memory-runtime.ts';

const SHARES = { failedShare: 1, slowShare: 1, slowMs: 500, otherShare: 0, degradedFactor: 10 };

function sampled(shares: Partial<typeof SHARES>): MemoryRuntime {
  const runtime = new MemoryRuntime({ clock: new FakeClock() });
  const edition = { type: samplingDocument.name, version: 3, checksum: 'x', by: 'ann', why: 'test', publishedAtMs: 0 };
  runtime.documents.take({ ...edition, body: { ...SHARES, ...shares } }, 'published');
  return runtime;
}

const ordinary: RequestLine = {
  ...{ operation: 'carts.get', tenant: 'acme', requestId: 'r-1', status: 200, code: null },
  ...{ failed: false, degraded: false, durationMs: 4 },
};
const failed: RequestLine = { ...ordinary, status: 503, code: 'OVERLOADED', failed: true };

function saidBy(runtime: MemoryRuntime): readonly Record<string, unknown>[] {
  return runtime.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the line of a request', () => {
  it('says who served it: cell, region, release, and the versions of all documents', () => {
    const runtime = sampled({});
    new RequestLines(runtime).ended(failed);
    expect(saidBy(runtime)).toEqual([
      expect.objectContaining({
        ...{ cell: 'c01', region: 'us-east-1', release: 'test', because: 'failed', status: 503, code: 'OVERLOADED' },
        ...{ operation: 'carts.get', tenant: 'acme', requestId: 'r-1', durationMs: 4 },
        documents: { limits: 0, sampling: 3, ranking: 0, modes: 0 },
      }),
    ]);
  });

  it('is drawn by the document: failed, slow and the rest have shares of their own', () => {
    const runtime = sampled({});
    const lines = new RequestLines(runtime);
    lines.ended(ordinary);
    lines.ended({ ...ordinary, durationMs: 501 });
    lines.ended(failed);
    expect(saidBy(runtime).map(({ because }) => because)).toEqual(['slow', 'failed']);
  });

  it('is written ten times as often for a degraded answer, when that is what the document says', async () => {
    const linesOf = async (degraded: boolean) => {
      const runtime = sampled({ otherShare: 0.01 });
      const lines = new RequestLines(runtime);
      for (let request = 0; request < 5_000; request++) {
        // One a second, so that the bound of lines has no part in it.
        await (runtime.clock as FakeClock).advance(1_000);
        lines.ended({ ...ordinary, degraded });
      }
      return runtime.lines.length;
    };
    expect(await linesOf(false)).toBeGreaterThan(20);
    expect(await linesOf(false)).toBeLessThan(100);
    expect(await linesOf(true)).toBeGreaterThan(350);
  });

  it('is left out beyond the bound of a second, and the next one says how many were', async () => {
    const runtime = sampled({});
    const lines = new RequestLines(runtime);
    for (let request = 0; request < LINES_PER_SECOND_MAX + 25; request++) lines.ended(failed);
    expect(runtime.lines).toHaveLength(LINES_PER_SECOND_MAX);
    await (runtime.clock as FakeClock).advance(1_000);
    lines.ended(failed);
    expect(saidBy(runtime).at(-1)).toMatchObject({ leftOut: 25 });
  });
});

describe('a service', () => {
  it('leaves a line for what it refused and for what it does not have, whatever the way out was', async () => {
    const runtime = sampled({ otherShare: 1 });
    const app = createCartApp(runtime);
    runtime.current = { state: 'standby', owner: null, epoch: null };
    const headers = { 'x-holdfast-tenant': 'acme', 'x-request-id': 'r-7' };
    await app.request('/carts/c-1', { headers });
    await app.request('/nowhere', { headers });
    const [read, nowhere] = saidBy(runtime);
    expect(read).toMatchObject({ tenant: 'acme', requestId: 'r-7', because: 'other' });
    expect(read?.operation).not.toBeNull();
    expect(nowhere).toMatchObject({ operation: null, status: 404, code: 'NOT_FOUND' });
  });
});
