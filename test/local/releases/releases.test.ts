/** Releases as files: built once, the same for the same sources, never changed, and not opened when somebody did. */
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../../core/fake-clock.ts';
import { buildRelease } from '../../../local/releases/build-release.ts';
import { digestOf, parseManifest } from '../../../local/releases/release-manifest.ts';
import { ReleaseShelf } from '../../../local/releases/release-shelf.ts';
import { BUNDLES, checkout, removeTempDirs, tempDir } from './release-samples.ts';

afterEach(removeTempDirs);

const clock = new FakeClock();
const newShelf = async () => new ReleaseShelf(join(await tempDir(), 'releases'));

describe('a release', () => {
  it('of the same sources is the same on two machines, whenever it is built', async () => {
    const first = await buildRelease({ rootDir: await checkout(), shelf: await newShelf(), clock });
    await clock.advance(60_000);
    const second = await buildRelease({ rootDir: await checkout(), shelf: await newShelf(), clock });
    expect([second.digest, second.name]).toEqual([first.digest, first.name]);
    expect(second.builtAt).not.toBe(first.builtAt);
    const listed = { ...BUNDLES, 'chunks/cell-A.js': 'export const word = "two";\n' };
    const other = await buildRelease({ rootDir: await checkout({ listed }), shelf: await newShelf(), clock });
    expect(other.digest).not.toBe(first.digest);
  });

  it('is what its digest says, in whatever order its files are listed', async () => {
    const { files, digest } = await buildRelease({ rootDir: await checkout(), shelf: await newShelf(), clock });
    expect(digestOf([...files].reverse())).toBe(digest);
  });

  it('that exists already is kept as it is; another one of its name is refused', async () => {
    const shelf = await newShelf();
    const rootDir = await checkout();
    const first = await buildRelease({ rootDir, shelf, clock, name: 'spring' });
    await clock.advance(60_000);
    expect(await buildRelease({ rootDir, shelf, clock, name: 'spring' })).toEqual(first);
    const listed = { ...BUNDLES, 'chunks/cell-A.js': 'changed' };
    await expect(
      buildRelease({ rootDir: await checkout({ listed }), shelf, clock, name: 'spring' }),
    ).rejects.toMatchObject({ code: 'RELEASE_EXISTS', effect: 'none' });
  });

  it('is not made of bundles that the build did not write, nor of some that need more than they hold', async () => {
    const rootDir = await checkout();
    await writeFile(join(rootDir, 'dist', 'chunks', 'cell-A.js'), 'half of another build');
    const shelf = await newShelf();
    await expect(buildRelease({ rootDir, shelf, clock })).rejects.toMatchObject({ code: 'RELEASE_DAMAGED' });
    expect(await shelf.list()).toEqual([]);
    const open = checkout({ external: ['node:http', 'left-pad'] });
    await expect(buildRelease({ rootDir: await open, shelf, clock })).rejects.toMatchObject({
      message: expect.stringContaining('left-pad'),
    });
  });

  it('carries a bill of the packages that are in it, and says again the same of the same release', async () => {
    const shelf = await newShelf();
    const { name, digest } = await buildRelease({ rootDir: await checkout(), shelf, clock });
    expect(await shelf.materials(name)).toEqual({
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      version: 1,
      metadata: { component: expect.objectContaining({ 'bom-ref': `holdfast-cell@${digest}` }) },
      components: [
        expect.objectContaining({
          purl: 'pkg:npm/%40smithy/core@3.41.0',
          licenses: [{ expression: '(MIT OR Apache-2.0)' }],
        }),
        expect.objectContaining({
          purl: 'pkg:npm/hono@4.13.19',
          licenses: [{ license: { id: 'MIT' } }],
          hashes: [{ alg: 'SHA-512', content: '686f6e6f' }],
        }),
      ],
    });
  });
});

describe('opening a release', () => {
  async function built() {
    const shelf = await newShelf();
    const { name } = await buildRelease({ rootDir: await checkout(), shelf, clock });
    return { shelf, name, chunk: join(shelf.dir, name, 'bundles', 'chunks', 'cell-A.js') };
  }

  it('finds the script of a cell, and the module type that Node needs beside it', async () => {
    const { shelf, name } = await built();
    const { cellScript, manifest } = await shelf.open(name);
    expect(await readFile(cellScript, 'utf8')).toBe(BUNDLES['local/hosts/cell-host.js']);
    expect(manifest.files.map(({ path }) => path)).toContain('package.json');
  });

  it.each([
    [
      'changed',
      async (chunk: string) => {
        await chmod(chunk, 0o644);
        await writeFile(chunk, 'evil');
      },
      /chunks\/cell-A.js is \w+, not \w+/,
    ],
    ['missing', (chunk: string) => rm(chunk), /chunks\/cell-A.js is missing/],
    ['added', (chunk: string) => writeFile(`${chunk}.more`, ''), /cell-A.js.more is not in the manifest/],
  ] as const)('refuses one with a file %s, and says which', async (_, harm, said) => {
    const { shelf, name, chunk } = await built();
    await harm(chunk);
    await expect(shelf.open(name)).rejects.toMatchObject({
      code: 'RELEASE_DAMAGED',
      message: expect.stringMatching(said),
    });
  });

  it('refuses a name that is a path, and says which names there are', async () => {
    const { shelf, name } = await built();
    await expect(shelf.open('../etc')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(shelf.open('nobody')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining(name),
    });
  });

  it('copies one whole to another shelf', async () => {
    const { shelf, name } = await built();
    const other = await newShelf();
    expect((await other.addFrom(shelf, name)).manifest).toEqual(await shelf.manifest(name));
  });
});

describe('parseManifest', () => {
  it.each([
    null,
    {},
    { format: 1, name: '../x' },
    { format: 1, name: 'x', files: [] },
    { format: 1, name: 'x', files: [{ path: '../../etc/passwd', bytes: 1, sha256: '0'.repeat(64) }] },
    { format: 1, name: 'x', files: [{ path: '/etc/passwd', bytes: 1, sha256: '0'.repeat(64) }] },
  ])('refuses %j', (value) => {
    expect(() => parseManifest(value)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });

  it('refuses a digest that is not that of its files', async () => {
    const shelf = await newShelf();
    const manifest = await buildRelease({ rootDir: await checkout(), shelf, clock });
    expect(parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
    expect(() => parseManifest({ ...manifest, digest: `sha256:${'0'.repeat(64)}` })).toThrow(/has the digest/);
  });
});
