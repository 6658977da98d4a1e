/** A checkout as a build leaves it, small: a `dist/` with two bundles, their list, and a lock file. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ReleaseFile } from '../../../local/releases/release-manifest.ts';

const made: string[] = [];

export async function tempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'test-releases-'));
  made.push(dir);
  return dir;
}

export async function removeTempDirs(): Promise<void> {
  for (const dir of made.splice(0)) await rm(dir, { recursive: true, force: true });
}

export const BUNDLES: Readonly<Record<string, string>> = {
  'local/hosts/cell-host.js': 'import "../../chunks/cell-A.js";\n',
  'chunks/cell-A.js': 'export const word = "one";\n',
};

const LOCK = {
  packages: {
    'node_modules/hono': {
      version: '4.13.19',
      license: 'MIT',
      integrity: `sha512-${Buffer.from('hono').toString('base64')}`,
    },
    'node_modules/@smithy/core': { version: '3.41.0', license: '(MIT OR Apache-2.0)' },
  },
};

/** `listed` as the build wrote them down; `found` as they lie there. */
export async function checkout(
  of: { listed?: Record<string, string>; external?: readonly string[] } = {},
): Promise<string> {
  const root = await tempDir();
  const listed = of.listed ?? BUNDLES;
  for (const [path, text] of Object.entries(listed)) await put(join(root, 'dist', path), text);
  const built = {
    files: Object.entries(listed).map(([path, text]) => fileOf(path, text)),
    packages: ['node_modules/hono', 'node_modules/@smithy/core', '../elsewhere/node_modules/hono'],
    external: of.external ?? ['node:http'],
  };
  await put(join(root, 'dist', 'cell-bundles.json'), JSON.stringify(built));
  await put(join(root, 'package.json'), JSON.stringify({ name: 'holdfast', version: '0.1.0' }));
  await put(join(root, 'package-lock.json'), JSON.stringify(LOCK));
  return root;
}

function fileOf(path: string, text: string): ReleaseFile {
  return { path, bytes: text.length, sha256: createHash('sha256').update(text).digest('hex') };
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
