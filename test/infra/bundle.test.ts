import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { stop } from 'esbuild';
import { encodeSnapshot } from '../../core/map-snapshot.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';
import { BUNDLE_BYTES_MAX, bundleFunctions } from '../../infra/bundle.ts';
import { EDGE_ENTRY, FUNCTIONS, functionSpec } from '../../infra/functions.ts';
import platform from '../../platform.config.ts';

/** A checkout in small: each entry is one line of its own. */
let rootDir = '';
const write = (path: string, text: string) => {
  mkdirSync(dirname(join(rootDir, path)), { recursive: true });
  writeFileSync(join(rootDir, path), text);
};
const bundled = (topology = platform) => bundleFunctions({ rootDir, topology });

beforeEach(() => {
  rootDir = mkdtempSync(join(tmpdir(), 'holdfast-bundle-'));
  for (const { name, entry } of FUNCTIONS) write(entry, `export const handler = async () => '${name}';\n`);
});
afterEach(() => rmSync(rootDir, { recursive: true, force: true }));
// Ends esbuild's own process, which outlives the test otherwise.
afterAll(() => stop());

describe('the bundles of the functions', () => {
  test('are one folder each, with a handler', async () => {
    const { functions } = await bundled();
    expect([...functions.keys()]).toEqual(FUNCTIONS.map(({ name }) => name));
    const code = readFileSync(join(functions.get('cart')?.dir ?? '', 'index.mjs'), 'utf8');
    expect(code).toMatch(/"cart"[\s\S]*export\{.* as handler\}/);
  });

  test('are the same release for the same source, and another one when any of them changes', async () => {
    const first = await bundled();
    expect((await bundled()).release).toBe(first.release);
    write(functionSpec('relay').entry, "export const handler = async () => 'another';\n");
    const second = await bundled();
    expect(second.release).not.toBe(first.release);
    expect(second.functions.get('cart')).toEqual(first.functions.get('cart'));
  });

  test('one cell more is no new release, but a new router: it carries the topology', async () => {
    const before = await bundled();
    const after = await bundled(defaultTopology({ cells: platform.cells.length + 1, base: platform }));
    expect(after.release).toBe(before.release);
    expect(after.functions.get('checkout')).toEqual(before.functions.get('checkout'));
    expect(after.functions.get('router')?.hash).not.toBe(before.functions.get('router')?.hash);
    const carried = JSON.parse(readFileSync(join(after.functions.get('router')?.dir ?? '', 'topology.json'), 'utf8'));
    expect(carried.cells).toHaveLength(platform.cells.length + 1);
    expect(carried).not.toHaveProperty('aws');
  });

  test('an entry that does not exist is named', async () => {
    rmSync(join(rootDir, functionSpec('publisher').entry));
    await expect(bundled()).rejects.toThrow(/Functions without code: control\/functions\/publisher\.ts\./);
  });

  test('a bundle that is too large is refused with its size', async () => {
    write(functionSpec('cart').entry, `export const handler = async () => '${'x'.repeat(BUNDLE_BYTES_MAX)}';\n`);
    await expect(bundled()).rejects.toThrow(/The bundle of cart has \d+ bytes; allowed: 250000/);
  });

  test('a published map goes along with the router, and with nobody else, for as long as there is one', async () => {
    const placement = { version: 1, buckets: 1, ranges: [], overrides: {} } as never;
    const snapshot = encodeSnapshot({ version: 7, writtenAtMs: 0, placement, ownership: [], addresses: [] });
    const [before, after] = [await bundled(), await bundleFunctions({ rootDir, topology: platform, snapshot })];
    const folder = after.functions.get('router')?.dir ?? '';
    expect(readFileSync(join(folder, 'map.json'), 'utf8')).toBe(snapshot);
    const changed = FUNCTIONS.filter(
      ({ name }) => before.functions.get(name)?.hash !== after.functions.get(name)?.hash,
    );
    expect(changed.map(({ name }) => name)).toEqual(['router']);
    expect(after.release).toBe(before.release);
    expect(await bundled()).toEqual(before);
    expect(existsSync(join(folder, 'map.json'))).toBe(false);
  });

  test.each([
    ['that was damaged on its way', (text: string) => text.replace('"version":7', '"version":8'), /Checksum/],
    ['that is none', () => '<html>', /Not a snapshot: "<html>"/],
  ])('a map %s is refused', async (_what, damage, reason) => {
    const placement = { version: 1, buckets: 1, ranges: [], overrides: {} } as never;
    const snapshot = encodeSnapshot({ version: 7, writtenAtMs: 0, placement, ownership: [], addresses: [] });
    await expect(bundleFunctions({ rootDir, topology: platform, snapshot: damage(snapshot) })).rejects.toThrow(reason);
  });

  test('the edge router is bundled when it is the entry, with a global handler and no export', async () => {
    expect((await bundled()).edge).toBeNull();
    write(
      EDGE_ENTRY,
      "import cf from 'cloudfront';\nexport function handler(event) { return cf.kvs() && event.request; }\n",
    );
    const { edge } = await bundled({ ...platform, aws: { ...platform.aws, entry: 'edge' } });
    expect(edge).toMatch(/^import cf from\s*["']cloudfront["'];.*function handler\(/s);
    expect(edge).not.toContain('export');
  });
});
