/**
 * The edge router as it is uploaded: built, run in a bare context with what runtime 2.0 gives it, and held against the
 * decision that every other host makes.
 */
import { join } from 'node:path';
import { createContext, Script } from 'node:vm';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { buildPlacement, type CellMap, rebalance, withOverride } from '../../core/cell-map.ts';
import { edgeEntries } from '../../core/edge-entries.ts';
import { PARTS } from '../../core/edge-lookup.ts';
import { isPlatformError } from '../../core/errors.ts';
import { epoch, tenantId } from '../../core/ids.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';
import { bundleEdgeRouter, EDGE_BYTES_MAX } from '../../infra/bundle-edge.ts';
import { cellSpecs, decide } from '../../router/core/decide.ts';
import { signToken } from './router-under-test.ts';

const ROOT = join(import.meta.dirname, '../..');
let code = '';
beforeAll(async () => {
  code = await bundleEdgeRouter(ROOT);
});

type Handler = (event: object) => Promise<object>;

/** The module as the service runs it: its own import resolved, `handler` a global, and nothing of Node but `Buffer`. */
function loaded(entries: ReadonlyMap<string, string>) {
  const chosen: string[] = [];
  let reads = 0;
  const cf = {
    kvs: () => ({
      get: async (key: string) => {
        reads += 1;
        const value = entries.get(key);
        if (value === undefined) throw new Error('KeyNotFound');
        return value;
      },
    }),
    selectRequestOriginById: (id: string) => {
      if (!/^router-(us-east-1|us-west-2)$/.test(id)) throw new Error('no such origin');
      chosen.push(id);
    },
  };
  const context = createContext({ cf, Buffer });
  new Script(code.replace(/^import cf from\s*['"]cloudfront['"];/, '')).runInContext(context);
  const handler = (context as { handler?: Handler }).handler as Handler;
  const run = async (authorization?: string) => {
    chosen.length = 0;
    reads = 0;
    const request = { headers: authorization === undefined ? {} : { authorization: { value: authorization } } };
    expect(await handler({ request })).toBe(request);
    return { origin: chosen[0] ?? null, reads };
  };
  return run;
}

const bearer = (tenant: unknown) => `Bearer h.${Buffer.from(JSON.stringify({ tenant })).toString('base64url')}.s`;

function world(cells: number) {
  const topology = defaultTopology({ cells });
  const specs = cellSpecs(topology);
  const pinned = tenantId('pinned');
  const first = buildPlacement(topology.cells.slice(0, Math.max(1, cells - 2)));
  const placement = withOverride(rebalance(first, topology.cells), {
    tenant: pinned,
    cell: topology.cells[0]?.id ?? null,
  });
  const ownership = new Map(
    topology.cells.flatMap((cell, at) =>
      at % 3 === 0 ? [[cell.id, { region: cell.standby, epoch: epoch(2) }] as const] : [],
    ),
  );
  const map: CellMap = { placement, ownership, source: 'control', confirmedAtMs: 0 };
  const decided = (name: string) => {
    const forward = decide({ tenant: tenantId(name), map, cells: specs });
    return isPlatformError(forward) ? null : `router-${forward.region}`;
  };
  return { entries: edgeEntries(map, topology.cells), decided, pinned };
}

describe('the edge router', () => {
  it('is small, and one import is all that it asks for', () => {
    expect(Buffer.byteLength(code)).toBeLessThanOrEqual(EDGE_BYTES_MAX);
    expect(code.match(/\bimport\b/g)).toHaveLength(1);
    expect(code).toMatch(/^import cf from\s*['"]cloudfront['"];/);
    expect(code).not.toMatch(/\bexport\b|\brequire\b/);
  });

  it.each([1, 3, 100])('chooses as every host decides, with %s cells, in two or three reads', async (cells) => {
    const { entries, decided, pinned } = world(cells);
    const run = loaded(entries);
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
    await fc.assert(
      fc.asyncProperty(fc.oneof(name, fc.constant(pinned)), async (tenant) => {
        const { origin, reads } = await run(bearer(tenant));
        expect(origin).toBe(decided(tenant));
        expect(reads).toBeLessThanOrEqual(3);
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads a real token', async () => {
    const { entries, decided } = world(3);
    expect((await loaded(entries)(`Bearer ${await signToken({ tenant: 'acme' })}`)).origin).toBe(decided('acme'));
  });

  it('leaves the default origin to whatever is no token, or has no tenant', async () => {
    const run = loaded(world(3).entries);
    const bad = [
      undefined,
      '',
      'Bearer',
      'Bearer a.b.c',
      'x'.repeat(5_000),
      bearer(''),
      bearer(7),
      bearer('../x'),
      bearer(null),
    ];
    for (const authorization of bad) expect(await run(authorization)).toEqual({ origin: null, reads: 0 });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        expect((await run(text)).origin).toBeNull();
      }),
    );
  });

  it('leaves the default origin to what the store does not have, or names no origin', async () => {
    expect((await loaded(new Map())(bearer('acme'))).origin).toBeNull();
    const elsewhere = new Map(
      [...world(3).entries].map(([key, value]) => [key, key.startsWith('c') ? 'eu-west-1' : value]),
    );
    expect((await loaded(elsewhere)(bearer('acme'))).origin).toBeNull();
  });
});

describe('its entries', () => {
  it('stay within what the store takes: 1 kB a value, and few keys whatever the placement', () => {
    const { entries } = world(1_000);
    expect([...entries.values()].every((value) => value.length <= 1_024)).toBe(true);
    expect(entries.size).toBe(PARTS + 1 + 1_000);
  });
});
